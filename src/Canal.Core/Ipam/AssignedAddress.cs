using Canal.Core.Addressing;

namespace Canal.Core.Ipam;

/// <summary>An address that was assigned.</summary>
/// <param name="Address">The address.</param>
/// <param name="Block">The block it is in.</param>
/// <param name="Sequence">The block's sequence number at that time: with it a release cannot hit a later assignment of the same address.</param>
public readonly record struct AssignedAddress(IpAddress Address, Cidr Block, ulong Sequence);
