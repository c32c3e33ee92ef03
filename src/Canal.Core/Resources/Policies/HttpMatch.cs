namespace Canal.Core.Resources;

/// <summary>An application layer match. No packet filter can decide it; it is kept so that a rule carrying it is never taken for a rule without.</summary>
public sealed record HttpMatch
{
    public EquatableArray<string> Methods { get; init; }

    public EquatableArray<HttpPath> Paths { get; init; }
}
