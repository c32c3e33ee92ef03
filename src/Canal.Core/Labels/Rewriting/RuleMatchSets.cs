namespace Canal.Core.Labels;

/// <summary>The sets that one side of a rule is compared with.</summary>
/// <param name="Match">The address must be in this set; null: no such condition. Named ports of this side, negated ones too, are looked up among its members, or among all endpoints when null.</param>
/// <param name="NotMatch">The address must not be in this set, though it may be no known endpoint at all; null: no such condition. Never present together with <paramref name="Match"/>.</param>
public sealed record RuleMatchSets(Selector? Match, Selector? NotMatch)
{
    /// <summary>Neither condition.</summary>
    public static RuleMatchSets None { get; } = new(null, null);
}
