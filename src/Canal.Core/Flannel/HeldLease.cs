namespace Canal.Core.Flannel;

/// <summary>A lease as etcd holds it.</summary>
/// <param name="Key">The whole key.</param>
/// <param name="Subnet">What it leases.</param>
/// <param name="Lease">To whom.</param>
/// <param name="ModRevision">Revision of its last write.</param>
/// <param name="CreateRevision">Revision at which the key came to be.</param>
/// <param name="EtcdLease">etcd's lease that the key dies with; 0 is a reservation that lives on without its host.</param>
public sealed record HeldLease(string Key, FlannelSubnet Subnet, FlannelLease Lease, long ModRevision, long CreateRevision, long EtcdLease)
{
    /// <summary>Somebody put the key there to keep this subnet for this host.</summary>
    public bool IsReservation => EtcdLease == 0;
}
