namespace Canal.Core.Resources;

/// <summary>A policy for the workload endpoints of its namespace.</summary>
public sealed record NetworkPolicy : Resource
{
    public required PolicySpec Spec { get; init; }
}
