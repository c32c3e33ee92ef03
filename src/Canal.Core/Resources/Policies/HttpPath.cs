namespace Canal.Core.Resources;

/// <summary>A path of an HTTP match: exactly, or by prefix.</summary>
public sealed record HttpPath(string? Exact, string? Prefix);
