using System.Text;

namespace Canal.Datastore;

/// <summary>
/// A key and its value as etcd holds them at one revision. The bytes are slices of a larger buffer that lives as long as any slice of it:
/// decode them soon, and keep what was decoded rather than the slice.
/// </summary>
public readonly struct EtcdEntry
{
    /// <summary>The key, normally UTF-8.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The value; empty for a deleted key.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>Revision at which the key was last created.</summary>
    public long CreateRevision { get; init; }

    /// <summary>Revision of the last write; what Calico calls resourceVersion.</summary>
    public long ModRevision { get; init; }

    /// <summary>Lease the key dies with; 0 is none.</summary>
    public long Lease { get; init; }

    /// <summary>The key as text; bytes that are not UTF-8 become U+FFFD.</summary>
    public string KeyText => Encoding.UTF8.GetString(Key.Span);

    /// <summary>The key as text.</summary>
    public override string ToString() => $"{KeyText} @{ModRevision}";
}
