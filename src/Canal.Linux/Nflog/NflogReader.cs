using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nflog.NflogConstants;

namespace Canal.Linux.Nflog;

/// <summary>
/// Reads what rules log to a group of nfnetlink_log, in the network namespace of the thread that opened it. A group has one reader in a namespace. A slow
/// reader holds nobody up: the kernel drops what the socket has no room for. One reader at a time.
/// </summary>
public sealed class NflogReader : IDisposable
{
    /// <summary>Both IP headers, extension headers, and the ports behind them.</summary>
    private const uint CopiedBytes = 96;
    private const uint MostTogether = 64;

    private readonly NetlinkSocket socket;
    private readonly byte[] received = new byte[64 * 1024];
    private uint expected;
    private bool begun;

    private NflogReader(NetlinkSocket socket) => this.socket = socket;

    /// <summary>Packets that were logged and did not arrive, since the start.</summary>
    public long Lost { get; private set; }

    /// <summary>Begins to read a group.</summary>
    /// <param name="group">As the rules name it.</param>
    /// <param name="delay">How long the kernel may wait for more packets to tell of together.</param>
    /// <exception cref="NetlinkException">EBUSY: another program reads the group; EOPNOTSUPP: the kernel has no nfnetlink_log.</exception>
    public static NflogReader Open(ushort group, TimeSpan delay)
    {
        NetlinkSocket socket = NetlinkSocket.Open(NETLINK_NETFILTER);
        try
        {
            socket.SetReceiveBuffer(1 << 20);
            Bind(socket, group, delay);
            return new NflogReader(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for packets and adds them.</summary>
    public async ValueTask ReceiveAsync(List<NflogPacket> packets, CancellationToken stop)
    {
        try
        {
            int length = await socket.ReceiveAsync(received, stop).ConfigureAwait(false);
            Read(received.AsSpan(0, length), packets);
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
        {
            // How many were lost is told by the number of the next.
        }
    }

    public void Dispose() => socket.Dispose();

    private static void Bind(NetlinkSocket socket, ushort group, TimeSpan delay)
    {
        NetlinkBuffer request = new(128);
        NflogCodec.WriteBind(new NetlinkWriter(request), 1, group, CopiedBytes, MostTogether, delay);
        socket.Send(request.Written);
        byte[] answer = new byte[4096];
        for (int left = 2; left > 0;)
        {
            int length = socket.Receive(answer, wait: false);
            if (length == 0) throw new NetlinkException($"read log group {group}: the kernel did not answer", Errno.ENODATA);
            NetlinkReader reader = new(answer.AsSpan(0, length));
            while (reader.Next())
            {
                if (!NetlinkError.TryRead(reader.Current, out NetlinkError told)) continue;
                if (told.Errno != 0) throw new NetlinkException($"read log group {group}", told.Errno, told.Message);
                left--;
            }
        }
    }

    private void Read(ReadOnlySpan<byte> datagram, List<NflogPacket> packets)
    {
        NetlinkReader reader = new(datagram);
        while (reader.Next())
        {
            if (reader.Current.Type != NFULNL_MSG_PACKET) continue;
            (NflogPacket packet, uint number) = NflogCodec.ReadPacket(reader.Current);
            if (begun) Lost += unchecked(number - expected);
            (begun, expected) = (true, unchecked(number + 1));
            packets.Add(packet);
        }
    }
}
