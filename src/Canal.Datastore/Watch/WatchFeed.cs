namespace Canal.Datastore;

/// <summary>
/// What a consumer of <see cref="WatchBatch"/>es has in common: it follows the snapshots' rules and leaves to its heir what entries are. Which keys there are
/// the heir keeps in a <see cref="SnapshotMarks{TKey}"/>.
/// </summary>
public abstract class WatchFeed
{
    /// <summary>The first snapshot is complete: before that nothing may be made of it.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>A snapshot is being read: what is known is a mixture of two states of the cluster, and nothing may be made of it.</summary>
    public bool IsMidSnapshot { get; private set; }

    /// <summary>Revision up to which everything is known.</summary>
    public long Revision { get; private set; }

    /// <summary>Takes a batch in.</summary>
    public void Accept(WatchBatch batch)
    {
        switch (batch)
        {
            case WatchBatch.SnapshotBegin:
                BeginSnapshot();
                IsMidSnapshot = true;
                break;
            case WatchBatch.SnapshotPage page:
                foreach (EtcdEntry entry in page.Entries.Span) Put(entry);
                break;
            case WatchBatch.SnapshotComplete complete:
                EndSnapshot();
                (IsMidSnapshot, IsComplete, Revision) = (false, true, complete.Revision);
                break;
            case WatchBatch.Events events:
                foreach (WatchEvent change in events.Changes.Span)
                {
                    if (change.IsDelete) Delete(change.Entry);
                    else Put(change.Entry);
                }
                Revision = events.Revision;
                break;
            default:
                break; // Connected and Lost are for the log.
        }
    }

    /// <summary>Passes it on to the marks.</summary>
    protected abstract void BeginSnapshot();

    /// <summary>Forgets the keys that the marks say are gone.</summary>
    protected abstract void EndSnapshot();

    /// <summary>The entry is there, and marked.</summary>
    protected abstract void Put(EtcdEntry entry);

    /// <summary>The entry is gone; its value is not known.</summary>
    protected abstract void Delete(EtcdEntry entry);
}
