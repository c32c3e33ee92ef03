using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Linux.Conntrack.ConntrackConstants;
using static Canal.Linux.Netlink.NetlinkConstants;

namespace Canal.Linux.Conntrack;

/// <summary>ctnetlink messages. A tuple is one direction of a connection; to name it again it is copied as it came.</summary>
internal static class ConntrackCodec
{
    /// <summary>
    /// Asks for the connections of a family; where a source is given, for those in which it sends in the direction of the tuple. Kernels before 5.8 do not know
    /// the filter and answer with all of them: the reader looks again.
    /// </summary>
    internal static void WriteDump(NetlinkWriter writer, uint sequence, IpFamily family, IpAddress? source, ushort tuple)
    {
        int message = writer.BeginMessage(IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, sequence);
        writer.Header(NfGenMsgLength)[0] = AddressFamily.Number(family);
        if (source is { } address) WriteFilter(writer, address, tuple);
        writer.EndMessage(message);
    }

    private static void WriteFilter(NetlinkWriter writer, IpAddress source, ushort tuple)
    {
        int direction = writer.BeginNested(tuple);
        int ip = writer.BeginNested(CTA_TUPLE_IP);
        writer.Address(source.Family == IpFamily.V4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, source);
        writer.EndNested(ip);
        writer.EndNested(direction);
        int filter = writer.BeginNested(CTA_FILTER);
        writer.UInt32(CTA_FILTER_ORIG_FLAGS, tuple == CTA_TUPLE_ORIG ? CTA_FILTER_F_CTA_IP_SRC : 0);
        writer.UInt32(CTA_FILTER_REPLY_FLAGS, tuple == CTA_TUPLE_REPLY ? CTA_FILTER_F_CTA_IP_SRC : 0);
        writer.EndNested(filter);
    }

    /// <summary>The source address of one direction; null when the message does not tell.</summary>
    internal static IpAddress? Source(NetlinkMessage message, ushort tuple) => Address(new NetlinkAttributes(message.Attributes(NfGenMsgLength).Find(tuple)), CTA_IP_V4_SRC, CTA_IP_V6_SRC);

    /// <summary>What a message of a dump tells of a connection; null when it has not both its directions.</summary>
    internal static TrackedFlow? ReadFlow(NetlinkMessage message)
    {
        NetlinkAttributes attributes = message.Attributes(NfGenMsgLength);
        NetlinkAttributes original = new(attributes.Find(CTA_TUPLE_ORIG)), reply = new(attributes.Find(CTA_TUPLE_REPLY));
        if (Address(original, CTA_IP_V4_SRC, CTA_IP_V6_SRC) is not { } source || Address(original, CTA_IP_V4_DST, CTA_IP_V6_DST) is not { } sentTo
            || Address(reply, CTA_IP_V4_SRC, CTA_IP_V6_SRC) is not { } answerer || answerer.Family != source.Family) return null;
        NetlinkAttributes protocol = new(original.Find(CTA_TUPLE_PROTO)), answering = new(reply.Find(CTA_TUPLE_PROTO));
        bool v4 = source.Family == IpFamily.V4;
        Packet first = new(source, answerer, Byte(protocol, CTA_PROTO_NUM))
        {
            SourcePort = UInt16(protocol, CTA_PROTO_SRC_PORT),
            DestinationPort = UInt16(answering, CTA_PROTO_SRC_PORT),
            IcmpType = Byte(protocol, v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE),
            IcmpCode = Byte(protocol, v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE),
        };
        ReadOnlySpan<byte> mark = attributes.Find(CTA_MARK), id = attributes.Find(CTA_ID), status = attributes.Find(CTA_STATUS);
        NetlinkAttributes tcp = new(new NetlinkAttributes(attributes.Find(CTA_PROTOINFO)).Find(CTA_PROTOINFO_TCP));
        return new TrackedFlow(first, mark.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(mark), !attributes.Find(CTA_TUPLE_MASTER).IsEmpty)
        {
            SentTo = sentTo,
            Id = id.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(id),
            IsAnswered = status.Length >= 4 && (BinaryPrimitives.ReadUInt32BigEndian(status) & IPS_SEEN_REPLY) != 0,
            TcpState = tcp.Find(CTA_PROTOINFO_TCP_STATE) is { IsEmpty: false } state ? state[0] : null,
            Sent = Count(attributes.Find(CTA_COUNTERS_ORIG)),
            Answered = Count(attributes.Find(CTA_COUNTERS_REPLY)),
        };
    }

    private static TrackedCount? Count(ReadOnlySpan<byte> counters)
    {
        NetlinkAttributes attributes = new(counters);
        ReadOnlySpan<byte> packets = attributes.Find(CTA_COUNTERS_PACKETS), bytes = attributes.Find(CTA_COUNTERS_BYTES);
        return packets.Length < 8 || bytes.Length < 8 ? null : new TrackedCount(BinaryPrimitives.ReadInt64BigEndian(packets), BinaryPrimitives.ReadInt64BigEndian(bytes));
    }

    private static IpAddress? Address(NetlinkAttributes tuple, ushort v4, ushort v6)
    {
        NetlinkAttributes ip = new(tuple.Find(CTA_TUPLE_IP));
        ReadOnlySpan<byte> address = ip.Find(v4);
        if (address.IsEmpty) address = ip.Find(v6);
        return address.Length is 4 or 16 ? IpAddress.FromBytes(address) : null;
    }

    private static byte Byte(NetlinkAttributes attributes, ushort type) => attributes.Find(type) is { IsEmpty: false } value ? value[0] : (byte)0;

    private static ushort UInt16(NetlinkAttributes attributes, ushort type) => attributes.Find(type) is { Length: >= 2 } value ? BinaryPrimitives.ReadUInt16BigEndian(value) : (ushort)0;

    /// <summary>The request to set bits of the mark of the connection that a message of a dump is about. False, and nothing written, when it has no tuple.</summary>
    internal static bool TryWriteMark(NetlinkWriter writer, uint sequence, NetlinkMessage found, uint value, uint mask)
    {
        NetlinkAttributes attributes = found.Attributes(NfGenMsgLength);
        if (attributes.Find(CTA_TUPLE_ORIG).IsEmpty || found.Payload.Length < NfGenMsgLength) return false;
        // Without NLM_F_CREATE: a connection that has ended stays ended.
        int message = writer.BeginMessage(IPCTNL_MSG_CT_NEW, NLM_F_REQUEST | NLM_F_ACK, sequence);
        writer.Header(NfGenMsgLength)[0] = found.Payload[0];
        int tuple = writer.BeginNested(CTA_TUPLE_ORIG);
        writer.Raw(attributes.Find(CTA_TUPLE_ORIG));
        writer.EndNested(tuple);
        if (attributes.Find(CTA_ZONE) is { IsEmpty: false } zone) writer.Bytes(CTA_ZONE, zone);
        // The kernel takes the mask's bits away and flips those of the value.
        writer.UInt32BigEndian(CTA_MARK, value & mask);
        writer.UInt32BigEndian(CTA_MARK_MASK, mask);
        writer.EndMessage(message);
        return true;
    }

    /// <summary>
    /// The request to delete the connection that a message of a dump is about, and no other: by its tuple, zone and id. False, and nothing written, when it
    /// has no tuple: a deletion without one would delete every connection there is.
    /// </summary>
    internal static bool TryWriteDelete(NetlinkWriter writer, uint sequence, NetlinkMessage found)
    {
        NetlinkAttributes attributes = found.Attributes(NfGenMsgLength);
        if (attributes.Find(CTA_TUPLE_ORIG).IsEmpty || found.Payload.Length < NfGenMsgLength) return false;
        int message = writer.BeginMessage(IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, sequence);
        writer.Header(NfGenMsgLength)[0] = found.Payload[0];
        int tuple = writer.BeginNested(CTA_TUPLE_ORIG);
        writer.Raw(attributes.Find(CTA_TUPLE_ORIG));
        writer.EndNested(tuple);
        foreach (ushort type in (ReadOnlySpan<ushort>)[CTA_ZONE, CTA_ID])
            if (attributes.Find(type) is { IsEmpty: false } value) writer.Bytes(type, value);
        writer.EndMessage(message);
        return true;
    }
}
