using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>The resources in etcd. Every write compares: it succeeds only over what the caller has seen.</summary>
internal sealed class ResourceStore(EtcdStore etcd)
{
    /// <summary>The resource that a person calls so; null when there is none. A policy of the default tier that Calico 3.31 or earlier wrote is found by
    /// its name without the prefix; a policy of just that name goes before it.</summary>
    public async Task<StoredResource?> FindAsync(ResourceKind kind, string? @namespace, string name, CancellationToken stop)
    {
        if (await GetAsync(new ResourceKey(kind, @namespace, name), stop) is { } stored)
            return stored;
        if (!kind.IsTiered())
            return null;
        string[] candidates = [.. PolicyNames.Candidates(name)];
        foreach (string candidate in candidates)
        {
            if (candidate != name && await GetAsync(new ResourceKey(kind, @namespace, candidate), stop) is { } earlier && earlier.DisplayName == name)
                return earlier;
        }
        return null;
    }

    /// <summary>The value of a key; null when there is none.</summary>
    public async Task<StoredResource?> GetAsync(ResourceKey key, CancellationToken stop)
    {
        EtcdRead read = await etcd.GetAsync(key.ToEtcdKey(), stop);
        StoredResource? stored = read.Entry is { } entry ? StoredResource.From(key, entry) : null;
        return stored is not null && IpamSettings.IsShownBy(key) ? await new IpamSettings(etcd).WithValuesAsync(stored, stop) : stored;
    }

    /// <summary>All resources of a kind, in one namespace or (null) everywhere, as at one revision. Keys that do not fit the kind are left out.</summary>
    public async Task<ResourceList> ListAsync(ResourceKindEntry kind, string? @namespace, CancellationToken stop)
    {
        string prefix = @namespace is null ? kind.Prefix : $"{kind.Prefix}{@namespace}/";
        List<StoredResource> found = [];
        long revision = 0;
        await foreach (EtcdPage page in etcd.ListAsync(KeyRange.Prefix(prefix), stop))
        {
            revision = page.Revision;
            foreach (EtcdEntry entry in page.Entries.ToArray())
            {
                if (!ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _))
                    continue;
                StoredResource stored = StoredResource.From(key, entry);
                found.Add(IpamSettings.IsShownBy(key) ? await new IpamSettings(etcd).WithValuesAsync(stored, stop) : stored);
            }
        }
        return new ResourceList(revision, found);
    }

    /// <summary>Writes the value if the key is still at the revision (0: not there).</summary>
    /// <returns>False when somebody else was first.</returns>
    public async Task<bool> PutAsync(ResourceKey key, ReadOnlyMemory<byte> value, long revision, CancellationToken stop)
    {
        string etcdKey = key.ToEtcdKey();
        try
        {
            EtcdTransaction transaction = new EtcdTransaction().IfModRevision(etcdKey, revision).Put(etcdKey, value);
            if (IpamSettings.IsShownBy(key))
                await new IpamSettings(etcd).AddAsync(transaction, value, stop);
            return (await etcd.CommitAsync(transaction, stop)).Succeeded;
        }
        catch (EtcdException error) when (error.OutcomeUnknown)
        {
            // The answer was lost; if the value is there, it was ours that succeeded, or another's just like it.
            EtcdRead read = await etcd.GetAsync(etcdKey, stop);
            if (read.Entry is { } entry && entry.Value.Span.SequenceEqual(value.Span))
                return true;
            throw;
        }
    }

    /// <summary>Deletes the key if it is still at the revision.</summary>
    /// <returns>False when it is at another, or gone.</returns>
    public async Task<bool> DeleteAsync(ResourceKey key, long revision, CancellationToken stop)
    {
        string etcdKey = key.ToEtcdKey();
        EtcdTransaction transaction = new EtcdTransaction().IfModRevision(etcdKey, revision).Delete(etcdKey);
        if (IpamSettings.IsShownBy(key))
            IpamSettings.Remove(transaction);
        return (await etcd.CommitAsync(transaction, stop)).Succeeded;
    }
}
