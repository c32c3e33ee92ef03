using Canal.Core.Addressing;

namespace Canal.Core.Policy;

/// <summary>One side of a rule variant. Everything given must hold; each positive list is one lookup.</summary>
public sealed record SideVariant
{
    public static readonly SideVariant Any = new();

    /// <summary>One of these, all of the variant's family; empty when the rule does not ask.</summary>
    public EquatableArray<Cidr> Nets { get; init; }

    /// <summary>None of these, all of the variant's family.</summary>
    public EquatableArray<Cidr> NotNets { get; init; }

    /// <summary>Member of this part of a set.</summary>
    public SetPart? In { get; init; }

    /// <summary>Member of none of these.</summary>
    public EquatableArray<SetPart> NotIn { get; init; }

    /// <summary>One of these ports; empty when the rule does not ask.</summary>
    public EquatableArray<PortRange> Ports { get; init; }

    /// <summary>(address, protocol, port) is a member of this set.</summary>
    public SetPart? NamedPort { get; init; }

    public EquatableArray<PortRange> NotPorts { get; init; }

    /// <summary>(address, protocol, port) is a member of none of these, as it is of a packet without ports.</summary>
    public EquatableArray<SetPart> NotNamedPorts { get; init; }
}
