namespace Canal.Core.Resources;

/// <summary>What every resource carries beside its spec.</summary>
public sealed record Metadata
{
    /// <summary>The name in the etcd key.</summary>
    public required string Name { get; init; }

    /// <summary>The namespace in the etcd key; null for global kinds.</summary>
    public string? Namespace { get; init; }

    /// <summary>Empty when the writer gave none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>RFC 3339 as stored; null when absent or JSON null, as old writers leave it.</summary>
    public string? CreationTimestamp { get; init; }

    public LabelMap Labels { get; init; }

    public LabelMap Annotations { get; init; }

    /// <summary>The etcd modification revision in decimal; never in the stored value, so empty as decoded.</summary>
    public string ResourceVersion { get; init; } = "";
}
