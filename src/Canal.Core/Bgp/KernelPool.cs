using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Who writes the routes of a pool into the kernel, and how.</summary>
/// <param name="Cidr">The pool.</param>
/// <param name="Route">What BIRD does with its routes.</param>
public readonly record struct KernelPool(Cidr Cidr, PoolRoute Route);

/// <summary>What BIRD does with routes of a pool.</summary>
public enum PoolRoute : byte
{
    /// <summary>Nothing: the policy agent writes them.</summary>
    LeaveToAgent,

    /// <summary>Writes them as they are.</summary>
    Plain,

    /// <summary>Writes them through the IP-in-IP tunnel.</summary>
    Tunnel,

    /// <summary>Through the tunnel unless the next hop is in this host's own subnet.</summary>
    TunnelAcrossSubnets,
}
