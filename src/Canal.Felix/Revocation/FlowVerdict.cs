namespace Canal.Felix.Revocation;

/// <summary>What policy says of a connection; an end that is not of this host is null.</summary>
internal readonly record struct FlowVerdict(FlowEnd? Egress, FlowEnd? Ingress)
{
    public bool Allowed => Egress is not { Allowed: false } && Ingress is not { Allowed: false };
}
