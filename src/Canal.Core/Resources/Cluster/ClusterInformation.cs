namespace Canal.Core.Resources;

/// <summary>Facts of the cluster; only the one called <c>default</c> counts.</summary>
public sealed record ClusterInformation : Resource
{
    /// <summary>32 hexadecimal digits.</summary>
    public string ClusterGuid { get; init; } = "";

    /// <summary>Comma separated tags, each component adds its own.</summary>
    public string ClusterType { get; init; } = "";

    public string CalicoVersion { get; init; } = "";

    public string Variant { get; init; } = "";

    /// <summary>Null or false: nothing may be programmed.</summary>
    public bool? DatastoreReady { get; init; }
}
