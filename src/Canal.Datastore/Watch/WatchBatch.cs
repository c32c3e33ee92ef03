namespace Canal.Datastore;

/// <summary>
/// What a watcher tells: a closed set of cases. The consumer keeps the table of keys and follows these rules.
/// <list type="bullet">
/// <item><see cref="SnapshotBegin"/>: a list of all watched keys begins. Start an empty set of seen keys; forget that of an unfinished snapshot.</item>
/// <item><see cref="SnapshotPage"/>: put every entry into the table, whatever revision the table had for it, and mark it seen.</item>
/// <item><see cref="SnapshotComplete"/>: delete every key of the table that was not seen. The table now equals etcd at that revision.</item>
/// <item><see cref="Events"/>: apply in order. Never between Begin and Complete; never before the first Complete.</item>
/// <item><see cref="Connected"/>, <see cref="Lost"/>: for the log and for health; the table stays as it is.</item>
/// </list>
/// A snapshot comes first, and again whenever events may have been missed: history compacted away, or the cluster restored from a backup, after which
/// revisions may be lower than those seen before. A snapshot may break off (a Lost follows, later another SnapshotBegin): what its pages put stays.
/// </summary>
public abstract record WatchBatch
{
    private WatchBatch()
    {
    }

    /// <summary>A list of all watched keys begins.</summary>
    public sealed record SnapshotBegin : WatchBatch;

    /// <summary>Part of the list, never empty. Within a range in key order; ranges in the order they were given.</summary>
    public sealed record SnapshotPage(ReadOnlyMemory<EtcdEntry> Entries) : WatchBatch;

    /// <summary>The list is complete and shows this revision; events follow from the next.</summary>
    public sealed record SnapshotComplete(long Revision) : WatchBatch;

    /// <summary>
    /// Changes of one watched range up to and including <see cref="Revision"/>, in order, never empty. One revision's changes of a range are never split over
    /// two batches, never delivered twice and never left out. Different ranges are not ordered among each other.
    /// </summary>
    public sealed record Events(long Revision, ReadOnlyMemory<WatchEvent> Changes) : WatchBatch;

    /// <summary>etcd has accepted the watch; follows the start and every outage, once, after the snapshot if there is one.</summary>
    /// <param name="Endpoint">The member watched.</param>
    public sealed record Connected(string Endpoint) : WatchBatch;

    /// <summary>
    /// etcd cannot be watched; the watcher goes on trying. Once for each kind of failure until the next <see cref="Connected"/>, so that an outage of hours is a line or two.
    /// </summary>
    /// <param name="Failure">Its kind.</param>
    /// <param name="Reason">A sentence naming the endpoint.</param>
    public sealed record Lost(EtcdFailure Failure, string Reason) : WatchBatch;
}
