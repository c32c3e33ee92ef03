namespace Canal.Datastore;

/// <summary>Part of a list.</summary>
/// <param name="Revision">The one revision that all pages of the list show.</param>
/// <param name="Entries">Entries in key order; empty only when the whole list is.</param>
public sealed record EtcdPage(long Revision, ReadOnlyMemory<EtcdEntry> Entries);
