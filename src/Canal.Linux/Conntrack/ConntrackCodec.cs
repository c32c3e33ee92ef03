using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Linux.Conntrack.ConntrackConstants;
using static Canal.Linux.Netlink.NetlinkConstants;

namespace Canal.Linux.Conntrack;

/// <summary>ctnetlink messages. A tuple is one direction of a connection; it is only ever copied, never understood beyond its source address.</summary>
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
    internal static IpAddress? Source(NetlinkMessage message, ushort tuple)
    {
        NetlinkAttributes direction = new(message.Attributes(NfGenMsgLength).Find(tuple));
        NetlinkAttributes ip = new(direction.Find(CTA_TUPLE_IP));
        ReadOnlySpan<byte> source = ip.Find(CTA_IP_V4_SRC);
        if (source.IsEmpty) source = ip.Find(CTA_IP_V6_SRC);
        return source.Length is 4 or 16 ? IpAddress.FromBytes(source) : null;
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
