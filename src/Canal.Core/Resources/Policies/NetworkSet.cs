using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Addresses with labels in a namespace, for rules to select.</summary>
public sealed record NetworkSet : Resource
{
    /// <summary>Bare addresses are full-length prefixes; entries that cannot be read are left out.</summary>
    public EquatableArray<Cidr> Nets { get; init; }
}
