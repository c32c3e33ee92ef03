namespace Canal.Datastore;

/// <summary>Guards in etcd. The guard is there before its change, and is written once more with it: its revision then is that of the change.</summary>
public sealed class GuardStore(EtcdStore etcd)
{
    /// <summary>Puts a guard there; the change follows when agents have had the time to hear of it. Returns its revision, or null when one of this name is there.</summary>
    public async Task<long?> ArmAsync(Guard guard, CancellationToken stop)
    {
        EtcdCommit commit = await etcd.CommitAsync(new EtcdTransaction().IfAbsent(guard.EtcdKey).Put(guard.EtcdKey, guard.Encode()), stop).ConfigureAwait(false);
        return commit.Succeeded ? commit.Revision : null;
    }

    /// <summary>Makes the change, over what was seen. False: somebody else changed some of it, and nothing was written.</summary>
    /// <param name="guard">As it was armed.</param>
    /// <param name="armed">Its revision.</param>
    /// <param name="writes">Keys with the revision they were seen at (0: not there) and their new values.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<bool> ChangeAsync(Guard guard, long armed, IEnumerable<(string Key, long Seen, byte[] Value)> writes, CancellationToken stop)
    {
        EtcdTransaction transaction = new EtcdTransaction().IfModRevision(guard.EtcdKey, armed).Put(guard.EtcdKey, guard.Encode());
        foreach ((string key, long seen, byte[] value) in writes) transaction.IfModRevision(key, seen).Put(key, value);
        return (await etcd.CommitAsync(transaction, stop).ConfigureAwait(false)).Succeeded;
    }

    /// <summary>Keeps the change. False: the guard is gone.</summary>
    public async Task<bool> ConfirmAsync(string id, CancellationToken stop)
    {
        string key = Guard.Prefix + id;
        return (await etcd.GetAsync(key, stop).ConfigureAwait(false)).Entry is { } entry
            && (await etcd.CommitAsync(new EtcdTransaction().IfModRevision(key, entry.ModRevision).Delete(key), stop).ConfigureAwait(false)).Succeeded;
    }

    /// <summary>Takes the change back, but for what somebody changed since. Returns the keys restored; null: the guard is gone.</summary>
    public async Task<IReadOnlyList<string>?> RevertAsync(string id, CancellationToken stop)
    {
        if ((await etcd.GetAsync(Guard.Prefix + id, stop).ConfigureAwait(false)).Entry is not { } entry) return null;
        if (Guard.Decode(entry, out _) is not { } guard) return await DropAsync(entry, stop).ConfigureAwait(false) ? [] : null;
        EtcdTransaction all = new EtcdTransaction().IfModRevision(guard.EtcdKey, entry.ModRevision).Delete(guard.EtcdKey);
        foreach (GuardedKey key in guard.Keys) Restore(key, entry.ModRevision, all);
        if ((await etcd.CommitAsync(all, stop).ConfigureAwait(false)).Succeeded) return [.. guard.Keys.Select(k => k.Key)];
        List<string> restored = [];
        foreach (GuardedKey key in guard.Keys)
        {
            EtcdTransaction one = new EtcdTransaction().IfModRevision(guard.EtcdKey, entry.ModRevision);
            Restore(key, entry.ModRevision, one);
            if ((await etcd.CommitAsync(one, stop).ConfigureAwait(false)).Succeeded) restored.Add(key.Key);
        }
        return await DropAsync(entry, stop).ConfigureAwait(false) ? restored : null;
    }

    /// <summary>All guards.</summary>
    public async Task<IReadOnlyList<Guard>> ListAsync(CancellationToken stop)
    {
        List<Guard> guards = [];
        await foreach (EtcdPage page in etcd.ListAsync(KeyRange.Prefix(Guard.Prefix), stop).ConfigureAwait(false))
            foreach (EtcdEntry entry in page.Entries.ToArray())
                if (Guard.Decode(entry, out _) is { } guard) guards.Add(guard);
        return guards;
    }

    private async Task<bool> DropAsync(EtcdEntry guard, CancellationToken stop) =>
        (await etcd.CommitAsync(new EtcdTransaction().IfModRevision(guard.KeyText, guard.ModRevision).Delete(guard.KeyText), stop).ConfigureAwait(false)).Succeeded;

    /// <summary>Only while it is as the change left it.</summary>
    private static void Restore(GuardedKey key, long changed, EtcdTransaction into)
    {
        into.IfModRevision(key.Key, changed);
        if (key.Before is { } before) into.Put(key.Key, before);
        else into.Delete(key.Key);
    }
}
