namespace Canal.Linux.Nflog;

/// <summary>linux/netfilter/nfnetlink_log.h.</summary>
internal static class NflogConstants
{
    /// <summary>NFNL_SUBSYS_ULOG in the upper byte of the message type.</summary>
    internal const ushort NFULNL_MSG_PACKET = 0x400;
    internal const ushort NFULNL_MSG_CONFIG = 0x401;

    internal const int NfGenMsgLength = 4;

    internal const ushort NFULA_PACKET_HDR = 1;
    internal const ushort NFULA_IFINDEX_INDEV = 4;
    internal const ushort NFULA_IFINDEX_OUTDEV = 5;
    internal const ushort NFULA_PAYLOAD = 9;
    internal const ushort NFULA_PREFIX = 10;
    internal const ushort NFULA_SEQ = 12;

    internal const ushort NFULA_CFG_CMD = 1;
    internal const ushort NFULA_CFG_MODE = 2;
    internal const ushort NFULA_CFG_TIMEOUT = 4;
    internal const ushort NFULA_CFG_QTHRESH = 5;
    internal const ushort NFULA_CFG_FLAGS = 6;

    internal const byte NFULNL_CFG_CMD_BIND = 1;
    internal const byte NFULNL_COPY_PACKET = 2;
    internal const ushort NFULNL_CFG_F_SEQ = 1;
}
