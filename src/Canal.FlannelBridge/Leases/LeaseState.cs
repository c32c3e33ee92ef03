using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Leases;

/// <summary>What this host holds.</summary>
/// <param name="Lease">As it was last written or found; null for nothing.</param>
/// <param name="RenewAt">When it is to be renewed; null for a reservation, which does not end.</param>
internal sealed record LeaseState(HeldLease? Lease, DateTimeOffset? RenewAt)
{
    public static LeaseState None { get; } = new(null, null);
}
