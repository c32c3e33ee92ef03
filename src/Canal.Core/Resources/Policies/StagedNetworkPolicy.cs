namespace Canal.Core.Resources;

/// <summary>A NetworkPolicy that is only tried: its verdicts are counted, not enforced.</summary>
public sealed record StagedNetworkPolicy : Resource
{
    public required PolicySpec Spec { get; init; }
}
