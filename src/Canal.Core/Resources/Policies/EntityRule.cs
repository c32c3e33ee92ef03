using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>One side of a rule, source or destination; all that is given must match.</summary>
public sealed record EntityRule
{
    /// <summary>The side that matches everything.</summary>
    public static EntityRule Empty { get; } = new();

    /// <summary>The entries that could be read, masked to their prefix. Look at <see cref="HasNets"/> to tell "no list" from "no usable entry".</summary>
    public EquatableArray<Cidr> Nets { get; init; }

    public EquatableArray<Cidr> NotNets { get; init; }

    /// <summary>The data had entries in <c>nets</c>, readable or not. True with an empty <see cref="Nets"/> matches nothing, not everything.</summary>
    public bool HasNets { get; init; }

    /// <summary>The data had entries in <c>notNets</c>, readable or not.</summary>
    public bool HasNotNets { get; init; }

    /// <summary>As stored, not parsed; empty for none.</summary>
    public string Selector { get; init; } = "";

    public string NotSelector { get; init; } = "";

    public string NamespaceSelector { get; init; } = "";

    public ServiceAccountMatch? ServiceAccounts { get; init; }

    public ServiceMatch? Services { get; init; }

    public EquatableArray<Port> Ports { get; init; }

    public EquatableArray<Port> NotPorts { get; init; }
}
