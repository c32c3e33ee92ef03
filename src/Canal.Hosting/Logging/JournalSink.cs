using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>
/// Sends to journald's datagram socket, by address each time, so that a restarted journald is found again. Never waits: a full queue (EAGAIN) or an absent journald costs the message. An entry
/// that is too large for a datagram goes as a sealed memfd.
/// </summary>
internal sealed class JournalSink : CountingSink
{
    public const string SocketPath = "/run/systemd/journal/socket";

    // As sd-journal asks for; the kernel caps it at net.core.wmem_max.
    private const int SendBufferBytes = 8 << 20;

    // One entry of more than this is a mistake; also bounds what a thread keeps.
    private const int LargestBytes = 32 << 20;
    private const int LargestKeptBytes = 64 << 10;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    private readonly string _identifier;
    private readonly SocketAddress _address;
    private readonly Socket _socket;

    public JournalSink(string identifier, string socketPath)
    {
        _identifier = identifier;
        _address = new UnixDomainSocketEndPoint(socketPath).Serialize();
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false, SendBufferSize = SendBufferBytes };
    }

    public override void Dispose() => _socket.Dispose();

    protected override bool TryWrite(LogEvent logEvent)
    {
        ArrayBufferWriter<byte> buffer = t_buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        JournalEntry.Write(buffer, logEvent, _identifier);
        bool sent = Send(buffer.WrittenSpan);
        if (buffer.Capacity > LargestKeptBytes)
            t_buffer = null;
        return sent;
    }

    private bool Send(ReadOnlySpan<byte> entry)
    {
        try
        {
            return _socket.SendTo(entry, SocketFlags.None, _address) == entry.Length;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.MessageSize or SocketError.NoBufferSpaceAvailable)
        {
            return entry.Length <= LargestBytes && SealedMemory.TrySend(entry, _socket.SafeHandle, _address.Buffer.Span[.._address.Size]);
        }
    }
}
