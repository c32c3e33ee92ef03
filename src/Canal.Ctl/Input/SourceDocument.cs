using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A resource as somebody wrote it, not yet looked at.</summary>
internal sealed record SourceDocument(Origin Origin, ResourceDocument Document);
