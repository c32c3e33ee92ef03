namespace Canal.Core.Flannel;

/// <summary>What a host that has no lease does to get one.</summary>
/// <param name="Subnet">The subnet to lease; null when none is free.</param>
/// <param name="Present">The host's own lease of that subnet, which is taken up again; null when the key is to be made.</param>
/// <param name="Retired">Own leases that the configuration does not admit any more, to be deleted.</param>
public sealed record LeaseChoice(FlannelSubnet? Subnet, HeldLease? Present, EquatableArray<HeldLease> Retired);
