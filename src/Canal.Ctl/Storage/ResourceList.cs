namespace Canal.Ctl;

/// <summary>What there was of a kind.</summary>
/// <param name="Revision">The one revision the whole list shows.</param>
/// <param name="Resources">In the order of the keys.</param>
internal sealed record ResourceList(long Revision, IReadOnlyList<StoredResource> Resources);
