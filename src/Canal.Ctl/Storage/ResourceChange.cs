namespace Canal.Ctl;

/// <summary>Something that happened to a resource.</summary>
/// <param name="Type">ADDED, MODIFIED or DELETED.</param>
/// <param name="Resource">As it is now, or was before it was deleted.</param>
internal sealed record ResourceChange(string Type, StoredResource Resource);
