using Canal.Core.Addressing;

namespace Canal.Core.IpSets;

/// <summary>How the members of one set changed since it was last asked. Additions and removals never overlap.</summary>
public sealed class IpSetDelta
{
    /// <summary>Single addresses.</summary>
    public List<IpAddress> AddedAddresses { get; } = [];

    public List<IpAddress> RemovedAddresses { get; } = [];

    /// <summary>True prefixes, none covering another.</summary>
    public List<Cidr> AddedPrefixes { get; } = [];

    public List<Cidr> RemovedPrefixes { get; } = [];

    public List<PortMember> AddedPorts { get; } = [];

    public List<PortMember> RemovedPorts { get; } = [];

    public bool IsEmpty => AddedAddresses.Count + RemovedAddresses.Count + AddedPrefixes.Count + RemovedPrefixes.Count + AddedPorts.Count + RemovedPorts.Count == 0;
}
