using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>What is told and learned, and what reaches the kernel, in one family. All lists are in a fixed order.</summary>
public sealed record RoutePolicy
{
    public required IpFamily Family { get; init; }

    /// <summary>Kernel metric of ordinary routes; a lower one marks a route that wins. On the wire it is <c>local_pref = 2147483647 - metric</c>.</summary>
    public required int NormalPriority { get; init; }

    /// <summary>Prefixes that this host holds: packets to what is not there are dropped instead of sent around.</summary>
    public EquatableArray<Cidr> Blackholes { get; init; }

    /// <summary>Those of them that every other route of this host comes before, for they stand for what may be here.</summary>
    public EquatableArray<Cidr> LastResorts { get; init; }

    public EquatableArray<HostRoute> HostRoutes { get; init; }

    /// <summary>Never in the kernel: service ranges.</summary>
    public EquatableArray<Cidr> KernelRejects { get; init; }

    /// <summary>Narrow before wide.</summary>
    public EquatableArray<KernelPool> KernelPools { get; init; }

    /// <summary>This host's subnet, for tunnels across subnets.</summary>
    public Cidr? LocalSubnet { get; init; }

    public EquatableArray<Cidr> UnexportedPools { get; init; }

    public EquatableArray<Cidr> ExportedPools { get; init; }

    /// <summary>Blocks that this host certainly holds: told whole, their parts are not.</summary>
    public EquatableArray<Cidr> LocalBlocks { get; init; }

    /// <summary>Service ranges and prefixes of this host's own configuration.</summary>
    public EquatableArray<Cidr> AdvertisedPrefixes { get; init; }

    /// <summary>Load balancer ranges that a route reflector passes on.</summary>
    public EquatableArray<Cidr> ReflectedPrefixes { get; init; }

    public EquatableArray<PrefixCommunities> Communities { get; init; }
}
