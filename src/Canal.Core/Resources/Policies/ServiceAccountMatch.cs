namespace Canal.Core.Resources;

/// <summary>Matches endpoints by service account: by name, by the account's labels, or by both.</summary>
public sealed record ServiceAccountMatch
{
    public EquatableArray<string> Names { get; init; }

    public string Selector { get; init; } = "";
}
