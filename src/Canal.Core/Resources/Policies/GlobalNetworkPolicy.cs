namespace Canal.Core.Resources;

/// <summary>A policy for endpoints of every namespace, and for host endpoints.</summary>
public sealed record GlobalNetworkPolicy : Resource
{
    public required PolicySpec Spec { get; init; }
}
