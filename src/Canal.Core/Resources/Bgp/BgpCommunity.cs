namespace Canal.Core.Resources;

/// <summary>A name for a community value, <c>aa:nn</c> or <c>aa:nn:mm</c>.</summary>
public readonly record struct BgpCommunity(string Name, string Value);
