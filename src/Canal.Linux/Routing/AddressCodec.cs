using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>Interface addresses as RTM_*ADDR messages: struct ifaddrmsg and IFA_* (linux/if_addr.h).</summary>
internal static class AddressCodec
{
    /// <summary>The address, or null when the message is of another family or lacks it.</summary>
    internal static InterfaceAddress? Read(NetlinkMessage message)
    {
        ReadOnlySpan<byte> header = message.Payload;
        if (header.Length < IfAddrLength || AddressFamily.Read(header[0]) is not { } family || header[1] > family.Bits) return null;
        IpAddress? address = null, local = null;
        uint flags = header[2];
        foreach (NetlinkAttribute attribute in message.Attributes(IfAddrLength))
        {
            switch (attribute.Type)
            {
                case IFA_ADDRESS: address = attribute.Address; break;
                case IFA_LOCAL: local = attribute.Address; break;
                case IFA_FLAGS: flags = attribute.UInt32; break;
            }
        }
        if ((local ?? address) is not { } own) return null;
        return new InterfaceAddress
        {
            Interface = BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            Address = own,
            PrefixLength = header[1],
            // Without a peer the kernel repeats the address (IPv4) or leaves IFA_LOCAL out (IPv6).
            Peer = address == own ? null : address,
            Scope = (RouteScope)header[3],
            IsTentative = (flags & IFA_F_TENTATIVE) != 0,
            IsDynamic = (flags & IFA_F_PERMANENT) == 0,
            IsTemporary = family == IpFamily.V6 && (flags & IFA_F_TEMPORARY) != 0,
            IsDeprecated = (flags & IFA_F_DEPRECATED) != 0,
            NoDad = family == IpFamily.V6 && (flags & IFA_F_NODAD) != 0,
            NoPrefixRoute = (flags & IFA_F_NOPREFIXROUTE) != 0,
        };
    }

    internal static void WriteDump(NetlinkWriter writer, IpFamily family) => writer.Header(IfAddrLength)[0] = AddressFamily.Number(family);

    internal static void Write(NetlinkWriter writer, uint sequence, ushort type, ushort flags, InterfaceAddress address)
    {
        int message = writer.BeginMessage(type, flags, sequence);
        uint addressFlags = (address.NoDad ? IFA_F_NODAD : 0) | (address.NoPrefixRoute ? IFA_F_NOPREFIXROUTE : 0);
        Span<byte> header = writer.Header(IfAddrLength);
        header[0] = AddressFamily.Number(address.Address.Family);
        header[1] = address.PrefixLength;
        header[2] = (byte)addressFlags;
        header[3] = (byte)address.Scope;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], address.Interface);
        writer.Address(IFA_LOCAL, address.Address);
        writer.Address(IFA_ADDRESS, address.Peer ?? address.Address);
        if (addressFlags != 0) writer.UInt32(IFA_FLAGS, addressFlags);
        writer.EndMessage(message);
    }
}
