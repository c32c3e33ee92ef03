namespace Canal.Core.Access;

/// <summary>What etcd lets a role do with a key, or with all keys that begin so.</summary>
/// <param name="Key">A key, or with <paramref name="IsPrefix"/> how keys begin; empty with it: all keys.</param>
/// <param name="IsPrefix">All keys that begin so.</param>
/// <param name="Access">Not <see cref="KeyAccess.None"/>.</param>
public readonly record struct KeyPermission(string Key, bool IsPrefix, KeyAccess Access)
{
    public static KeyPermission Read(string key) => new(key, false, KeyAccess.Read);

    public static KeyPermission ReadAll(string prefix) => new(prefix, true, KeyAccess.Read);

    public static KeyPermission Use(string key) => new(key, false, KeyAccess.ReadWrite);

    public static KeyPermission UseAll(string prefix) => new(prefix, true, KeyAccess.ReadWrite);

    /// <summary>Whether this allows all that the other does.</summary>
    public bool Covers(KeyPermission other) => (Access & other.Access) == other.Access && Includes(other);

    /// <summary>Whether there is a key that both are about.</summary>
    public bool Touches(KeyPermission other) => Includes(other) || other.Includes(this);

    /// <summary>The key as people write ranges: <c>/a/b</c>, <c>/a/*</c>.</summary>
    public override string ToString() => IsPrefix ? Key + "*" : Key;

    private bool Includes(KeyPermission other) => IsPrefix ? other.Key.StartsWith(Key, StringComparison.Ordinal) : !other.IsPrefix && other.Key == Key;
}
