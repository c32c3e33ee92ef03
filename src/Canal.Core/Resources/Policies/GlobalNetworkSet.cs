using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Addresses with labels, for rules to select.</summary>
public sealed record GlobalNetworkSet : Resource
{
    /// <summary>Bare addresses are full-length prefixes; entries that cannot be read are left out.</summary>
    public EquatableArray<Cidr> Nets { get; init; }
}
