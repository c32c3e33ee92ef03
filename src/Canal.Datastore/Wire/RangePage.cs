namespace Canal.Datastore;

/// <summary>One answer to a range request.</summary>
internal sealed record RangePage
{
    public required ulong ClusterId { get; init; }

    public required ulong RaftTerm { get; init; }

    /// <summary>Revision of the store when it answered, even if an older one was asked for.</summary>
    public required long Revision { get; init; }

    /// <summary>There are further keys in the range.</summary>
    public required bool More { get; init; }

    /// <summary>Entries in key order, in portions small enough to stay off the large object heap; no portion is empty.</summary>
    public required IReadOnlyList<ReadOnlyMemory<EtcdEntry>> Portions { get; init; }

    public required int Count { get; init; }

    /// <summary>Size of the whole message in bytes.</summary>
    public required long Bytes { get; init; }

    public EtcdEntry? Last => Count == 0 ? null : Portions[^1].Span[^1];
}
