using Canal.Core.Labels;
using CsCheck;

namespace Canal.Core.Tests.Labels;

/// <summary>Random selectors and labels over a universe small enough for them to meet.</summary>
internal static class SelectorGenerators
{
    private static readonly Gen<string> Label = Gen.OneOf("a", "b", "in", "not-x/y");

    private static readonly Gen<string> Value = Gen.OneOf("", "x", "xy", "yx", "a'b", "é\U0001F600");

    public static readonly Gen<Dictionary<string, string>> Labels = Gen.Select(Label, Value).List[0, 4].Select(pairs =>
    {
        var labels = new Dictionary<string, string>();
        foreach ((string label, string value) in pairs)
            labels[label] = value;
        return labels;
    });

    private static readonly Gen<SelectorNode> Leaf = Gen.OneOf(
        Gen.OneOf<SelectorNode>(new AllNode(), new GlobalNode()),
        Label.Select(label => (SelectorNode)new PresenceNode(label)),
        Gen.Select(Label, Gen.Int[0, 4], Value).Select((label, comparison, value) => (SelectorNode)new ComparisonNode(label, (ComparisonOperator)comparison, value)),
        Gen.Select(Label, Gen.Int[0, 1], Value.List[0, 3]).Select((label, membership, values) => (SelectorNode)new MembershipNode(label, (MembershipOperator)membership, values)));

    /// <summary>Trees of any shape, doubled negations among them.</summary>
    public static Gen<SelectorNode> Tree(int depth) => depth == 0 ? Leaf : Gen.Frequency(
        (4, Leaf),
        (2, Tree(depth - 1).Select(node => (SelectorNode)new NotNode(node))),
        (3, Tree(depth - 1).List[2, 3].Select(nodes => (SelectorNode)new AndNode([.. nodes]))),
        (2, Tree(depth - 1).List[2, 3].Select(nodes => (SelectorNode)new OrNode([.. nodes]))));

    /// <summary>Without doubled negations, which the parser folds.</summary>
    public static Gen<SelectorNode> PlainTree(int depth) => Tree(depth).Where(node => !node.ToString().Contains("!!", StringComparison.Ordinal));
}
