using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>Turns what a watcher tells into changes of resources: what was missed in an outage is found by comparing.</summary>
/// <param name="names">The names as people say them; empty for all.</param>
internal sealed class WatchedTable(IReadOnlyCollection<string> names)
{
    private readonly Dictionary<ResourceKey, StoredResource> known = [];
    private readonly HashSet<ResourceKey> seen = [];

    public IReadOnlyList<ResourceChange> Accept(WatchBatch batch)
    {
        List<ResourceChange> changes = [];
        switch (batch)
        {
            case WatchBatch.SnapshotBegin:
                seen.Clear();
                break;
            case WatchBatch.SnapshotPage page:
                foreach (EtcdEntry entry in page.Entries.ToArray())
                    Put(entry, changes);
                break;
            case WatchBatch.SnapshotComplete:
                foreach (ResourceKey gone in known.Keys.Where(key => !seen.Contains(key)).ToArray())
                    Remove(gone, changes);
                break;
            case WatchBatch.Events events:
                foreach (WatchEvent happened in events.Changes.ToArray())
                {
                    if (!happened.IsDelete)
                        Put(happened.Entry, changes);
                    else if (ResourceKey.TryParse(happened.Entry.Key.Span, out ResourceKey key, out _))
                        Remove(key, changes);
                }
                break;
        }
        return changes;
    }

    private void Put(EtcdEntry entry, List<ResourceChange> changes)
    {
        if (!ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _))
            return;
        StoredResource resource = StoredResource.From(key, entry);
        if (names.Count > 0 && !names.Contains(resource.DisplayName))
            return;
        seen.Add(key);
        bool there = known.TryGetValue(key, out StoredResource? before);
        known[key] = resource;
        if (!there || before!.Revision != resource.Revision)
            changes.Add(new ResourceChange(there ? "MODIFIED" : "ADDED", resource));
    }

    private void Remove(ResourceKey key, List<ResourceChange> changes)
    {
        if (known.Remove(key, out StoredResource? before))
            changes.Add(new ResourceChange("DELETED", before));
    }
}
