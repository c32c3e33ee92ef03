namespace Canal.Core.Policy;

/// <summary>Seen from the endpoint: ingress is to it, egress is from it.</summary>
public enum Direction
{
    Ingress,
    Egress,
}
