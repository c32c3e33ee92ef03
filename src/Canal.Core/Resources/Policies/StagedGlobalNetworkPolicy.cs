namespace Canal.Core.Resources;

/// <summary>A GlobalNetworkPolicy that is only tried.</summary>
public sealed record StagedGlobalNetworkPolicy : Resource
{
    public required PolicySpec Spec { get; init; }
}
