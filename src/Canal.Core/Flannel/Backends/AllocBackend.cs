namespace Canal.Core.Flannel;

/// <summary>Only leases: somebody else carries the packets.</summary>
public sealed record AllocBackend() : FlannelBackend("alloc")
{
    public override string LeaseType => "";
}
