using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Who wants how many addresses, and from where.</summary>
public sealed record AddressRequest
{
    /// <summary>The host they are for, or the name of a load balancer: from its blocks they are taken first.</summary>
    public required BlockOwner Owner { get; init; }

    /// <summary>What they are released by; null for none.</summary>
    public string? HandleId { get; init; }

    /// <summary>node, pod, namespace, type, timestamp and others; stored beside the addresses.</summary>
    public LabelMap Attributes { get; init; }

    public int Ipv4 { get; init; }

    public int Ipv6 { get; init; }

    /// <summary>Only from these pools, whatever nodes and namespaces they select; empty: from all that select the node and the namespace.</summary>
    public EquatableArray<Cidr> Pools { get; init; }

    public PoolUses Use { get; init; } = PoolUses.Workload;

    /// <summary>Null: pools that select namespaces do not serve the request.</summary>
    public string? Namespace { get; init; }

    /// <summary>How many blocks the owner may have in a family; 0: the configured number, else 20.</summary>
    public int MaxBlocks { get; init; }

    /// <summary>The time, for blocks that come to be: RFC 3339 and nanoseconds since 1970.</summary>
    public required IpamTime Now { get; init; }

    internal int Count(IpFamily family) => family == IpFamily.V4 ? Ipv4 : Ipv6;
}
