using System.Buffers.Binary;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>Requests and answers on one NETLINK_ROUTE or NETLINK_GENERIC socket. The kernel answers inside send and recv, so nothing here ever waits.</summary>
internal sealed class RtnetlinkConversation(NetlinkSocket socket) : IDisposable
{
    /// <summary>Makes an object of one message of a dump; null leaves the message out.</summary>
    internal delegate T? ReadMessage<T>(NetlinkMessage message);

    /// <summary>A dump that is interrupted more often than this is given up with EINTR.</summary>
    internal const int DumpAttempts = 32;

    // An answer takes up to 1,280 bytes of the receive buffer's account (212,992 by default): the refusals of a whole batch must fit it.
    private const int BatchSize = 128;

    // One page more than the kernel's largest dump message (32 KiB) would do; a link with many virtual functions has got more.
    private readonly byte[] received = new byte[64 * 1024];
    private readonly NetlinkBuffer request = new();
    private uint sequence;

    /// <summary>Dumps seen interrupted and read again; for tests.</summary>
    internal int Interruptions { get; private set; }

    internal uint PortId => socket.PortId;

    /// <summary>Starts a dump request; the caller writes the family header and filter, then calls <see cref="Dump"/>.</summary>
    internal NetlinkWriter BeginDump(ushort type)
    {
        request.Clear();
        NetlinkWriter writer = new(request);
        writer.BeginMessage(type, NLM_F_REQUEST | NLM_F_DUMP, 0);
        return writer;
    }

    /// <summary>Reads the dump into the list, again from the start while the kernel says that it changed meanwhile (NLM_F_DUMP_INTR).</summary>
    internal void Dump<T>(string what, List<T> into, ReadMessage<T> read) where T : class
    {
        new NetlinkWriter(request).EndMessage(0);
        int start = into.Count;
        for (int attempt = 0; attempt < DumpAttempts; attempt++)
        {
            if (TryDump(what, into, read)) return;
            into.RemoveRange(start, into.Count - start);
            Interruptions++;
        }
        throw new NetlinkException($"list {what}: changed while it was read, {DumpAttempts} times running", Errno.EINTR);
    }

    private bool TryDump<T>(string what, List<T> into, ReadMessage<T> read) where T : class
    {
        request.PatchUInt32(8, ++sequence);
        Drain();
        socket.Send(request.Written);
        bool consistent = true;
        while (true)
        {
            NetlinkReader reader = Receive($"list {what}");
            while (reader.Next())
            {
                NetlinkMessage message = reader.Current;
                if (message.Sequence != sequence) continue;
                consistent &= (message.Flags & NLM_F_DUMP_INTR) == 0;
                if (message.Type == NLMSG_DONE || NetlinkError.TryRead(message, out _))
                {
                    ThrowIfRefused(what, message);
                    return consistent;
                }
                if (consistent && read(message) is { } item) into.Add(item);
            }
            if (reader.IsMalformed) throw new NetlinkException($"list {what}: the kernel's answer is malformed", EBADMSG);
        }
    }

    /// <summary>A dump's end carries an errno too: what failed after its first part was sent.</summary>
    private static void ThrowIfRefused(string what, NetlinkMessage end)
    {
        if (NetlinkError.TryRead(end, out NetlinkError error))
        {
            if (error.Errno != 0) throw new NetlinkException($"list {what}", error.Errno, error.Message);
            return;
        }
        int errno = end.Payload.Length < 4 ? 0 : -BinaryPrimitives.ReadInt32LittleEndian(end.Payload);
        if (errno > 0) throw new NetlinkException($"list {what}", errno);
    }

    /// <summary>Starts a request that is not a dump; the caller writes the rest, then calls <see cref="Ask"/>.</summary>
    internal NetlinkWriter BeginRequest(ushort type)
    {
        request.Clear();
        NetlinkWriter writer = new(request);
        writer.BeginMessage(type, NLM_F_REQUEST | NLM_F_ACK, 0);
        return writer;
    }

    /// <summary>Sends it and takes the kernel's yes.</summary>
    internal void Ask(string what)
    {
        // XFRM tells others of a change with the sender that the request names, not with the socket's as rtnetlink does.
        request.PatchUInt32(12, socket.PortId);
        new NetlinkWriter(request).EndMessage(0);
        request.PatchUInt32(8, ++sequence);
        Drain();
        socket.Send(request.Written);
        while (true)
        {
            NetlinkReader reader = Receive(what);
            while (reader.Next())
            {
                if (reader.Current.Sequence != sequence || !NetlinkError.TryRead(reader.Current, out NetlinkError answer)) continue;
                if (answer.Errno != 0) throw new NetlinkException(what, answer.Errno, answer.Message);
                return;
            }
        }
    }

    /// <summary>Overwrites the last request, and what was received, where they may hold a secret.</summary>
    internal void Wipe()
    {
        request.At(0, request.Length).Clear();
        request.Clear();
        received.AsSpan().Clear();
    }

    /// <summary>Sends the changes in order, many to a datagram, and gathers what became of each.</summary>
    internal void Apply(ReadOnlySpan<KernelChange> changes, Span<ChangeResult> results, LinkNames names)
    {
        if (changes.Length != results.Length) throw new ArgumentException($"{changes.Length} changes need as many results, not {results.Length}", nameof(results));
        for (int start = 0; start < changes.Length; start += BatchSize)
        {
            int count = Math.Min(BatchSize, changes.Length - start);
            ApplyBatch(changes.Slice(start, count), results.Slice(start, count), names);
        }
    }

    private void ApplyBatch(ReadOnlySpan<KernelChange> changes, Span<ChangeResult> results, LinkNames names)
    {
        uint first = WriteBatch(changes);
        results.Clear();
        Drain();
        socket.Send(request.Written);
        while (true)
        {
            NetlinkReader reader = Receive($"apply {changes.Length} changes, the first to {changes[0].Print(names)}");
            while (reader.Next())
            {
                if (!NetlinkError.TryRead(reader.Current, out NetlinkError answer)) continue;
                uint index = unchecked(answer.Sequence - first);
                if (index >= changes.Length) continue;
                if (answer.Errno != 0) results[(int)index] = new ChangeResult(answer.Errno, changes[(int)index].Print(names), answer.Message);
                if (index == changes.Length - 1) return;
            }
        }
    }

    /// <summary>Only the last message asks for an acknowledgement: answers come in order, so it closes the batch.</summary>
    private uint WriteBatch(ReadOnlySpan<KernelChange> changes)
    {
        request.Clear();
        NetlinkWriter writer = new(request);
        uint first = unchecked(sequence + 1);
        int last = 0;
        foreach (KernelChange change in changes)
        {
            last = request.Length;
            ChangeCodec.Write(writer, ++sequence, change);
        }
        request.At(last + 6, 1)[0] |= (byte)NLM_F_ACK;
        return first;
    }

    /// <summary>What a failed earlier request left: its rest, a dump still running, or an overrun that has been told.</summary>
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

    private NetlinkReader Receive(string request)
    {
        int length = socket.Receive(received, wait: false);
        if (length == 0) throw new NetlinkException($"{request}: the kernel did not answer", EPROTO);
        return new NetlinkReader(received.AsSpan(0, length));
    }

    public void Dispose() => socket.Dispose();
}
