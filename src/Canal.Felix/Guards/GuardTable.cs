using System.Text;
using Canal.Datastore;

namespace Canal.Felix.Guards;

/// <summary>
/// The guarded changes that wait to be confirmed. When the time of one is up it is taken back for this host at once, whether etcd can be reached or not: as
/// if etcd had told the old values. What somebody else changed meanwhile is left as it is.
/// </summary>
internal sealed class GuardTable
{
    private readonly Dictionary<string, Waiting> guards = new(StringComparer.Ordinal);

    /// <summary>When the next is to be taken back; null when none waits.</summary>
    public DateTimeOffset? Due => guards.Values.Where(g => !g.IsReverted).Min(g => (DateTimeOffset?)g.Guard.Deadline);

    /// <summary>Hears what etcd tells; answers with what has to be told to the feed after it, or null.</summary>
    public WatchBatch.Events? Hear(WatchBatch batch)
    {
        List<WatchEvent> after = [];
        switch (batch)
        {
            case WatchBatch.SnapshotBegin:
                foreach (Waiting guard in guards.Values) guard.IsSeen = false;
                break;
            case WatchBatch.SnapshotPage page:
                foreach (EtcdEntry entry in page.Entries.Span) Hear(new WatchEvent(entry, false), after);
                break;
            case WatchBatch.SnapshotComplete complete:
                foreach (string gone in guards.Values.Where(g => !g.IsSeen).Select(g => g.Guard.Id).ToArray()) guards.Remove(gone);
                // etcd still has what was taken back here.
                foreach (Waiting guard in guards.Values.Where(g => g.IsReverted)) after.AddRange(guard.Old());
                return after.Count > 0 ? new WatchBatch.Events(complete.Revision, after.ToArray()) : null;
            case WatchBatch.Events events:
                foreach (WatchEvent change in events.Changes.Span) Hear(change, after);
                return after.Count > 0 ? new WatchBatch.Events(events.Revision, after.ToArray()) : null;
            default:
                break;
        }
        return null;
    }

    /// <summary>Takes back what is due; answers with the guards' names, and with what has to be told to the feed, or null.</summary>
    public List<string> TakeBack(DateTimeOffset now, long revision, out WatchBatch.Events? told)
    {
        List<WatchEvent> old = [];
        List<string> due = [];
        foreach (Waiting guard in guards.Values)
        {
            if (guard.IsReverted || guard.Guard.Deadline > now) continue;
            guard.IsReverted = true;
            due.Add(guard.Guard.Id);
            old.AddRange(guard.Old());
        }
        told = old.Count > 0 ? new WatchBatch.Events(revision, old.ToArray()) : null;
        return due;
    }

    private void Hear(WatchEvent change, List<WatchEvent> after)
    {
        if (!change.Entry.KeyText.StartsWith(Guard.Prefix, StringComparison.Ordinal)) Note(change);
        else if (!change.IsDelete) Put(change.Entry);
        // Confirmed, or taken back by somebody: if that comes after we took it back here, what etcd has counts again.
        else if (guards.Remove(change.Entry.KeyText[Guard.Prefix.Length..], out Waiting? ended) && ended.IsReverted) after.AddRange(ended.New);
    }

    private void Put(EtcdEntry entry)
    {
        if (Guard.Decode(entry, out _) is not { } guard) return;
        if (guards.TryGetValue(guard.Id, out Waiting? known)) known.Again(guard, entry.ModRevision);
        else guards[guard.Id] = new Waiting(guard, entry);
    }

    private void Note(WatchEvent change)
    {
        foreach (Waiting guard in guards.Values) guard.Note(change);
    }

    /// <summary>A guard with what was heard of its keys.</summary>
    private sealed class Waiting
    {
        private readonly Dictionary<string, WatchEvent> heard = new(StringComparer.Ordinal);
        private readonly long armed;
        private long changed;

        public Waiting(Guard guard, EtcdEntry entry)
        {
            Guard = guard;
            (armed, changed) = (entry.CreateRevision, entry.ModRevision);
        }

        public Guard Guard { get; private set; }

        public bool IsSeen { get; set; } = true;

        public bool IsReverted { get; set; }

        /// <summary>It is there in a new snapshot, or was written once more with the change.</summary>
        public void Again(Guard guard, long revision)
        {
            (Guard, IsSeen) = (guard, true);
            changed = Math.Max(changed, revision);
        }

        public void Note(WatchEvent change)
        {
            foreach (GuardedKey key in Guard.Keys)
                if (key.Key == change.Entry.KeyText) heard[key.Key] = change with { Entry = EntryOf(key.Key, change.Entry.Value.ToArray()) with { ModRevision = change.Entry.ModRevision } };
        }

        /// <summary>The old values, but for keys that were changed after the change.</summary>
        public IEnumerable<WatchEvent> Old() => Guard.Keys.Where(IsOurs).Select(key => key.Before is { } before
            ? new WatchEvent(EntryOf(key.Key, before), false) : new WatchEvent(EntryOf(key.Key, default), true));

        /// <summary>What etcd last told of the keys.</summary>
        public IReadOnlyCollection<WatchEvent> New => heard.Values;

        /// <summary>While the guard was not heard of a second time, what was heard of the key is the change.</summary>
        private bool IsOurs(GuardedKey key) => changed == armed || !heard.TryGetValue(key.Key, out WatchEvent change) || change.Entry.ModRevision <= changed;

        private static EtcdEntry EntryOf(string key, ReadOnlyMemory<byte> value) => new() { Key = Encoding.UTF8.GetBytes(key), Value = value };
    }
}
