namespace Canal.Felix.Feed;

/// <summary>Whether etcd is reached, as the watcher told last. The loop writes it, scrapers read it at any time.</summary>
internal sealed class DatastoreState
{
    private volatile string? reason = "not reached since the start";

    public bool IsReached => reason is null;

    /// <summary>Why it is not; empty when it is.</summary>
    public string Reason => reason ?? "";

    public void Reached() => reason = null;

    public void Lost(string why) => reason = why;
}
