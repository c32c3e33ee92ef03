using Canal.Core.Resources;

namespace Canal.Core.Tests.Calculation;

/// <summary>The states by subject. Each sequence is fed in many ways, see <see cref="StateSequenceTests"/>.</summary>
internal static partial class NamedStates
{
    public static readonly NamedState Empty = new("empty", [], []);

    public static readonly Dictionary<string, NamedState[]> Sequences = new()
    {
        ["endpoints"] = Endpoints(),
        ["order of policies"] = PolicyOrders(),
        ["order of tiers"] = TierOrders(),
        ["directions"] = Directions(),
        ["activity of policies"] = Activity(),
        ["profiles"] = Profiles(),
        ["inherited labels"] = InheritedLabels(),
        ["network sets"] = NetworkSets(),
        ["families"] = Families(),
        ["named ports"] = NamedPorts(),
        ["selectors of rules"] = RuleSelectors(),
        ["one of each"] = [.. All().Where((_, i) => i % 3 == 0)],
        ["another of each"] = [.. All().Where((_, i) => i % 3 == 1)],
        ["yet another of each"] = [.. All().Where((_, i) => i % 3 == 2).Reverse()],
    };

    private static NamedState[] All() =>
    [
        .. Endpoints(), .. NetworkSets(), .. PolicyOrders(), .. NamedPorts(), .. Profiles(), .. TierOrders(), .. Families(), .. Directions(), .. RuleSelectors(),
        .. InheritedLabels(), .. Activity(),
    ];

    private static NamedState State(string name, Resource[] resources, params string[] expected) => new(name, resources, expected);
}
