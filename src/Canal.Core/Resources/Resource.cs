namespace Canal.Core.Resources;

/// <summary>A resource as read from etcd, compared by value.</summary>
public abstract record Resource
{
    /// <summary>From the etcd key, which counts where the value says otherwise.</summary>
    public required ResourceKey Key { get; init; }

    public required Metadata Metadata { get; init; }
}
