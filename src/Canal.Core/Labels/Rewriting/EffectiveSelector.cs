using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Canal.Core.Labels;

/// <summary>What a policy or rule really selects, once its namespace and its namespace and service account selectors are folded in.</summary>
/// <remarks>
/// The results, identities included, are those of Calico's update processors and rule scanner (libcalico-go, backend/syncersv1; felix/calc). Two deliberate differences: Calico pastes texts
/// together, so a field such as <c>a) || (b</c> escapes its parentheses and <c>all()</c> inside a quoted value is replaced too, while here trees are joined; and where Calico drops a namespace or
/// service account selector that does not parse, which widens the rule, this reports an error.
/// </remarks>
public static class EffectiveSelector
{
    private static readonly PresenceNode InSomeNamespace = new(WellKnownLabels.Namespace);
    private static readonly PresenceNode HasServiceAccount = new(WellKnownLabels.ServiceAccount);

    /// <summary>Which endpoints a NetworkPolicy applies to: those of its namespace only.</summary>
    public static bool TryForNetworkPolicy(
        string policyNamespace,
        string selector,
        string serviceAccountSelector,
        [NotNullWhen(true)] out Selector? effective,
        [NotNullWhen(false)] out SelectorError? error)
    {
        effective = null;
        if (!TryRead(selector, "selector", out SelectorNode? own, out error) || !TryReadServiceAccounts(serviceAccountSelector, "serviceAccountSelector", out SelectorNode? accounts, out error))
            return false;
        SelectorNode? joined = Both(Both(own, InNamespace(policyNamespace)), accounts);
        effective = Effective(joined);
        return true;
    }

    /// <summary>Which endpoints a GlobalNetworkPolicy applies to: workload and host endpoints alike, unless a namespace selector narrows it to workloads.</summary>
    public static bool TryForGlobalNetworkPolicy(
        string selector,
        string namespaceSelector,
        string serviceAccountSelector,
        [NotNullWhen(true)] out Selector? effective,
        [NotNullWhen(false)] out SelectorError? error)
    {
        effective = null;
        if (!TryRead(selector, "selector", out SelectorNode? joined, out error)
            || !TryReadPrefixed(namespaceSelector, "namespaceSelector", new NodeRewrite(WellKnownLabels.NamespacePrefix), out SelectorNode? namespaces, out error)
            || !TryReadServiceAccounts(serviceAccountSelector, "serviceAccountSelector", out SelectorNode? accounts, out error))
            return false;
        if (namespaces is not null)
            joined = Both(joined, namespaces)!.Rewrite(new NodeRewrite("", All: InSomeNamespace));
        if (accounts is not null)
            joined = Both(joined, accounts)!.Rewrite(new NodeRewrite("", All: HasServiceAccount));
        effective = Effective(joined);
        return true;
    }

    /// <summary>Which sets one side of a rule is compared with.</summary>
    /// <param name="policyNamespace">The namespace of the NetworkPolicy that holds the rule; empty for a GlobalNetworkPolicy or a Profile.</param>
    /// <param name="entity">The side's fields.</param>
    /// <param name="sets">The sets, when this returns true.</param>
    /// <param name="error">Which field was wrong, and how, when this returns false.</param>
    public static bool TryForRuleEntity(
        string policyNamespace,
        RuleEntitySelectors entity,
        [NotNullWhen(true)] out RuleMatchSets? sets,
        [NotNullWhen(false)] out SelectorError? error)
    {
        sets = null;
        if (!TryReadEntity(entity, out SelectorNode? positive, out error)
            || !TryReadNamespaces(policyNamespace, entity.NamespaceSelector, out SelectorNode? namespaces, out error)
            || !TryRead(entity.NotSelector, "notSelector", out SelectorNode? negative, out error))
            return false;
        // A rule with nothing but addresses and ports is not limited to the policy's namespace.
        if (positive is not null || negative is not null || entity.NamespaceSelector.Length > 0)
            positive = Both(namespaces, positive);
        sets = Combine(positive, negative);
        return true;
    }

    /// <summary>A negative condition narrows the positive set when there is one. Alone it must stay a negated match, which unknown addresses satisfy.</summary>
    private static RuleMatchSets Combine(SelectorNode? positive, SelectorNode? negative)
    {
        if (positive is null)
            return negative is null ? RuleMatchSets.None : new RuleMatchSets(null, new Selector(negative));
        return new RuleMatchSets(new Selector(negative is null ? positive : Both(positive, new NotNode(negative))!), null);
    }

    private static bool TryReadEntity(RuleEntitySelectors entity, out SelectorNode? positive, [NotNullWhen(false)] out SelectorError? error)
    {
        positive = null;
        if (!TryRead(entity.Selector, "selector", out SelectorNode? own, out error)
            || !TryReadServiceAccounts(entity.ServiceAccountSelector, "serviceAccounts.selector", out SelectorNode? accounts, out error))
            return false;
        SelectorNode? named = entity.ServiceAccountNames.IsDefaultOrEmpty
            ? null
            : new MembershipNode(WellKnownLabels.ServiceAccount, MembershipOperator.In, entity.ServiceAccountNames);
        positive = Both(Both(accounts, named), own);
        return true;
    }

    private static bool TryReadNamespaces(string policyNamespace, string namespaceSelector, out SelectorNode? namespaces, [NotNullWhen(false)] out SelectorError? error)
    {
        var rewrite = new NodeRewrite(WellKnownLabels.NamespacePrefix, All: InSomeNamespace, Global: new NotNode(InSomeNamespace));
        if (!TryReadPrefixed(namespaceSelector, "namespaceSelector", rewrite, out namespaces, out error))
            return false;
        if (namespaces is null && policyNamespace.Length > 0)
            namespaces = InNamespace(policyNamespace);
        return true;
    }

    private static bool TryReadServiceAccounts(string text, string field, out SelectorNode? node, [NotNullWhen(false)] out SelectorError? error) =>
        TryReadPrefixed(text, field, new NodeRewrite(WellKnownLabels.ServiceAccountPrefix), out node, out error);

    /// <summary>Rewrites and reads again, as Calico does: the second reading folds <c>!!a</c>, which changes the identity, and refuses names that the prefix made too long.</summary>
    private static bool TryReadPrefixed(string text, string field, NodeRewrite rewrite, out SelectorNode? node, [NotNullWhen(false)] out SelectorError? error)
    {
        if (!TryRead(text, field, out node, out error) || node is null)
            return error is null;
        return TryRead(node.Rewrite(rewrite).ToString(), field, out node, out error);
    }

    /// <summary>Reads a field; an empty one gives null.</summary>
    private static bool TryRead(string text, string field, out SelectorNode? node, [NotNullWhen(false)] out SelectorError? error)
    {
        error = null;
        node = text.Length == 0 ? null : SelectorParser.Parse(text, out error);
        error = error is null ? null : error with { Field = field };
        return error is null;
    }

    private static ComparisonNode InNamespace(string policyNamespace) => new(WellKnownLabels.Namespace, ComparisonOperator.Equal, policyNamespace);

    private static SelectorNode? Both(SelectorNode? first, SelectorNode? second) =>
        first is null ? second : second is null ? first : new AndNode(ImmutableArray.Create(first, second));

    private static Selector Effective(SelectorNode? node) => node is null ? Selector.All : new Selector(node);
}
