using Canal.Core.Addressing;

namespace Canal.Core.Policy;

/// <summary>
/// One side (source or destination) of a compiled rule. Everything given must hold; lists are alternatives, except that the port alternatives are
/// numeric ports or named-port sets together.
/// </summary>
public sealed record EntityMatch
{
    public static readonly EntityMatch Any = new();

    /// <summary>The address is in one of these; null when the rule does not ask, empty when nothing can match.</summary>
    public EquatableArray<Cidr>? Nets { get; init; }

    /// <summary>The address is in none of these.</summary>
    public EquatableArray<Cidr> NotNets { get; init; }

    /// <summary>The address is in this set.</summary>
    public SetMatch? Set { get; init; }

    /// <summary>The address is not in this set.</summary>
    public SetMatch? NotSet { get; init; }

    /// <summary>Numeric ports.</summary>
    public EquatableArray<PortRange> Ports { get; init; }

    /// <summary>Sets of named ports.</summary>
    public EquatableArray<SetMatch> NamedPorts { get; init; }

    public EquatableArray<PortRange> NotPorts { get; init; }

    public EquatableArray<SetMatch> NotNamedPorts { get; init; }

    /// <summary>The rule asks for a port of this side.</summary>
    public bool AsksForPort => !Ports.IsEmpty || !NamedPorts.IsEmpty;
}
