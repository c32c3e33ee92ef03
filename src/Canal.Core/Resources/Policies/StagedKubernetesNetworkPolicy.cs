namespace Canal.Core.Resources;

/// <summary>A staged Kubernetes policy. It is never enforced, so its fields are carried along unread.</summary>
public sealed record StagedKubernetesNetworkPolicy : Resource
{
    public StagedAction StagedAction { get; init; }

    /// <summary>The other fields of the spec, in the order of the data.</summary>
    public EquatableArray<RawField> Fields { get; init; }
}
