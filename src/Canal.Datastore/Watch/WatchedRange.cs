using Etcdserverpb;

namespace Canal.Datastore;

/// <summary>One range under watch: how far it has been delivered, and the part of the last message still held back.</summary>
internal sealed class WatchedRange(KeyRange range)
{
    private readonly List<WatchEvent> pending = [];

    public KeyRange Range => range;

    /// <summary>First revision not yet delivered.</summary>
    public long Next { get; set; }

    /// <summary>The stream's name for this watch; null before etcd confirmed it.</summary>
    public long? Id { get; private set; }

    /// <summary>A new stream begins: it will send again all that was held back.</summary>
    public void Reopen()
    {
        Id = null;
        pending.Clear();
    }

    public void Confirm(long id) => Id = id;

    public WatchCreateRequest CreateRequest() => new()
    {
        Key = range.Start,
        RangeEnd = range.End,
        StartRevision = Next,
        Fragment = true,
        ProgressNotify = true,
    };

    /// <summary>
    /// Takes a message in; returns the events whose revisions are complete. A message is sorted by revision and holds revisions whole, but may come in
    /// fragments: until the last one, the newest revision is held back, since a break of the stream would lose the rest of it.
    /// </summary>
    public ReadOnlyMemory<WatchEvent> Accept(WatchResponse message)
    {
        foreach (Mvccpb.Event change in message.Events)
        {
            if (change.Kv is { } kv && kv.ModRevision >= Next)
                pending.Add(new WatchEvent(Entries.From(kv), change.Type == Mvccpb.Event.Types.EventType.Delete));
        }
        return Take(message.Fragment ? CompletePart() : pending.Count);
    }

    /// <summary>etcd says that nothing before this revision is under way. Only its own notifications say so: answers to progress requests may overtake events (etcd issue 15220).</summary>
    public void Progress(long revision)
    {
        if (pending.Count == 0)
            Next = Math.Max(Next, revision + 1);
    }

    private int CompletePart()
    {
        int complete = pending.Count;
        while (complete > 0 && pending[complete - 1].Entry.ModRevision == pending[^1].Entry.ModRevision)
            complete--;
        return complete;
    }

    private ReadOnlyMemory<WatchEvent> Take(int count)
    {
        WatchEvent[] taken = pending.GetRange(0, count).ToArray();
        pending.RemoveRange(0, count);
        return taken;
    }
}
