using Canal.Core.Nodes;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;

namespace Canal.Felix.Nodes;

/// <summary>The tunnels of this host that need an address and have none.</summary>
internal static class WantedTunnels
{
    /// <summary>That of WireGuard only when the Node tells a key: a kernel without WireGuard has no use for it.</summary>
    public static IReadOnlyList<TunnelAddress> Of(NetworkSets network, WireGuardParameters wireGuard, Node? node)
    {
        if (node is null) return [];
        List<TunnelAddress> wanted = [];
        if (network.Vxlan4 && node.Ipv4VxlanTunnelAddress is null) wanted.Add(TunnelAddress.Vxlan);
        if (network.Vxlan6 && node.Ipv6VxlanTunnelAddress is null) wanted.Add(TunnelAddress.VxlanV6);
        if (network.Ipip && node.Bgp?.Ipv4IpipTunnelAddress is null) wanted.Add(TunnelAddress.Ipip);
        if (wireGuard.V4.IsEnabled && node.WireGuardPublicKey.Length > 0 && node.WireGuardIpv4Address is null) wanted.Add(TunnelAddress.WireGuard);
        if (wireGuard.V6.IsEnabled && node.WireGuardPublicKeyV6.Length > 0 && node.WireGuardIpv6Address is null) wanted.Add(TunnelAddress.WireGuardV6);
        return wanted;
    }
}
