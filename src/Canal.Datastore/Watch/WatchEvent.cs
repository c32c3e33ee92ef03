namespace Canal.Datastore;

/// <summary>One key written or deleted. Bytes as in <see cref="EtcdEntry"/>.</summary>
/// <param name="Entry">The key as written; of a deleted key only Key and ModRevision, that of the deletion.</param>
/// <param name="IsDelete">The key is gone: deleted, or its lease expired.</param>
public readonly record struct WatchEvent(EtcdEntry Entry, bool IsDelete);
