using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Nodes;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;

namespace Canal.Felix.Nodes;

/// <summary>A tunnel of this host, and the address that the Node has for it.</summary>
internal readonly record struct WantedTunnel(TunnelAddress Tunnel, TunnelDemand Demand, IpAddress? Address);

/// <summary>What decides of the addresses of this host's tunnels. Compares by value: while it is the same there is nothing to look at.</summary>
/// <param name="Tunnels">Each kind of tunnel.</param>
/// <param name="PoolsVersion">Another number after each change of any pool.</param>
/// <param name="Labels">The node's, which pools select.</param>
internal sealed record WantedTunnels(EquatableArray<WantedTunnel> Tunnels, int PoolsVersion, LabelMap Labels)
{
    public static WantedTunnels? Of(NetworkSets network, WireGuardParameters wireGuard, Node? node, int poolsVersion)
    {
        if (node is null) return null;
        EquatableArray<WantedTunnel> tunnels =
        [
            new(TunnelAddress.Vxlan, If(network.Vxlan4), node.Ipv4VxlanTunnelAddress),
            new(TunnelAddress.VxlanV6, If(network.Vxlan6), node.Ipv6VxlanTunnelAddress),
            new(TunnelAddress.Ipip, If(network.Ipip), node.Bgp?.Ipv4IpipTunnelAddress),
            new(TunnelAddress.WireGuard, Of(wireGuard.V4, node.WireGuardPublicKey), node.WireGuardIpv4Address),
            new(TunnelAddress.WireGuardV6, Of(wireGuard.V6, node.WireGuardPublicKeyV6), node.WireGuardIpv6Address),
        ];
        return new WantedTunnels(tunnels, poolsVersion, node.Metadata.Labels);
    }

    /// <summary>What this host does not use another may: whether the address goes, the pools say.</summary>
    private static TunnelDemand If(bool used) => used ? TunnelDemand.Wanted : TunnelDemand.Kept;

    /// <summary>One is assigned only when the Node tells a key: a kernel without WireGuard has no use for it. While the key is missing for a moment the address stays.</summary>
    private static TunnelDemand Of(WireGuardFamily family, string key) =>
        !family.IsEnabled ? TunnelDemand.Unwanted : key.Length > 0 ? TunnelDemand.Wanted : TunnelDemand.Kept;
}
