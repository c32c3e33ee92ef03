namespace Canal.Datastore;

/// <summary>Several keys and ranges as they were at one revision.</summary>
/// <param name="Revision">That revision.</param>
/// <param name="Entries">What there is, range after range in the order asked for, each in key order.</param>
public sealed record EtcdSnapshot(long Revision, IReadOnlyList<EtcdEntry> Entries);
