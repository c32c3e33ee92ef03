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

    /// <summary>The key is there. Returns whether it was not known.</summary>
    public bool Mark(TKey key)
    {
        bool isNew = !seen.ContainsKey(key);
        seen[key] = generation;
        return isNew;
    }

    /// <summary>The key is gone. Returns whether it was known.</summary>
    public bool Remove(TKey key) => seen.Remove(key);

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
