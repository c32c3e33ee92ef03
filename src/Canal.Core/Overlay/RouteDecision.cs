using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Overlay;

/// <summary>Decides the route to a destination. Pure; what it looks at is set before.</summary>
internal sealed class RouteDecision(string self, AddressPools pools, IReadOnlyDictionary<string, ClusterNode> nodes, IReadOnlyDictionary<(string Node, IpFamily Family), VxlanPeer> peers)
{
    public NetworkSettings Settings { get; set; } = new();

    /// <summary>VXLAN carries traffic of the family.</summary>
    public bool UsesVxlan(IpFamily family) => (family == IpFamily.V4 || Settings.Ipv6) && (Settings.VxlanEnabled ?? pools.UseVxlan(family));

    /// <summary>IP-in-IP carries traffic.</summary>
    public bool UsesIpip => Settings.IpipEnabled ?? pools.UseIpip;

    /// <summary>The best way that any of the claims gives, or null.</summary>
    public ClusterRoute? Best(Cidr destination, IEnumerable<RouteClaim> claims)
    {
        ClusterRoute? best = null;
        if (destination.Family == IpFamily.V6 && !Settings.Ipv6) return null;
        foreach (RouteClaim claim in claims.Order())
            if (Of(destination, claim) is { } route && (best is null || route.Class < best.Class)) best = route;
        return best;
    }

    /// <summary>Claims of tunnels' addresses always count; of workloads and blocks one or the other, as configured.</summary>
    public bool Counts(RouteClaim claim) => claim.Kind == RouteClaimKind.Workload == Settings.RoutesFromWorkloads || claim.Kind == RouteClaimKind.Tunnel;

    private ClusterRoute? Of(Cidr destination, RouteClaim claim)
    {
        if (!Counts(claim)) return null;
        if (pools.Of(destination) is not { } pool) return null;
        if (claim.Node == self) return claim.Kind == RouteClaimKind.Block && IsHandled(pool) ? new ClusterRoute(destination, RouteClass.BlockDrop, null) : null;
        if (!nodes.TryGetValue(claim.Node, out ClusterNode? node) || node.Ends(destination.Family).Host is not { } host) return null;
        bool near = IsNear(host.Address);
        if (pool.VxlanMode != EncapsulationMode.Never) return UsesVxlan(destination.Family) ? ByVxlan(destination, claim, pool, host.Address, near) : null;
        if (!Programs(pool)) return null;
        if (pool.IpipMode != EncapsulationMode.Never) return UsesIpip ? ByIpip(destination, pool, host.Address, near) : null;
        // A router on the way would have to know the route too, and then the host's default route leads there.
        return near ? new ClusterRoute(destination, RouteClass.NoEncapsulation, host.Address) : null;
    }

    private ClusterRoute? ByVxlan(Cidr destination, RouteClaim claim, IpPool pool, IpAddress host, bool near)
    {
        if (near && pool.VxlanMode == EncapsulationMode.CrossSubnet) return new ClusterRoute(destination, RouteClass.VxlanSameSubnet, host);
        if (!HasVxlanEnd(destination.Family) || !peers.TryGetValue((claim.Node, destination.Family), out VxlanPeer? peer)) return null;
        bool isEnd = destination.IsSingleAddress && destination.Address == peer.Address;
        return new ClusterRoute(destination, RouteClass.VxlanTunnel, isEnd ? null : peer.Address);
    }

    private static ClusterRoute ByIpip(Cidr destination, IpPool pool, IpAddress host, bool near) =>
        new(destination, near && pool.IpipMode == EncapsulationMode.CrossSubnet ? RouteClass.IpipSameSubnet : RouteClass.IpipTunnel, host);

    /// <summary>Routes of the pool are ours; of the others they are BIRD's, and so is the dropping of what is left of a block.</summary>
    private bool IsHandled(IpPool pool)
    {
        if (Settings.RoutesFromWorkloads) return false;
        if (pool.VxlanMode != EncapsulationMode.Never) return UsesVxlan(pool.Cidr.Family);
        return Programs(pool) && (pool.IpipMode == EncapsulationMode.Never || UsesIpip);
    }

    /// <summary>Of pools without VXLAN.</summary>
    private bool Programs(IpPool pool) => Settings.ProgramClusterRoutes.HasFlag(pool.IpipMode == EncapsulationMode.Never ? ClusterRoutes.EnabledNoEncapOnly : ClusterRoutes.EnabledIpipOnly);

    private bool HasVxlanEnd(IpFamily family) => nodes.TryGetValue(self, out ClusterNode? own) && own.Ends(family) is { VxlanAddress: not null, Host: not null };

    /// <summary>In this node's own subnet, by the length that its Node says.</summary>
    private bool IsNear(IpAddress host) => nodes.TryGetValue(self, out ClusterNode? own) && own.Ends(host.Family).Host is { } local && local.Network.Contains(host);
}
