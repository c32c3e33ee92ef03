namespace Canal.Core.Resources;

/// <summary>A tier of policies.</summary>
public sealed record Tier : Resource
{
    /// <summary>What a missing order means.</summary>
    public const double DefaultOrder = 1000000;

    /// <summary>Null when the data has none; it then counts as <see cref="DefaultOrder"/>.</summary>
    public double? Order { get; init; }

    /// <summary>Null when the data has none; it then counts as Deny.</summary>
    public TierAction? DefaultAction { get; init; }
}
