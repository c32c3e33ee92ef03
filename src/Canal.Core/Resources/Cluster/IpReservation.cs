using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Addresses that are not to be assigned.</summary>
public sealed record IpReservation : Resource
{
    public EquatableArray<Cidr> ReservedCidrs { get; init; }
}
