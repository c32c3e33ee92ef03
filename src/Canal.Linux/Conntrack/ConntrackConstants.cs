namespace Canal.Linux.Conntrack;

/// <summary>linux/netfilter/nfnetlink_conntrack.h, and the flags of CTA_FILTER.</summary>
internal static class ConntrackConstants
{
    /// <summary>NFNL_SUBSYS_CTNETLINK in the upper byte of the message type.</summary>
    internal const ushort IPCTNL_MSG_CT_NEW = 0x100;
    internal const ushort IPCTNL_MSG_CT_GET = 0x101;
    internal const ushort IPCTNL_MSG_CT_DELETE = 0x102;

    internal const int NfGenMsgLength = 4;

    internal const ushort CTA_TUPLE_ORIG = 1;
    internal const ushort CTA_TUPLE_REPLY = 2;
    internal const ushort CTA_STATUS = 3;
    internal const ushort CTA_PROTOINFO = 4;
    internal const ushort CTA_MARK = 8;
    internal const ushort CTA_COUNTERS_ORIG = 9;
    internal const ushort CTA_COUNTERS_REPLY = 10;
    internal const ushort CTA_ID = 12;
    internal const ushort CTA_TUPLE_MASTER = 14;
    internal const ushort CTA_ZONE = 18;
    internal const ushort CTA_MARK_MASK = 21;
    internal const ushort CTA_FILTER = 25;

    /// <summary>linux/netfilter/nf_conntrack_common.h: packets in both directions were seen.</summary>
    internal const uint IPS_SEEN_REPLY = 2;

    internal const ushort CTA_PROTOINFO_TCP = 1;
    internal const ushort CTA_PROTOINFO_TCP_STATE = 1;

    internal const ushort CTA_COUNTERS_PACKETS = 1;
    internal const ushort CTA_COUNTERS_BYTES = 2;

    internal const ushort CTA_TUPLE_IP = 1;
    internal const ushort CTA_TUPLE_PROTO = 2;

    internal const ushort CTA_IP_V4_SRC = 1;
    internal const ushort CTA_IP_V4_DST = 2;
    internal const ushort CTA_IP_V6_SRC = 3;
    internal const ushort CTA_IP_V6_DST = 4;

    internal const ushort CTA_PROTO_NUM = 1;
    internal const ushort CTA_PROTO_SRC_PORT = 2;
    internal const ushort CTA_PROTO_DST_PORT = 3;
    internal const ushort CTA_PROTO_ICMP_TYPE = 5;
    internal const ushort CTA_PROTO_ICMP_CODE = 6;
    internal const ushort CTA_PROTO_ICMPV6_TYPE = 8;
    internal const ushort CTA_PROTO_ICMPV6_CODE = 9;

    internal const ushort CTA_FILTER_ORIG_FLAGS = 1;
    internal const ushort CTA_FILTER_REPLY_FLAGS = 2;

    /// <summary>Of a tuple only the source address counts.</summary>
    internal const uint CTA_FILTER_F_CTA_IP_SRC = 1;
}
