namespace Canal.Core.Resources;

/// <summary>A resource of a kind that Canal keeps and shows but does not act on: KubeControllersConfiguration, IPAMConfiguration, BlockAffinity
/// (IPAM in etcd does not use either), LiveMigration.</summary>
public sealed record OpaqueResource : Resource
{
    /// <summary>The fields of the spec, in the order of the data.</summary>
    public EquatableArray<RawField> Fields { get; init; }

    /// <summary>The status' JSON text; null for none.</summary>
    public string? StatusJson { get; init; }
}
