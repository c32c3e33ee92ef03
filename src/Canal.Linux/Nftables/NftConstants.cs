namespace Canal.Linux.Nftables;

/// <summary>linux/netfilter/nf_tables.h and nfnetlink.h; the names are the kernel's.</summary>
internal static class NftConstants
{
    internal const int NFNL_SUBSYS_NFTABLES = 10;
    internal const int NFNLGRP_NFTABLES = 7;
    internal const ushort NFNL_MSG_BATCH_BEGIN = 0x10;
    internal const ushort NFNL_MSG_BATCH_END = 0x11;
    internal const ushort NFNL_BATCH_GENID = 1;
    internal const byte NFPROTO_INET = 1;
    internal const byte NFPROTO_IPV4 = 2;
    internal const byte NFPROTO_IPV6 = 10;

    internal const int NFT_MSG_NEWTABLE = 0;
    internal const int NFT_MSG_GETTABLE = 1;
    internal const int NFT_MSG_DELTABLE = 2;
    internal const int NFT_MSG_NEWCHAIN = 3;
    internal const int NFT_MSG_GETCHAIN = 4;
    internal const int NFT_MSG_DELCHAIN = 5;
    internal const int NFT_MSG_NEWRULE = 6;
    internal const int NFT_MSG_GETRULE = 7;
    internal const int NFT_MSG_DELRULE = 8;
    internal const int NFT_MSG_NEWSET = 9;
    internal const int NFT_MSG_GETSET = 10;
    internal const int NFT_MSG_DELSET = 11;
    internal const int NFT_MSG_NEWSETELEM = 12;
    internal const int NFT_MSG_GETSETELEM = 13;
    internal const int NFT_MSG_DELSETELEM = 14;
    internal const int NFT_MSG_NEWGEN = 15;
    internal const int NFT_MSG_GETGEN = 16;

    /// <summary>Every table, chain, rule, set and element message names its table in attribute 1.</summary>
    internal const ushort NFTA_TABLE = 1;

    internal const ushort NFTA_LIST_ELEM = 1;

    internal const ushort NFTA_TABLE_FLAGS = 2;
    internal const ushort NFTA_TABLE_HANDLE = 4;
    internal const ushort NFTA_TABLE_OWNER = 7;

    internal const ushort NFTA_CHAIN_HANDLE = 2;
    internal const ushort NFTA_CHAIN_NAME = 3;
    internal const ushort NFTA_CHAIN_HOOK = 4;
    internal const ushort NFTA_CHAIN_POLICY = 5;
    internal const ushort NFTA_CHAIN_TYPE = 7;
    internal const ushort NFTA_CHAIN_USERDATA = 12;
    internal const ushort NFTA_HOOK_HOOKNUM = 1;
    internal const ushort NFTA_HOOK_PRIORITY = 2;

    internal const ushort NFTA_RULE_CHAIN = 2;
    internal const ushort NFTA_RULE_HANDLE = 3;
    internal const ushort NFTA_RULE_EXPRESSIONS = 4;
    internal const ushort NFTA_RULE_POSITION = 6;
    internal const ushort NFTA_RULE_USERDATA = 7;

    internal const ushort NFTA_EXPR_NAME = 1;
    internal const ushort NFTA_EXPR_DATA = 2;

    internal const ushort NFTA_SET_NAME = 2;
    internal const ushort NFTA_SET_FLAGS = 3;
    internal const ushort NFTA_SET_KEY_TYPE = 4;
    internal const ushort NFTA_SET_KEY_LEN = 5;
    internal const ushort NFTA_SET_DATA_TYPE = 6;
    internal const ushort NFTA_SET_DATA_LEN = 7;
    internal const ushort NFTA_SET_DESC = 9;
    internal const ushort NFTA_SET_ID = 10;
    internal const ushort NFTA_SET_USERDATA = 13;
    internal const ushort NFTA_SET_DESC_SIZE = 1;
    internal const uint NFT_DATA_VERDICT = 0xffffff00;

    internal const ushort NFTA_SET_ELEM_LIST_SET = 2;
    internal const ushort NFTA_SET_ELEM_LIST_ELEMENTS = 3;
    internal const ushort NFTA_SET_ELEM_LIST_SET_ID = 4;
    internal const ushort NFTA_SET_ELEM_KEY = 1;
    internal const ushort NFTA_SET_ELEM_DATA = 2;
    internal const ushort NFTA_SET_ELEM_FLAGS = 3;
    internal const uint NFT_SET_ELEM_INTERVAL_END = 1;

    internal const ushort NFTA_DATA_VALUE = 1;
    internal const ushort NFTA_DATA_VERDICT = 2;
    internal const ushort NFTA_VERDICT_CODE = 1;
    internal const ushort NFTA_VERDICT_CHAIN = 2;

    internal const ushort NFTA_GEN_ID = 1;
    internal const ushort NFTA_GEN_PROC_PID = 2;
    internal const ushort NFTA_GEN_PROC_NAME = 3;

    internal const ushort NFTA_META_DREG = 1;
    internal const ushort NFTA_META_KEY = 2;
    internal const ushort NFTA_META_SREG = 3;
    internal const uint NFT_META_MARK = 3;
    internal const uint NFT_META_IIFNAME = 6;
    internal const uint NFT_META_OIFNAME = 7;
    internal const uint NFT_META_NFPROTO = 15;
    internal const uint NFT_META_L4PROTO = 16;

    internal const ushort NFTA_CMP_SREG = 1;
    internal const ushort NFTA_CMP_OP = 2;
    internal const ushort NFTA_CMP_DATA = 3;
    internal const uint NFT_CMP_EQ = 0;
    internal const uint NFT_CMP_NEQ = 1;
    internal const uint NFT_CMP_LTE = 3;
    internal const uint NFT_CMP_GTE = 5;

    internal const ushort NFTA_RANGE_SREG = 1;
    internal const ushort NFTA_RANGE_OP = 2;
    internal const ushort NFTA_RANGE_FROM_DATA = 3;
    internal const ushort NFTA_RANGE_TO_DATA = 4;
    internal const uint NFT_RANGE_NEQ = 1;

    internal const ushort NFTA_PAYLOAD_DREG = 1;
    internal const ushort NFTA_PAYLOAD_BASE = 2;
    internal const ushort NFTA_PAYLOAD_OFFSET = 3;
    internal const ushort NFTA_PAYLOAD_LEN = 4;
    internal const ushort NFTA_PAYLOAD_SREG = 5;
    internal const ushort NFTA_PAYLOAD_CSUM_TYPE = 6;
    internal const ushort NFTA_PAYLOAD_CSUM_OFFSET = 7;
    internal const uint NFT_PAYLOAD_CSUM_NONE = 0;
    internal const uint NFT_PAYLOAD_CSUM_INET = 1;
    internal const uint NFT_PAYLOAD_NETWORK_HEADER = 1;
    internal const uint NFT_PAYLOAD_TRANSPORT_HEADER = 2;

    internal const ushort NFTA_BITWISE_SREG = 1;
    internal const ushort NFTA_BITWISE_DREG = 2;
    internal const ushort NFTA_BITWISE_LEN = 3;
    internal const ushort NFTA_BITWISE_MASK = 4;
    internal const ushort NFTA_BITWISE_XOR = 5;

    internal const ushort NFTA_LOOKUP_SET = 1;
    internal const ushort NFTA_LOOKUP_SREG = 2;
    internal const ushort NFTA_LOOKUP_DREG = 3;
    internal const ushort NFTA_LOOKUP_SET_ID = 4;
    internal const ushort NFTA_LOOKUP_FLAGS = 5;
    internal const uint NFT_LOOKUP_F_INV = 1;

    internal const ushort NFTA_IMMEDIATE_DREG = 1;
    internal const ushort NFTA_IMMEDIATE_DATA = 2;

    internal const ushort NFTA_COUNTER_BYTES = 1;
    internal const ushort NFTA_COUNTER_PACKETS = 2;

    internal const ushort NFTA_LIMIT_RATE = 1;
    internal const ushort NFTA_LIMIT_UNIT = 2;
    internal const ushort NFTA_LIMIT_BURST = 3;
    internal const ushort NFTA_LIMIT_TYPE = 4;
    internal const ushort NFTA_LIMIT_FLAGS = 5;
    internal const uint NFT_LIMIT_PKTS = 0;
    internal const uint NFT_LIMIT_F_INV = 1;

    internal const ushort NFTA_CONNLIMIT_COUNT = 1;
    internal const ushort NFTA_CONNLIMIT_FLAGS = 2;
    internal const uint NFT_CONNLIMIT_F_INV = 1;

    internal const ushort NFTA_LOG_GROUP = 1;
    internal const ushort NFTA_LOG_PREFIX = 2;
    internal const ushort NFTA_LOG_LEVEL = 5;

    internal const ushort NFTA_CT_DREG = 1;
    internal const ushort NFTA_CT_KEY = 2;
    internal const uint NFT_CT_STATE = 0;
    internal const uint NFT_CT_STATUS = 2;
    internal const uint NFT_CT_MARK = 3;
    internal const uint IPS_DST_NAT = 32;

    internal const ushort NFTA_FIB_DREG = 1;
    internal const ushort NFTA_FIB_RESULT = 2;
    internal const ushort NFTA_FIB_FLAGS = 3;
    internal const uint NFT_FIB_RESULT_OIF = 1;
    internal const uint NFT_FIB_RESULT_ADDRTYPE = 3;
    internal const uint NFTA_FIB_F_SADDR = 1;
    internal const uint NFTA_FIB_F_DADDR = 2;
    internal const uint NFTA_FIB_F_MARK = 4;
    internal const uint NFTA_FIB_F_IIF = 8;
    internal const uint NFTA_FIB_F_OIF = 16;
    internal const uint RTN_LOCAL = 2;

    internal const ushort NFTA_REJECT_TYPE = 1;
    internal const ushort NFTA_REJECT_ICMP_CODE = 2;

    internal const ushort NFTA_NAT_TYPE = 1;
    internal const ushort NFTA_NAT_FAMILY = 2;
    internal const ushort NFTA_NAT_REG_ADDR_MIN = 3;
    internal const ushort NFTA_NAT_REG_PROTO_MIN = 5;
    internal const ushort NFTA_NAT_REG_PROTO_MAX = 6;
    internal const ushort NFTA_NAT_FLAGS = 7;
    internal const ushort NFTA_MASQ_FLAGS = 1;
    internal const ushort NFTA_MASQ_REG_PROTO_MIN = 2;
    internal const ushort NFTA_MASQ_REG_PROTO_MAX = 3;
    internal const uint NF_NAT_RANGE_PROTO_SPECIFIED = 2;
    internal const uint NF_NAT_RANGE_PROTO_RANDOM_FULLY = 16;

    internal const int IFNAMSIZ = 16;

    /// <summary>NFT_NAME_MAXLEN less the NUL.</summary>
    internal const int MaxNameLength = 255;

    /// <summary>NFT_RULE_MAXEXPRS.</summary>
    internal const int MaxExpressions = 128;

    /// <summary>NF_LOG_PREFIXLEN less the NUL.</summary>
    internal const int MaxLogPrefixLength = 127;

    /// <summary>NFT_JUMP_STACK_SIZE: nested jumps that a packet can take.</summary>
    internal const int MaxJumpDepth = 16;
}
