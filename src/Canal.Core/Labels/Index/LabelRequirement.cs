namespace Canal.Core.Labels;

/// <summary>One label that an item must have for a selector to match it.</summary>
/// <param name="Name">The label's interned name.</param>
/// <param name="Pairs">The pairs that will do; null when any value will.</param>
internal readonly record struct LabelRequirement(int Name, int[]? Pairs);
