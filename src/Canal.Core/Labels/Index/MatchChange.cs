namespace Canal.Core.Labels;

/// <summary>A selector started or stopped matching an item.</summary>
public readonly record struct MatchChange(int Selector, int Item, MatchChangeKind Kind);
