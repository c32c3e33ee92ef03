namespace Canal.Core.Ipam;

/// <summary>A value as it was read, and the revision it was at: what a write may compare with.</summary>
/// <param name="Value">Null when there is no such key, or when what is there cannot be read.</param>
/// <param name="Revision">etcd's mod revision; 0: there is no such key.</param>
public readonly record struct Seen<T>(T? Value, long Revision) where T : class
{
    /// <summary>There is no such key. False for a value that cannot be read: that is not ours to replace.</summary>
    public bool IsAbsent => Revision == 0;
}
