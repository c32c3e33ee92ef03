namespace Canal.Datastore;

/// <summary>Which keys there are, so that a new snapshot tells which of them vanished.</summary>
public sealed class SnapshotMarks<TKey> where TKey : notnull
{
    private readonly Dictionary<TKey, bool> seen = [];
    private bool generation, isMidSnapshot;

    /// <summary>A snapshot begins. The one before it may have broken off: what it marked does not pass for seen.</summary>
    public void Begin()
    {
        generation = !generation;
        if (isMidSnapshot)
            foreach (TKey key in seen.Keys.ToArray()) seen[key] = !generation;
        isMidSnapshot = true;
    }

    /// <summary>The key is there.</summary>
    public void Mark(TKey key) => seen[key] = generation;

    /// <summary>The key is gone.</summary>
    public void Remove(TKey key) => seen.Remove(key);

    /// <summary>The snapshot is complete; returns, and forgets, the keys that it did not have.</summary>
    public List<TKey> Complete()
    {
        List<TKey> gone = [];
        foreach ((TKey key, bool mark) in seen)
            if (mark != generation) gone.Add(key);
        foreach (TKey key in gone) seen.Remove(key);
        isMidSnapshot = false;
        return gone;
    }
}
