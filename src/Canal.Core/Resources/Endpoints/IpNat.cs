using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A one-to-one translation between an outer address and one of the endpoint's own.</summary>
public readonly record struct IpNat(IpAddress Internal, IpAddress External);
