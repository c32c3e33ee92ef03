namespace Canal.Datastore;

/// <summary>A key that a guarded change writes.</summary>
/// <param name="Key">A resource's.</param>
/// <param name="Before">The value before the change; null when there was none.</param>
public sealed record GuardedKey(string Key, ReadOnlyMemory<byte>? Before);
