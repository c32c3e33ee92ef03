using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Nodes;

/// <summary>The pools as they are at one moment, and what they say of the addresses of a host's tunnels.</summary>
/// <param name="pools">All that can be read.</param>
/// <param name="labels">The host's.</param>
/// <param name="unreadable">Names of pools that cannot be: what they are for is not known, and no address is taken away for want of a pool.</param>
public sealed class TunnelPools(IReadOnlyList<IpPool> pools, LabelMap labels, IReadOnlyList<string> unreadable)
{
    public IReadOnlyList<string> Unreadable => unreadable;

    /// <summary>The pools that an address of the tunnel is to come from.</summary>
    public IEnumerable<IpPool> For(TunnelAddress tunnel) => pools.Where(pool => tunnel.IsCarriedBy(pool) && TunnelAddress.Selects(pool, labels));

    /// <summary>The address is in a pool that an address of the tunnel is to come from.</summary>
    public bool AreRightFor(TunnelAddress tunnel, IpAddress address) => For(tunnel).Any(pool => pool.Cidr.Contains(address));

    /// <summary>The address is in some pool, so that other hosts have a route to it.</summary>
    public bool Cover(IpAddress address) => pools.Any(pool => pool.Cidr.Contains(address));

    /// <summary>
    /// What is to become of an address. A pool that is disabled, or selects other nodes, gives none any more; but its workloads are still reached through the
    /// tunnel, which would end with its address: that goes only when another can take its place, or when no pool at all has the tunnel.
    /// </summary>
    public TunnelStep Decide(TunnelAddress tunnel, TunnelDemand demand, IpAddress? address)
    {
        if (demand == TunnelDemand.Unwanted) return address is null ? TunnelStep.Stay : TunnelStep.Remove;
        if (address is not { } now) return demand == TunnelDemand.Wanted ? TunnelStep.Assign : TunnelStep.Stay;
        if (AreRightFor(tunnel, now)) return TunnelStep.Verify;
        if (unreadable.Count > 0) return TunnelStep.Stay;
        if (For(tunnel).Any()) return TunnelStep.Assign;
        return pools.Any(tunnel.IsOf) ? TunnelStep.Stay : TunnelStep.Remove;
    }
}
