using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>What must become different in the dataplane since the last time; each thing appears at most once.</summary>
public sealed class DesiredChanges
{
    /// <summary>Sets that appeared, vanished or changed members.</summary>
    public List<IpSetChange> Sets { get; } = [];

    /// <summary>Policies and profiles that appeared or changed; null when nothing local uses them any more.</summary>
    public Dictionary<ResourceKey, CompiledPolicy?> Policies { get; } = [];

    /// <summary>By interface name: the endpoint that governs the interface, or null when none does any more.</summary>
    public Dictionary<string, EndpointPolicy?> Endpoints { get; } = new(StringComparer.Ordinal);

    /// <summary>By name: the host endpoints of this node, or null when one is not here any more.</summary>
    public Dictionary<string, HostEndpointPolicy?> HostEndpoints { get; } = new(StringComparer.Ordinal);

    public bool IsEmpty => Sets.Count + Policies.Count + Endpoints.Count + HostEndpoints.Count == 0;
}

/// <summary>What happens to a set.</summary>
public enum IpSetChangeKind
{
    /// <summary>The set is new; the members are all of its members.</summary>
    Created,

    /// <summary>The members are what came and went.</summary>
    Updated,

    /// <summary>Nothing refers to the set any more.</summary>
    Removed,
}

/// <summary>A change of one set.</summary>
/// <param name="Set">Which.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Members">What came and went; empty for a removal.</param>
public sealed record IpSetChange(IpSetSpec Set, IpSetChangeKind Kind, IpSetDelta Members);
