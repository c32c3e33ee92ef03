using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Conntrack.ConntrackConstants;
using static Canal.Linux.Netlink.NetlinkConstants;

namespace Canal.Linux.Conntrack;

/// <summary>
/// The kernel's connection tracking by ctnetlink, in the network namespace of the thread that opened it. Needs CAP_NET_ADMIN and the kernel's
/// nf_conntrack_netlink, which loads by itself.
/// </summary>
public sealed class NetlinkConntrack : IConntrack, IDisposable
{
    /// <summary>Two dumps that the kernel filters for each address; beyond so many addresses one dump of everything costs less.</summary>
    private const int MostFiltered = 8;

    /// <summary>Likewise for a look, which comes more often: each dump goes through the whole table of all namespaces.</summary>
    private const int MostListed = 1;

    /// <summary>The answers to one datagram must fit the receive buffer.</summary>
    private const int BatchSize = 64;

    private readonly NetlinkSocket socket;
    private readonly byte[] received = new byte[64 * 1024];
    private readonly NetlinkBuffer request = new(256);
    private uint sequence;

    private NetlinkConntrack(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">The kernel refused the socket.</exception>
    public static NetlinkConntrack Open() => new(NetlinkSocket.Open(NETLINK_NETFILTER));

    public int Forget(IReadOnlyCollection<IpAddress> addresses)
    {
        int deleted = 0;
        foreach (byte[][] batch in Find(addresses, MostFiltered).Chunk(BatchSize)) deleted += Delete(batch);
        return deleted;
    }

    public IReadOnlyList<TrackedFlow> List(IReadOnlyCollection<IpAddress> addresses)
    {
        List<TrackedFlow> flows = [];
        HashSet<uint> seen = [];
        foreach (byte[] message in Find(addresses, MostListed))
            if (ConntrackCodec.ReadFlow(new NetlinkMessage(message)) is { } flow && (flow.Id == 0 || seen.Add(flow.Id))) flows.Add(flow with { Message = message });
        return flows;
    }

    public IReadOnlyList<TrackedFlow> Look(IReadOnlyCollection<IpAddress> addresses, int most)
    {
        List<TrackedFlow> flows = [];
        HashSet<uint> seen = [];
        // The whole answer is read in any case, or the kernel's next one would follow it.
        Find(addresses, MostListed, message =>
        {
            if (flows.Count < most && ConntrackCodec.ReadFlow(message) is { } flow && (flow.Id == 0 || seen.Add(flow.Id))) flows.Add(flow);
        });
        return flows;
    }

    public int Mark(IReadOnlyCollection<TrackedFlow> flows, uint value, uint mask)
    {
        int marked = 0;
        foreach (TrackedFlow[] batch in flows.Chunk(BatchSize))
            marked += Ask([.. batch.Select(flow => flow.Message)], "mark a connection", (writer, number, message) => ConntrackCodec.TryWriteMark(writer, number, message, value, mask));
        return marked;
    }

    private List<byte[]> Find(IReadOnlyCollection<IpAddress> addresses, int mostFiltered)
    {
        List<byte[]> found = [];
        Find(addresses, mostFiltered, message => found.Add(message.Bytes.ToArray()));
        return found;
    }

    private delegate void Found(NetlinkMessage message);

    private void Find(IReadOnlyCollection<IpAddress> addresses, int mostFiltered, Found found)
    {
        HashSet<IpAddress> wanted = [.. addresses];
        if (wanted.Count <= mostFiltered)
        {
            foreach (IpAddress address in wanted)
                foreach (ushort tuple in (ReadOnlySpan<ushort>)[CTA_TUPLE_ORIG, CTA_TUPLE_REPLY]) Find(address.Family, address, tuple, wanted, found);
        }
        else
        {
            foreach (IpFamily family in wanted.Select(address => address.Family).Distinct()) Find(family, null, CTA_TUPLE_ORIG, wanted, found);
        }
    }

    /// <summary>Gathers the messages about connections in which one of the wanted addresses sends. One may come twice: deleting it again is no error.</summary>
    private void Find(IpFamily family, IpAddress? source, ushort tuple, HashSet<IpAddress> wanted, Found found)
    {
        request.Clear();
        ConntrackCodec.WriteDump(new NetlinkWriter(request), ++sequence, family, source, tuple);
        Drain();
        socket.Send(request.Written);
        while (true)
        {
            NetlinkReader reader = Receive("list connections");
            while (reader.Next())
            {
                NetlinkMessage message = reader.Current;
                if (message.Sequence != sequence) continue;
                if (NetlinkError.TryRead(message, out NetlinkError refusal)) throw new NetlinkException("list connections", refusal.Errno, refusal.Message);
                if (message.Type == NLMSG_DONE) return;
                if (IsOf(wanted, message)) found(message);
            }
        }
    }

    private static bool IsOf(HashSet<IpAddress> wanted, NetlinkMessage message) =>
        (ConntrackCodec.Source(message, CTA_TUPLE_ORIG) is { } originator && wanted.Contains(originator))
        || (ConntrackCodec.Source(message, CTA_TUPLE_REPLY) is { } answerer && wanted.Contains(answerer));

    private int Delete(byte[][] batch) => Ask(batch, "delete a connection", ConntrackCodec.TryWriteDelete);

    private delegate bool TryWrite(NetlinkWriter writer, uint sequence, NetlinkMessage found);

    /// <summary>Asks something of each connection; returns how many were there.</summary>
    private int Ask(ReadOnlySpan<byte[]> batch, string what, TryWrite write)
    {
        request.Clear();
        uint first = unchecked(sequence + 1);
        int asked = 0, there = 0;
        foreach (byte[] message in batch)
            if (write(new NetlinkWriter(request), unchecked(sequence + 1), new NetlinkMessage(message))) (sequence, asked) = (sequence + 1, asked + 1);
        if (asked == 0) return 0;
        Drain();
        socket.Send(request.Written);
        while (asked > 0)
        {
            NetlinkReader reader = Receive(what);
            while (reader.Next())
            {
                if (!NetlinkError.TryRead(reader.Current, out NetlinkError answer) || unchecked(answer.Sequence - first) >= batch.Length) continue;
                asked--;
                if (answer.Errno == 0) there++;
                else if (answer.Errno != Errno.ENOENT) throw new NetlinkException(what, answer.Errno, answer.Message);
            }
        }
        return there;
    }

    /// <summary>What a failed earlier request left.</summary>
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

    private NetlinkReader Receive(string what)
    {
        int length = socket.Receive(received, wait: false);
        if (length == 0) throw new NetlinkException($"{what}: the kernel did not answer", Errno.ENODATA);
        return new NetlinkReader(received.AsSpan(0, length));
    }

    public void Dispose() => socket.Dispose();
}
