namespace Canal.Core.Policy;

/// <summary>Variants that differ in their sides only: every source with every destination.</summary>
/// <param name="Frame">Family and protocol; its sides are any.</param>
/// <param name="Sources">The alternatives of the source; never empty. What is negated is the same in all of them.</param>
/// <param name="Destinations">The alternatives of the destination, likewise.</param>
public sealed record RuleFactor(RuleVariant Frame, IReadOnlyList<SideVariant> Sources, IReadOnlyList<SideVariant> Destinations)
{
    /// <summary>How many variants there are.</summary>
    public long Count => (long)Sources.Count * Destinations.Count;

    /// <summary>The variants, one after the other.</summary>
    public IEnumerable<RuleVariant> Variants =>
        from source in Sources
        from destination in Destinations
        select Frame with { Source = source, Destination = destination };
}
