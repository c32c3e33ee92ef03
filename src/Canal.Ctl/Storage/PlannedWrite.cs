using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>What is to be stored for a wanted resource, over what was seen.</summary>
/// <param name="Key">Where.</param>
/// <param name="Seen">The revision that was seen there; 0 for nothing.</param>
/// <param name="Document">What to store.</param>
/// <param name="Unchanged">It is stored already.</param>
internal sealed record PlannedWrite(ResourceKey Key, long Seen, ResourceDocument Document, bool Unchanged);
