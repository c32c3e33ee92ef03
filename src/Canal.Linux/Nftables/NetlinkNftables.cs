using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;

namespace Canal.Linux.Nftables;

/// <summary>
/// The kernel's nf_tables, by one netlink socket of the network namespace of the thread that opened it. The socket is also the owner of tables that are
/// added with <see cref="NftTableFlags.Owner"/>: then every change must go through it. Needs CAP_NET_ADMIN.
/// </summary>
public sealed partial class NetlinkNftables : INftables, IDisposable
{
    /// <summary>The kernel builds dumps in pieces of up to 32 KiB and cuts them silently to what is received.</summary>
    private const int ReceiveLength = 256 * 1024;

    private const int FirstSendBuffer = 1 << 20;
    private const int LargestSendBuffer = (1 << 30) - 1;

    /// <summary>Room for some thousand errors of one batch: every message is tried, and every failing one answers.</summary>
    private const int ReceiveBuffer = 4 << 20;

    /// <summary>Kernels before 6.10 do not heed the flag that asks for it: there a batch that nobody complains of is committed.</summary>
    private static readonly bool EndIsAcknowledged = OperatingSystem.IsOSPlatformVersionAtLeast("Linux", 6, 10);

    private readonly NetlinkSocket socket;
    private readonly byte[] received = new byte[ReceiveLength];
    private readonly NetlinkBuffer request = new(256);
    private int sendBuffer;

    private NetlinkNftables(NetlinkSocket socket) => this.socket = socket;

    /// <summary>The number that changes made here carry in the kernel's events.</summary>
    public uint PortId => socket.PortId;

    /// <summary>Opens the socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NetlinkNftables Open()
    {
        NetlinkSocket socket = NetlinkSocket.Open(NETLINK_NETFILTER);
        socket.SetReceiveBuffer(ReceiveBuffer);
        return new NetlinkNftables(socket);
    }

    /// <summary>Sets how long an answer is waited for; for ever without it.</summary>
    public void SetTimeout(TimeSpan timeout) => socket.SetReceiveTimeout(timeout);

    public void Dispose() => socket.Dispose();

    public void Commit(NftTransaction transaction)
    {
        if (transaction.IsEmpty) return;
        ReadOnlySpan<byte> batch = transaction.Batch();
        GrowSendBuffer(batch.Length);
        Drain();
        Send(batch, transaction.Table);
        CommitAnswer answer = ReceiveAnswer(transaction.EndSequence);
        if (answer.Error is { } error) throw new NftException(NftErrorText.Describe(transaction, error), error.Errno, faults: NftFaults.Of(transaction, answer.Errors!));
        if (!answer.Acknowledged && (answer.Overrun || EndIsAcknowledged)) throw OutcomeUnknown(transaction, answer.Overrun);
    }

    /// <summary>What came back: the first error, and whether the END was acknowledged, which proves the commit where the kernel acknowledges it.</summary>
    private record struct CommitAnswer(NetlinkError? Error, bool Acknowledged, bool Overrun)
    {
        /// <summary>All errors, by the number of their message.</summary>
        internal Dictionary<uint, NetlinkError>? Errors { get; private set; }

        internal void Note(NetlinkError error)
        {
            Error ??= error;
            (Errors ??= []).TryAdd(error.Sequence, error);
        }
    }

    /// <summary>The kernel has queued everything when send returns, so an empty queue is the end of the answer.</summary>
    private CommitAnswer ReceiveAnswer(uint endSequence)
    {
        CommitAnswer answer = default;
        while (true)
        {
            int length;
            try
            {
                length = socket.Receive(received, wait: false);
            }
            catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
            {
                // Later answers were dropped; those before them are still queued.
                answer.Overrun = true;
                continue;
            }
            catch (NetlinkException e)
            {
                throw new NftException($"the answer to a commit: {e.Message}: the outcome is unknown", e.Errno, outcomeUnknown: true);
            }
            if (length == 0) return answer;
            NetlinkReader reader = new(received.AsSpan(0, length));
            while (reader.Next())
            {
                if (!NetlinkError.TryRead(reader.Current, out NetlinkError error)) continue;
                if (error.Errno != 0) answer.Note(error);
                else if (error.Sequence == endSequence) answer.Acknowledged = true;
            }
        }
    }

    /// <summary>Throws away what an earlier request that failed midway may have left: its sequence numbers are the same as ours.</summary>
    private void Drain()
    {
        while (true)
        {
            try
            {
                if (socket.Receive(received, wait: false) == 0) return;
            }
            catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
            {
            }
        }
    }

    private void Send(ReadOnlySpan<byte> datagram, string? table)
    {
        try
        {
            socket.Send(datagram);
        }
        catch (NetlinkException e)
        {
            throw new NftException($"table {table}: {e.Message}", e.Errno);
        }
    }

    /// <summary>A batch is one datagram, which must fit the socket's send buffer; the kernel doubles what it is told.</summary>
    private void GrowSendBuffer(int length)
    {
        if (length < sendBuffer) return;
        int size = Math.Max(FirstSendBuffer, sendBuffer);
        while (size <= length && size < LargestSendBuffer) size = (int)Math.Min(size * 2L, LargestSendBuffer);
        socket.SetSendBuffer(size);
        sendBuffer = size;
    }

    private static NftException OutcomeUnknown(NftTransaction transaction, bool overrun) => new(
        $"commit {transaction.Count} messages to table {transaction.Table}: the kernel's answer {(overrun ? "was lost" : "did not come")}, "
        + "the outcome is unknown",
        overrun ? Errno.ENOBUFS : 0, outcomeUnknown: true);
}
