using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Communities for routes inside a prefix, by name or value.</summary>
public sealed record PrefixAdvertisement(Cidr Cidr, EquatableArray<string> Communities);
