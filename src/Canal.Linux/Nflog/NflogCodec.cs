using System.Buffers.Binary;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nflog.NflogConstants;

namespace Canal.Linux.Nflog;

/// <summary>nfnetlink_log messages.</summary>
internal static class NflogCodec
{
    /// <summary>
    /// Asks for the packets of a group: their beginnings, several to a datagram, numbered, so that what was lost is known.
    /// </summary>
    /// <remarks>Of each packet <paramref name="copied"/> bytes; <paramref name="together"/> packets to a datagram at most, for which the kernel waits no longer than <paramref name="delay"/>.</remarks>
    internal static void WriteBind(NetlinkWriter writer, uint sequence, ushort group, uint copied, uint together, TimeSpan delay)
    {
        int message = Begin(writer, sequence, group);
        writer.Byte(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND);
        writer.EndMessage(message);
        message = Begin(writer, sequence, group);
        Span<byte> mode = writer.Attribute(NFULA_CFG_MODE, 6);
        BinaryPrimitives.WriteUInt32BigEndian(mode, copied);
        mode[4] = NFULNL_COPY_PACKET;
        writer.UInt32BigEndian(NFULA_CFG_TIMEOUT, (uint)(delay.TotalMilliseconds / 10));
        writer.UInt32BigEndian(NFULA_CFG_QTHRESH, together);
        writer.UInt16BigEndian(NFULA_CFG_FLAGS, NFULNL_CFG_F_SEQ);
        writer.EndMessage(message);
    }

    private static int Begin(NetlinkWriter writer, uint sequence, ushort group)
    {
        int message = writer.BeginMessage(NFULNL_MSG_CONFIG, NLM_F_REQUEST | NLM_F_ACK, sequence);
        BinaryPrimitives.WriteUInt16BigEndian(writer.Header(NfGenMsgLength)[2..], group);
        return message;
    }

    /// <summary>The packet that a message is about, and its number.</summary>
    internal static (NflogPacket Packet, uint Number) ReadPacket(NetlinkMessage message)
    {
        string prefix = "";
        int input = 0, output = 0;
        uint number = 0;
        PacketFlow flow = PacketFlow.Unknown;
        foreach (NetlinkAttribute attribute in message.Attributes(NfGenMsgLength))
        {
            switch (attribute.Type)
            {
                case NFULA_PREFIX: prefix = attribute.String; break;
                case NFULA_IFINDEX_INDEV: input = (int)attribute.UInt32BigEndian; break;
                case NFULA_IFINDEX_OUTDEV: output = (int)attribute.UInt32BigEndian; break;
                case NFULA_SEQ: number = attribute.UInt32BigEndian; break;
                case NFULA_PAYLOAD: flow = PacketFlow.Read(attribute.Payload); break;
            }
        }
        return (new NflogPacket(prefix, input, output, flow), number);
    }
}
