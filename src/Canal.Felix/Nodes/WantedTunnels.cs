using Canal.Core.Nodes;
using Canal.Core.Overlay;
using Canal.Core.Resources;

namespace Canal.Felix.Nodes;

/// <summary>The tunnels of this host that need an address and have none.</summary>
internal static class WantedTunnels
{
    public static IReadOnlyList<TunnelAddress> Of(NetworkSets network, Node? node)
    {
        if (node is null) return [];
        List<TunnelAddress> wanted = [];
        if (network.Vxlan4 && node.Ipv4VxlanTunnelAddress is null) wanted.Add(TunnelAddress.Vxlan);
        if (network.Vxlan6 && node.Ipv6VxlanTunnelAddress is null) wanted.Add(TunnelAddress.VxlanV6);
        if (network.Ipip && node.Bgp?.Ipv4IpipTunnelAddress is null) wanted.Add(TunnelAddress.Ipip);
        return wanted;
    }
}
