using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>Links as RTM_*LINK messages: struct ifinfomsg and IFLA_* (linux/if_link.h).</summary>
internal static class LinkCodec
{
    /// <summary>The link, or null when the message is not about one: bridges report their ports under AF_BRIDGE, wireless drivers send scraps.</summary>
    internal static Link? Read(NetlinkMessage message)
    {
        ReadOnlySpan<byte> header = message.Payload;
        if (header.Length < IfInfoLength || header[0] != AF_UNSPEC) return null;
        Link link = new()
        {
            Name = "",
            Index = BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            Flags = (LinkFlags)BinaryPrimitives.ReadUInt32LittleEndian(header[8..]),
        };
        foreach (NetlinkAttribute attribute in message.Attributes(IfInfoLength))
        {
            switch (attribute.Type)
            {
                case IFLA_WIRELESS: return null;
                case IFLA_IFNAME: link = link with { Name = attribute.String }; break;
                case IFLA_MTU: link = link with { Mtu = attribute.UInt32 }; break;
                case IFLA_ADDRESS: link = link with { Mac = attribute.Mac }; break;
                case IFLA_MASTER: link = link with { Master = (int)attribute.UInt32 }; break;
                case IFLA_LINK: link = link with { Parent = (int)attribute.UInt32 }; break;
                case IFLA_LINK_NETNSID: link = link with { ParentNamespace = (int)attribute.UInt32 }; break;
                case IFLA_LINKINFO: link = ReadDetail(link, attribute.Nested); break;
            }
        }
        return link;
    }

    private static Link ReadDetail(Link link, NetlinkAttributes linkInfo)
    {
        string? kind = null;
        foreach (NetlinkAttribute attribute in linkInfo)
            if (attribute.Type == IFLA_INFO_KIND) kind = attribute.String;
        NetlinkAttributes data = new(linkInfo.Find(IFLA_INFO_DATA));
        LinkDetail? detail = kind switch
        {
            "vxlan" => ReadVxlan(data),
            "ipip" => ReadIpip(data),
            _ => null,
        };
        return link with { Kind = kind, Detail = detail };
    }

    private static VxlanDetail ReadVxlan(NetlinkAttributes data)
    {
        VxlanDetail vxlan = new(0, 0, null, 0, false);
        foreach (NetlinkAttribute attribute in data)
        {
            vxlan = attribute.Type switch
            {
                IFLA_VXLAN_ID => vxlan with { Vni = attribute.UInt32 },
                IFLA_VXLAN_PORT => vxlan with { Port = attribute.UInt16BigEndian },
                IFLA_VXLAN_LOCAL or IFLA_VXLAN_LOCAL6 => vxlan with { Local = attribute.Address },
                IFLA_VXLAN_LINK => vxlan with { Parent = (int)attribute.UInt32 },
                IFLA_VXLAN_LEARNING => vxlan with { Learning = attribute.Byte != 0 },
                IFLA_VXLAN_GBP => vxlan with { Gbp = true },
                _ => vxlan,
            };
        }
        return vxlan;
    }

    private static IpipDetail ReadIpip(NetlinkAttributes data)
    {
        IpipDetail ipip = new(null, null, 0);
        foreach (NetlinkAttribute attribute in data)
        {
            ipip = attribute.Type switch
            {
                IFLA_IPTUN_LOCAL => ipip with { Local = Given(attribute.Address) },
                IFLA_IPTUN_REMOTE => ipip with { Remote = Given(attribute.Address) },
                IFLA_IPTUN_LINK => ipip with { Parent = (int)attribute.UInt32 },
                _ => ipip,
            };
        }
        return ipip;
    }

    private static IpAddress? Given(IpAddress? address) => address is { High: 0, Low: 0 } ? null : address;

    internal static void WriteDump(NetlinkWriter writer)
    {
        writer.Header(IfInfoLength);
        // Statistics are most of a link's message and nobody here reads them.
        writer.UInt32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    }

    internal static void WriteAdd(NetlinkWriter writer, uint sequence, ushort flags, Link link)
    {
        int message = writer.BeginMessage(RTM_NEWLINK, flags, sequence);
        WriteHeader(writer, link.Index, (uint)link.Flags & (uint)LinkFlags.Up, (uint)link.Flags & (uint)LinkFlags.Up);
        writer.String(IFLA_IFNAME, link.Name);
        if (link.Mtu != 0) writer.UInt32(IFLA_MTU, link.Mtu);
        if (link.Mac is { } mac) writer.Mac(IFLA_ADDRESS, mac);
        if (link.Master != 0) writer.UInt32(IFLA_MASTER, (uint)link.Master);
        if (link.Parent != 0) writer.UInt32(IFLA_LINK, (uint)link.Parent);
        int linkInfo = writer.BeginNested(IFLA_LINKINFO);
        writer.String(IFLA_INFO_KIND, link.Kind ?? "");
        if (link.Detail is not null) WriteDetail(writer, link.Detail);
        writer.EndNested(linkInfo);
        writer.EndMessage(message);
    }

    private static void WriteDetail(NetlinkWriter writer, LinkDetail detail)
    {
        int data = writer.BeginNested(IFLA_INFO_DATA);
        switch (detail)
        {
            case VethDetail veth: WritePeer(writer, veth); break;
            case VxlanDetail vxlan: WriteVxlan(writer, vxlan); break;
            case IpipDetail ipip: WriteIpip(writer, ipip); break;
        }
        writer.EndNested(data);
    }

    private static void WritePeer(NetlinkWriter writer, VethDetail veth)
    {
        int peer = writer.BeginNested(VETH_INFO_PEER);
        writer.Header(IfInfoLength);
        writer.String(IFLA_IFNAME, veth.PeerName);
        if (veth.PeerMtu != 0) writer.UInt32(IFLA_MTU, veth.PeerMtu);
        if (veth.PeerMac is { } mac) writer.Mac(IFLA_ADDRESS, mac);
        if (veth.PeerNamespace is { } fd) writer.UInt32(IFLA_NET_NS_FD, (uint)fd);
        writer.EndNested(peer);
    }

    private static void WriteVxlan(NetlinkWriter writer, VxlanDetail vxlan)
    {
        writer.UInt32(IFLA_VXLAN_ID, vxlan.Vni);
        writer.UInt16BigEndian(IFLA_VXLAN_PORT, vxlan.Port);
        if (vxlan.Local is { } local) writer.Address(local.Family == IpFamily.V4 ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, local);
        if (vxlan.Parent != 0) writer.UInt32(IFLA_VXLAN_LINK, (uint)vxlan.Parent);
        writer.Byte(IFLA_VXLAN_LEARNING, vxlan.Learning ? (byte)1 : (byte)0);
        if (vxlan.Gbp) writer.Flag(IFLA_VXLAN_GBP);
    }

    private static void WriteIpip(NetlinkWriter writer, IpipDetail ipip)
    {
        if (ipip.Local is { } local) writer.Address(IFLA_IPTUN_LOCAL, local);
        if (ipip.Remote is { } remote) writer.Address(IFLA_IPTUN_REMOTE, remote);
        if (ipip.Parent != 0) writer.UInt32(IFLA_IPTUN_LINK, (uint)ipip.Parent);
    }

    internal static void WriteDelete(NetlinkWriter writer, uint sequence, Link link)
    {
        int message = writer.BeginMessage(RTM_DELLINK, NLM_F_REQUEST, sequence);
        WriteHeader(writer, link.Index, 0, 0);
        if (link.Index == 0) writer.String(IFLA_IFNAME, link.Name);
        writer.EndMessage(message);
    }

    internal static void WriteSettings(NetlinkWriter writer, uint sequence, LinkSettings settings)
    {
        int message = writer.BeginMessage(RTM_NEWLINK, NLM_F_REQUEST, sequence);
        WriteHeader(writer, settings.Index, settings.Up == true ? (uint)LinkFlags.Up : 0, settings.Up is null ? 0 : (uint)LinkFlags.Up);
        if (settings.Name is not null) writer.String(IFLA_IFNAME, settings.Name);
        if (settings.Mtu is { } mtu) writer.UInt32(IFLA_MTU, mtu);
        if (settings.Mac is { } mac) writer.Mac(IFLA_ADDRESS, mac);
        if (settings.Master is { } master) writer.UInt32(IFLA_MASTER, (uint)master);
        if (settings.Namespace is { } fd) writer.UInt32(IFLA_NET_NS_FD, (uint)fd);
        writer.EndMessage(message);
    }

    private static void WriteHeader(NetlinkWriter writer, int index, uint flags, uint change)
    {
        Span<byte> header = writer.Header(IfInfoLength);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], change);
    }
}
