using System.Buffers.Binary;
using Canal.Linux.Netlink;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>
/// A setting of an interface below /proc/sys/net changed (RTM_NEWNETCONF). Which one is not kept: whoever cares reads them. The kernel tells of forwarding,
/// rp_filter, proxy_arp and proxy_ndp, not of route_localnet, accept_ra and proxy_delay.
/// </summary>
public sealed record InterfaceSettings : KernelObject
{
    /// <summary>Index of the interface; negative for the settings of all or of those to come.</summary>
    public required int Interface { get; init; }

    public override string Print(LinkNames names) => $"settings dev {names[Interface]}";

    /// <summary>What struct netconfmsg and its attributes say; null without an interface.</summary>
    internal static InterfaceSettings? Read(NetlinkMessage message)
    {
        ReadOnlySpan<byte> index = message.Attributes(NetConfLength).Find(NETCONFA_IFINDEX);
        return index.Length < 4 ? null : new InterfaceSettings { Interface = BinaryPrimitives.ReadInt32LittleEndian(index) };
    }
}
