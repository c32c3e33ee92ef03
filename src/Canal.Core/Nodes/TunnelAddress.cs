using System.Collections.Immutable;
using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Nodes;

/// <summary>An address that a host needs for one of its tunnels, under the names that Calico gives it.</summary>
/// <param name="Family">Of the address.</param>
/// <param name="HandlePrefix">The handle is that and the node's name.</param>
/// <param name="Type">The attribute <c>type</c>.</param>
/// <param name="Path">Where the Node has it, below <c>spec</c>.</param>
public sealed record TunnelAddress(IpFamily Family, string HandlePrefix, string Type, ImmutableArray<string> Path)
{
    public static TunnelAddress Ipip { get; } = new(IpFamily.V4, "ipip-tunnel-addr-", "ipipTunnelAddress", ["bgp", "ipv4IPIPTunnelAddr"]);

    public static TunnelAddress Vxlan { get; } = new(IpFamily.V4, "vxlan-tunnel-addr-", "vxlanTunnelAddress", ["ipv4VXLANTunnelAddr"]);

    public static TunnelAddress VxlanV6 { get; } = new(IpFamily.V6, "vxlan-v6-tunnel-addr-", "vxlanV6TunnelAddress", ["ipv6VXLANTunnelAddr"]);

    public static TunnelAddress WireGuard { get; } = new(IpFamily.V4, "wireguard-tunnel-addr-", "wireguardTunnelAddress", ["wireguard", "interfaceIPv4Address"]);

    public static TunnelAddress WireGuardV6 { get; } = new(IpFamily.V6, "wireguard-v6-tunnel-addr-", "wireguardV6TunnelAddress", ["wireguard", "interfaceIPv6Address"]);

    /// <summary>Each kind.</summary>
    public static ImmutableArray<TunnelAddress> All { get; } = [Vxlan, VxlanV6, Ipip, WireGuard, WireGuardV6];

    public string Handle(string node) => HandlePrefix + node;

    /// <summary>The pool serves a node with these labels.</summary>
    public static bool Selects(IpPool pool, LabelMap labels) =>
        Selector.TryParse(pool.NodeSelector, out Selector? selector, out _) && selector.Evaluate(labels.ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal));

    /// <summary>The pool is one that the tunnel carries: the address must come from such a one, so that the others find the host by the pool's routes.</summary>
    public bool IsCarriedBy(IpPool pool) => !pool.Disabled && pool.AllowedUses.HasFlag(PoolUses.Tunnel) && IsOf(pool);

    /// <summary>The pool's traffic takes the tunnel, be it in use for new addresses or not. WireGuard takes any.</summary>
    public bool IsOf(IpPool pool)
    {
        if (pool.Cidr.Family != Family) return false;
        if (this == Ipip) return pool.IpipMode != EncapsulationMode.Never;
        return (this != Vxlan && this != VxlanV6) || pool.VxlanMode != EncapsulationMode.Never;
    }

    /// <summary>An assignment is that of the node's tunnel, by its handle or by what is said beside it. Earliest releases of Calico said neither.</summary>
    public bool IsAssigned(IpamAttribute assigned, string node) =>
        assigned.HandleId == Handle(node) || (assigned.Secondary["node"] == node && assigned.Secondary["type"] == Type) || (assigned.HandleId is null && assigned.Secondary.IsEmpty);
}
