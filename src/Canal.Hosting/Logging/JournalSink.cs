using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>
/// Sends to journald's datagram socket, by address each time, so that a restarted journald is found again. The queue is short (net.unix.max_dgram_qlen: 10 by the
/// kernel, 512 under systemd), so a burst has to wait for journald: at most <see cref="Patience"/>, and after that not at all until a message gets through; then it costs the message. An
/// entry that is too large for a datagram goes as a sealed memfd.
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
    private readonly Socket _patient;
    private readonly Socket _impatient;
    private volatile bool _stalled;

    public JournalSink(string identifier, string socketPath)
        : this(identifier, socketPath, Patience)
    {
    }

    internal JournalSink(string identifier, string socketPath, TimeSpan patience)
    {
        _identifier = identifier;
        _address = new UnixDomainSocketEndPoint(socketPath).Serialize();
        _patient = NewSocket();
        _patient.SendTimeout = (int)patience.TotalMilliseconds;
        _impatient = NewSocket();
        _impatient.Blocking = false;
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromMilliseconds(100);

    public override void Dispose()
    {
        _patient.Dispose();
        _impatient.Dispose();
    }

    protected override bool TryWrite(LogEvent logEvent)
    {
        ArrayBufferWriter<byte> buffer = t_buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        JournalEntry.Write(buffer, logEvent, _identifier);
        try
        {
            return Send(buffer.WrittenSpan);
        }
        finally
        {
            if (buffer.Capacity > LargestKeptBytes)
                t_buffer = null;
        }
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendBufferSize = SendBufferBytes };

    private bool Send(ReadOnlySpan<byte> entry)
    {
        Socket socket = _stalled ? _impatient : _patient;
        try
        {
            bool sent = socket.SendTo(entry, SocketFlags.None, _address) == entry.Length;
            _stalled = false;
            return sent;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.MessageSize or SocketError.NoBufferSpaceAvailable)
        {
            return entry.Length <= LargestBytes && SealedMemory.TrySend(entry, socket.SafeHandle, _address.Buffer.Span[.._address.Size]);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            _stalled = true;
            return false;
        }
    }
}
