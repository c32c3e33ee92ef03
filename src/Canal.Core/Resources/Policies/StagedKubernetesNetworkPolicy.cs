namespace Canal.Core.Resources;

/// <summary>A policy in Kubernetes' own form that is only tried: its verdicts are counted, not enforced.</summary>
public sealed record StagedKubernetesNetworkPolicy : Resource
{
    /// <summary>The policy that means the same.</summary>
    public required PolicySpec Spec { get; init; }
}
