namespace Canal.Datastore;

/// <summary>
/// Which history the consumer's table belongs to. A cluster restored from a backup has another one: its id may differ, its raft term or its revision may
/// be lower than what was seen. Only linearizable answers are compared, since a member that lags shows old revisions too.
/// </summary>
internal sealed class WatchHistory
{
    private ulong clusterId;
    private ulong raftTerm;
    private long revision;

    /// <summary>The consumer holds a complete table and can go on from where it is.</summary>
    public bool IsKnown { get; private set; }

    public void Begin(RangePage answer)
    {
        IsKnown = true;
        clusterId = answer.ClusterId;
        raftTerm = answer.RaftTerm;
        revision = answer.Revision;
    }

    public void Forget() => IsKnown = false;

    public void Advance(long seenRevision) => revision = Math.Max(revision, seenRevision);

    /// <summary>Whether this answer continues the history; takes its term and revision over if so.</summary>
    public bool Continues(RangePage answer)
    {
        bool same = answer.ClusterId == clusterId && answer.RaftTerm >= raftTerm && answer.Revision >= revision;
        if (same)
        {
            raftTerm = answer.RaftTerm;
            Advance(answer.Revision);
        }
        return same;
    }

    public bool IsOf(ulong otherClusterId) => otherClusterId == clusterId;
}
