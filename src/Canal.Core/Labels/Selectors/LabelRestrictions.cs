using System.Collections.Immutable;

namespace Canal.Core.Labels;

/// <summary>Derives, label by label, conditions necessary (not sufficient) for a selector to match, so that an index can pass over what cannot match.</summary>
internal static class LabelRestrictions
{
    /// <summary>By label name. A label that is missing is not restricted. The result belongs to the caller.</summary>
    public static Dictionary<string, LabelRestriction> Of(SelectorNode node) => node switch
    {
        PresenceNode presence => One(presence.Label, new LabelRestriction { MustBePresent = true }),
        ComparisonNode { Operator: not ComparisonOperator.NotEqual } comparison => One(comparison.Label, OfComparison(comparison)),
        MembershipNode { Operator: MembershipOperator.In } membership =>
            One(membership.Label, new LabelRestriction { MustBePresent = true, MustHaveOneOfValues = [.. membership.Values] }),
        NotNode { Operand: PresenceNode presence } => One(presence.Label, new LabelRestriction { MustBeAbsent = true }),
        AndNode and => OfAnd(and.Operands),
        OrNode or => OfOr(or.Operands),
        _ => [],
    };

    private static LabelRestriction OfComparison(ComparisonNode comparison) => new()
    {
        MustBePresent = true,
        MustHaveOneOfValues = comparison.Operator is ComparisonOperator.Equal ? [comparison.Value] : null,
    };

    private static Dictionary<string, LabelRestriction> One(string label, LabelRestriction restriction) => new() { [label] = restriction };

    private static Dictionary<string, LabelRestriction> OfAnd(ImmutableArray<SelectorNode> operands)
    {
        Dictionary<string, LabelRestriction> all = Of(operands[0]);
        for (int i = 1; i < operands.Length; i++)
        {
            foreach ((string label, LabelRestriction restriction) in Of(operands[i]))
            {
                if (!all.TryAdd(label, restriction))
                    all[label].And(restriction);
            }
        }
        return all;
    }

    /// <summary>Keeps what every operand demands.</summary>
    private static Dictionary<string, LabelRestriction> OfOr(ImmutableArray<SelectorNode> operands)
    {
        Dictionary<string, LabelRestriction> common = Of(operands[0]);
        for (int i = 1; i < operands.Length && common.Count > 0; i++)
        {
            Dictionary<string, LabelRestriction> next = Of(operands[i]);
            foreach (string label in common.Keys)
            {
                // Removing the current key does not disturb the enumeration (Dictionary, since .NET Core 3.0).
                if (!next.TryGetValue(label, out LabelRestriction? restriction) || !common[label].Or(restriction))
                    common.Remove(label);
            }
        }
        return common;
    }
}
