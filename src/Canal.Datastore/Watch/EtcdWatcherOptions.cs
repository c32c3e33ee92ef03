namespace Canal.Datastore;

/// <summary>The patience of an <see cref="EtcdWatcher"/>. The defaults are for every cluster; tests are less patient.</summary>
public sealed record EtcdWatcherOptions
{
    /// <summary>
    /// How often etcd is asked for a sign of life on the stream. When nothing has come by the next time, the stream counts as dead: a
    /// black-holed connection is noticed within twice this time.
    /// </summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>First pause after a failure; each further one doubles, less a random part of up to half.</summary>
    public TimeSpan BackoffLeast { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause; a stream that lived for less than this does not count as success.</summary>
    public TimeSpan BackoffMost { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Bytes a page of a snapshot aims at; two may be in memory. A single answer of etcd is at most 64 MiB.</summary>
    public int PageBytes { get; init; } = EtcdStore.PageBytes;
}
