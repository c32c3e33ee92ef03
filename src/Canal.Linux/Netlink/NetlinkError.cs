using System.Buffers.Binary;
using static Canal.Linux.Netlink.NetlinkConstants;

namespace Canal.Linux.Netlink;

/// <summary>An NLMSG_ERROR: the answer to one request, good (0) or bad.</summary>
/// <param name="Errno">0 for an acknowledgement, else the positive error number.</param>
/// <param name="Sequence">Sequence number of the request.</param>
/// <param name="RequestType">Message type of the request.</param>
/// <param name="Message">The kernel's own sentence from the extended acknowledgement, or null.</param>
/// <param name="Offset">Offset of the offending attribute's header in the request, counted from its message header, or -1.</param>
public readonly record struct NetlinkError(int Errno, uint Sequence, ushort RequestType, string? Message, int Offset)
{
    /// <summary>Reads the message; false when it is not an NLMSG_ERROR. The socket must have CAP_ACK and EXT_ACK on.</summary>
    public static bool TryRead(NetlinkMessage message, out NetlinkError error)
    {
        error = default;
        ReadOnlySpan<byte> payload = message.Payload;
        if (message.Type != NLMSG_ERROR || payload.Length < 20) return false;
        string? text = null;
        int offset = -1;
        if ((message.Flags & NLM_F_ACK_TLVS) != 0)
        {
            // CAP_ACK: only the header of the request is echoed, unless the kernel could not cap it.
            int echoed = (message.Flags & NLM_F_CAPPED) != 0 ? 16 : (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]), (uint)payload.Length);
            foreach (NetlinkAttribute attribute in new NetlinkAttributes(payload[Math.Min(payload.Length, 4 + ((echoed + 3) & ~3))..]))
            {
                if (attribute.Type == NLMSGERR_ATTR_MSG) text = attribute.String;
                else if (attribute.Type == NLMSGERR_ATTR_OFFS) offset = (int)attribute.UInt32;
            }
        }
        int errno = -BinaryPrimitives.ReadInt32LittleEndian(payload);
        error = new NetlinkError(errno, BinaryPrimitives.ReadUInt32LittleEndian(payload[12..]),
            BinaryPrimitives.ReadUInt16LittleEndian(payload[8..]), text, offset);
        return true;
    }
}
