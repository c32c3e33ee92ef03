namespace Canal.BirdConfigRenderer.Bird;

/// <summary>What became of a new configuration.</summary>
/// <param name="Refusal">Why the old one stays; null when the new one is in the file.</param>
/// <param name="BirdRuns">BIRD has read it; false: it will when it starts.</param>
internal readonly record struct ApplyOutcome(string? Refusal, bool BirdRuns);
