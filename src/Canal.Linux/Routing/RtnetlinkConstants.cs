namespace Canal.Linux.Routing;

/// <summary>linux/rtnetlink.h, if_link.h, if_addr.h, neighbour.h, fib_rules.h, pkt_sched.h, pkt_cls.h, tc_act/tc_mirred.h.</summary>
internal static class RtnetlinkConstants
{
    internal const byte AF_UNSPEC = 0;
    internal const byte AF_INET = 2;
    internal const byte AF_BRIDGE = 7;
    internal const byte AF_INET6 = 10;

    internal const ushort RTM_NEWLINK = 16;
    internal const ushort RTM_DELLINK = 17;
    internal const ushort RTM_GETLINK = 18;
    internal const ushort RTM_NEWADDR = 20;
    internal const ushort RTM_DELADDR = 21;
    internal const ushort RTM_GETADDR = 22;
    internal const ushort RTM_NEWROUTE = 24;
    internal const ushort RTM_DELROUTE = 25;
    internal const ushort RTM_GETROUTE = 26;
    internal const ushort RTM_NEWNEIGH = 28;
    internal const ushort RTM_DELNEIGH = 29;
    internal const ushort RTM_GETNEIGH = 30;
    internal const ushort RTM_NEWRULE = 32;
    internal const ushort RTM_DELRULE = 33;
    internal const ushort RTM_GETRULE = 34;

    internal const ushort RTM_NEWQDISC = 36;
    internal const ushort RTM_DELQDISC = 37;
    internal const ushort RTM_GETQDISC = 38;
    internal const ushort RTM_NEWTFILTER = 44;
    internal const ushort RTM_DELTFILTER = 45;
    internal const ushort RTM_GETTFILTER = 46;

    internal const ushort RTM_NEWNETCONF = 80;
    internal const ushort RTM_DELNETCONF = 81;

    internal const int RTNLGRP_LINK = 1;
    internal const int RTNLGRP_NEIGH = 3;
    internal const int RTNLGRP_TC = 4;
    internal const int RTNLGRP_IPV4_IFADDR = 5;
    internal const int RTNLGRP_IPV4_ROUTE = 7;
    internal const int RTNLGRP_IPV4_RULE = 8;
    internal const int RTNLGRP_IPV6_IFADDR = 9;
    internal const int RTNLGRP_IPV6_ROUTE = 11;
    internal const int RTNLGRP_IPV6_RULE = 19;
    internal const int RTNLGRP_IPV4_NETCONF = 24;
    internal const int RTNLGRP_IPV6_NETCONF = 25;

    internal const int NetConfLength = 4;
    internal const ushort NETCONFA_IFINDEX = 1;

    internal const int IfInfoLength = 16;
    internal const ushort IFLA_ADDRESS = 1;
    internal const ushort IFLA_IFNAME = 3;
    internal const ushort IFLA_MTU = 4;
    internal const ushort IFLA_LINK = 5;
    internal const ushort IFLA_MASTER = 10;
    internal const ushort IFLA_WIRELESS = 11;
    internal const ushort IFLA_LINKINFO = 18;
    internal const ushort IFLA_NET_NS_FD = 28;
    internal const ushort IFLA_EXT_MASK = 29;
    internal const ushort IFLA_LINK_NETNSID = 37;
    internal const ushort IFLA_INFO_KIND = 1;
    internal const ushort IFLA_INFO_DATA = 2;
    internal const uint RTEXT_FILTER_SKIP_STATS = 8;
    internal const ushort VETH_INFO_PEER = 1;
    internal const ushort IFLA_VXLAN_ID = 1;
    internal const ushort IFLA_VXLAN_LINK = 3;
    internal const ushort IFLA_VXLAN_LOCAL = 4;
    internal const ushort IFLA_VXLAN_LEARNING = 7;
    internal const ushort IFLA_VXLAN_GBP = 23;
    internal const ushort IFLA_VXLAN_PORT = 15;
    internal const ushort IFLA_VXLAN_LOCAL6 = 17;
    internal const ushort IFLA_IPTUN_LINK = 1;
    internal const ushort IFLA_IPTUN_LOCAL = 2;
    internal const ushort IFLA_IPTUN_REMOTE = 3;

    internal const int IfAddrLength = 8;
    internal const ushort IFA_ADDRESS = 1;
    internal const ushort IFA_LOCAL = 2;
    internal const ushort IFA_FLAGS = 8;
    internal const uint IFA_F_TEMPORARY = 0x01;
    internal const uint IFA_F_NODAD = 0x02;
    internal const uint IFA_F_DEPRECATED = 0x20;
    internal const uint IFA_F_TENTATIVE = 0x40;
    internal const uint IFA_F_PERMANENT = 0x80;
    internal const uint IFA_F_NOPREFIXROUTE = 0x200;

    internal const int RtMsgLength = 12;
    internal const ushort RTA_DST = 1;
    internal const ushort RTA_OIF = 4;
    internal const ushort RTA_GATEWAY = 5;
    internal const ushort RTA_PRIORITY = 6;
    internal const ushort RTA_PREFSRC = 7;
    internal const ushort RTA_METRICS = 8;
    internal const ushort RTA_MULTIPATH = 9;
    internal const ushort RTA_TABLE = 15;
    internal const ushort RTA_VIA = 18;
    internal const ushort RTAX_MTU = 2;
    internal const uint RTM_F_CLONED = 0x200;
    internal const byte RTNH_F_ONLINK = 4;

    internal const int FibRuleLength = 12;
    internal const ushort FRA_DST = 1;
    internal const ushort FRA_SRC = 2;
    internal const ushort FRA_IIFNAME = 3;
    internal const ushort FRA_PRIORITY = 6;
    internal const ushort FRA_FWMARK = 10;
    internal const ushort FRA_SUPPRESS_PREFIXLEN = 14;
    internal const ushort FRA_TABLE = 15;
    internal const ushort FRA_FWMASK = 16;
    internal const ushort FRA_OIFNAME = 17;
    internal const ushort FRA_PROTOCOL = 21;
    internal const uint FIB_RULE_INVERT = 2;
    internal const byte FR_ACT_TO_TBL = 1;

    internal const int NdMsgLength = 12;
    internal const ushort NDA_DST = 1;
    internal const ushort NDA_LLADDR = 2;
    internal const ushort NDA_VLAN = 5;
    internal const byte NTF_SELF = 2;
    internal const byte NTF_MASTER = 4;
    internal const byte NTF_PROXY = 8;

    internal const int TcMsgLength = 20;
    internal const ushort TCA_KIND = 1;
    internal const ushort TCA_OPTIONS = 2;
    internal const int RateLength = 12;
    internal const int TbfLength = 36;
    internal const ushort TCA_TBF_PARMS = 1;
    internal const ushort TCA_TBF_RATE64 = 4;
    internal const ushort TCA_TBF_PRATE64 = 5;
    internal const byte TC_LINKLAYER_ETHERNET = 1;
    internal const int SelectorLength = 16;
    internal const int KeyLength = 16;
    internal const ushort TCA_U32_SEL = 5;
    internal const ushort TCA_U32_ACT = 7;
    internal const byte TC_U32_TERMINAL = 1;
    internal const ushort TCA_ACT_KIND = 1;
    internal const ushort TCA_ACT_OPTIONS = 2;
    internal const int MirredLength = 28;
    internal const ushort TCA_MIRRED_PARMS = 2;
    internal const uint TC_ACT_STOLEN = 4;
    internal const uint TCA_EGRESS_REDIR = 1;

    internal const int EPROTO = 71;
    internal const int EBADMSG = 74;
    internal const int EAFNOSUPPORT = 97;
}
