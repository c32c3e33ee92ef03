using Canal.Core.Labels;

namespace Canal.Core.Tests.Labels;

public sealed class EffectiveSelectorTests
{
    [Theory]
    [InlineData("", "", "projectcalico.org/namespace == \"shop\"")]
    [InlineData("has(a) || has(b)", "", "((has(a) || has(b)) && projectcalico.org/namespace == \"shop\")")]
    [InlineData("", "role == 'r'", "(projectcalico.org/namespace == \"shop\" && pcsa.role == \"r\")")]
    [InlineData("all()", "role == 'r'", "((all() && projectcalico.org/namespace == \"shop\") && pcsa.role == \"r\")")]
    public void A_network_policy_selects_in_its_namespace(string selector, string accounts, string expected)
    {
        Assert.True(EffectiveSelector.TryForNetworkPolicy("shop", selector, accounts, out Selector? effective, out _));
        Assert.Equal(expected, effective.ToString());
    }

    [Theory]
    [InlineData("", "", "", "all()")]
    [InlineData("all()", "", "", "all()")]
    [InlineData("has(a)", "", "", "has(a)")]
    [InlineData("", "all()", "", "has(projectcalico.org/namespace)")]
    [InlineData("all()", "env == 'prod'", "", "(has(projectcalico.org/namespace) && pcns.env == \"prod\")")]
    [InlineData("a == 'all()'", "all()", "", "(a == \"all()\" && has(projectcalico.org/namespace))")]
    [InlineData("", "", "all()", "has(projectcalico.org/serviceaccount)")]
    [InlineData("has(a)", "has(b)", "has(c)", "((has(a) && has(pcns.b)) && has(pcsa.c))")]
    [InlineData("has(a)", "!(!has(b))", "", "(has(a) && has(pcns.b))")]
    public void A_global_network_policy_selects_everywhere_unless_narrowed(string selector, string namespaces, string accounts, string expected)
    {
        Assert.True(EffectiveSelector.TryForGlobalNetworkPolicy(selector, namespaces, accounts, out Selector? effective, out _));
        Assert.Equal(expected, effective.ToString());
    }

    [Fact]
    public void A_rule_with_addresses_only_is_not_limited_to_the_namespace()
    {
        Assert.True(EffectiveSelector.TryForRuleEntity("shop", new RuleEntitySelectors(), out RuleMatchSets? sets, out _));
        Assert.Equal(RuleMatchSets.None, sets);
    }

    [Fact]
    public void A_negative_condition_alone_stays_negative_in_a_global_policy_and_narrows_the_namespace_in_another()
    {
        var entity = new RuleEntitySelectors(NotSelector: "!has(x)");
        Assert.True(EffectiveSelector.TryForRuleEntity("", entity, out RuleMatchSets? global, out _));
        Assert.Equal(new RuleMatchSets(null, Sample.Selector("!has(x)")), global);
        Assert.True(EffectiveSelector.TryForRuleEntity("shop", entity, out RuleMatchSets? namespaced, out _));
        Assert.Equal("(projectcalico.org/namespace == \"shop\" && !!has(x))", namespaced.Match?.ToString());
        Assert.Null(namespaced.NotMatch);
    }

    [Fact]
    public void Service_accounts_are_selected_by_name_and_label()
    {
        var entity = new RuleEntitySelectors(ServiceAccountNames: ["b", "a"], ServiceAccountSelector: "has(t)");
        Assert.True(EffectiveSelector.TryForRuleEntity("", entity, out RuleMatchSets? sets, out _));
        Assert.Equal("(has(pcsa.t) && projectcalico.org/serviceaccount in {\"a\", \"b\"})", sets.Match?.ToString());
    }

    [Fact]
    public void A_negated_global_namespace_selector_means_any_namespace()
    {
        Assert.True(EffectiveSelector.TryForRuleEntity("shop", new RuleEntitySelectors(NamespaceSelector: "!global()"), out RuleMatchSets? sets, out _));
        Assert.Equal("has(projectcalico.org/namespace)", sets.Match?.ToString());
    }

    [Theory]
    [InlineData("has(a)) || (has(b)", "", "", "", "selector")]
    [InlineData("", "has(a", "", "", "notSelector")]
    [InlineData("", "", "env = 'x'", "", "namespaceSelector")]
    [InlineData("", "", "", "x", "serviceAccounts.selector")]
    public void A_field_that_is_no_selector_is_named(string selector, string notSelector, string namespaces, string accounts, string field)
    {
        var entity = new RuleEntitySelectors(selector, notSelector, namespaces, [], accounts);
        Assert.False(EffectiveSelector.TryForRuleEntity("shop", entity, out RuleMatchSets? sets, out SelectorError? error));
        Assert.Null(sets);
        Assert.Equal(field, error.Field);
    }

    [Fact]
    public void A_policy_field_cannot_escape_its_parentheses()
    {
        Assert.False(EffectiveSelector.TryForNetworkPolicy("shop", "has(a)) || (has(b)", "", out _, out SelectorError? error));
        Assert.Equal("selector: at byte 6: unexpected text after the selector's end", error.ToString());
        Assert.False(EffectiveSelector.TryForGlobalNetworkPolicy("", "has(a)) || (has(b)", "", out _, out error));
        Assert.Equal("namespaceSelector", error.Field);
        Assert.True(EffectiveSelector.TryForNetworkPolicy("a' || has(b) || x == 'c", "has(x)", "", out Selector? effective, out _));
        Assert.False(effective.Evaluate(Sample.Labels("b=1 x=1")));
    }
}
