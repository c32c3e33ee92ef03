namespace Canal.Datastore;

/// <summary>Answer to reading one key.</summary>
/// <param name="Revision">Revision of the store when it answered.</param>
/// <param name="Entry">The key and its value; null when there is no such key.</param>
public sealed record EtcdRead(long Revision, EtcdEntry? Entry);
