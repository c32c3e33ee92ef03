namespace Canal.Datastore;

/// <summary>Outcome of a transaction that etcd carried out one way or the other.</summary>
/// <param name="Succeeded">Every comparison held, and the puts and deletes were done.</param>
/// <param name="Revision">Revision of the store afterwards; after a successful write, the mod revision of what was put.</param>
/// <param name="Current">When it did not succeed: those of the compared keys that exist, as they are now.</param>
/// <param name="Deleted">When it succeeded: what the deletes removed, as it was before.</param>
public sealed record EtcdCommit(bool Succeeded, long Revision, IReadOnlyList<EtcdEntry> Current, IReadOnlyList<EtcdEntry> Deleted)
{
    /// <summary>The compared key as it is now; null when it does not exist or the transaction succeeded.</summary>
    public EtcdEntry? Find(string key)
    {
        foreach (EtcdEntry entry in Current)
        {
            if (entry.KeyText == key)
                return entry;
        }
        return null;
    }
}
