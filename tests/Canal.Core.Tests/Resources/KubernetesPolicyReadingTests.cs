using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

/// <summary>What Kubernetes' documents say a NetworkPolicy means, in the policy that is made of it.</summary>
public sealed class KubernetesPolicyReadingTests
{
    private const string Pods = "projectcalico.org/orchestrator == 'k8s'";

    [Fact]
    public void An_empty_one_isolates_all_pods_of_the_namespace()
    {
        PolicySpec spec = Read("""{"podSelector":{}}""");
        Assert.Equal(new PolicySpec { Order = 1000, Selector = Pods, Types = PolicyTypes.Ingress }, spec);
    }

    [Theory]
    [InlineData("""{"matchLabels":{"app":"web"}}""", "app == 'web'")]
    [InlineData("""{"matchLabels":{"app":"web","a.b/tier":""}}""", "app == 'web' && a.b/tier == ''")]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"In","values":["a","b"]},{"values":["c"],"operator":"NotIn","key":"app"}]}""", "app in { 'a', 'b' } && app not in { 'c' }")]
    [InlineData("""{"matchExpressions":[{"key":"x","operator":"Exists"},{"key":"y","operator":"DoesNotExist","values":[]}],"matchLabels":{"z":"1"}}""", "has(x) && !has(y) && z == '1'")]
    public void Labels_select_pods(string selector, string terms) => Assert.Equal($"{Pods} && {terms}", Read($$"""{"podSelector":{{selector}}}""").Selector);

    [Theory]
    [InlineData("{}", PolicyTypes.Ingress)]
    [InlineData("""{"egress":[{}]}""", PolicyTypes.Both)]
    [InlineData("""{"policyTypes":["Egress"]}""", PolicyTypes.Egress)]
    [InlineData("""{"policyTypes":["Ingress"],"egress":[{}]}""", PolicyTypes.Ingress)]
    public void Types_follow_from_the_rules_where_none_are_named(string spec, PolicyTypes types) => Assert.Equal(types, Read(spec).Types);

    [Fact]
    public void A_rule_without_peers_and_ports_allows_everything() => Assert.Equal(new Rule { Action = RuleAction.Allow }, Assert.Single(Read("""{"ingress":[{"from":[],"ports":[]}]}""").Ingress));

    [Fact]
    public void Each_peer_is_a_rule()
    {
        PolicySpec spec = Read("""
            {"ingress":[{"from":[
              {"podSelector":{"matchLabels":{"role":"client"}}},
              {"namespaceSelector":{}},
              {"namespaceSelector":{"matchLabels":{"team":"a"}},"podSelector":{}},
              {"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}]}]}
            """);
        Assert.Equal([$"{Pods} && role == 'client'", Pods, Pods, ""], spec.Ingress.Select(rule => rule.Source.Selector));
        Assert.Equal(["", "all()", "team == 'a'", ""], spec.Ingress.Select(rule => rule.Source.NamespaceSelector));
        EntityRule block = spec.Ingress[3].Source;
        Assert.Equal((Cidr.Parse("10.0.0.0/8"), Cidr.Parse("10.1.0.0/16")), (Assert.Single(block.Nets), Assert.Single(block.NotNets)));
        Assert.True(block.HasNets && block.HasNotNets);
    }

    [Fact]
    public void Ports_are_gathered_by_protocol_and_are_always_the_destinations()
    {
        PolicySpec spec = Read("""
            {"egress":[{"to":[{"podSelector":{}}],"ports":[{"port":80},{"protocol":"UDP","port":53},{"protocol":"TCP","port":8000,"endPort":8010},{"port":"metrics"},{"protocol":"SCTP"},{"protocol":"SCTP","port":7}]}]}
            """);
        Assert.Equal(["6: 80 8000:8010 metrics", "17: 53", "132: "], spec.Egress.Select(rule => $"{rule.Protocol!.Value.Number}: {string.Join(' ', rule.Destination.Ports)}"));
        Assert.All(spec.Egress, rule => Assert.Equal((Pods, EntityRule.Empty), (rule.Destination.Selector, rule.Source)));
        Assert.All(Read("""{"ingress":[{"from":[{"podSelector":{}}],"ports":[{"port":80}]}]}""").Ingress, rule => Assert.Equal("80", Assert.Single(rule.Destination.Ports).ToString()));
    }

    [Fact]
    public void Many_ports_and_peers_make_a_rule_for_each_peer_and_protocol()
    {
        string ports = string.Join(',', Enumerable.Range(1, 1000).Select(n => $$"""{"port":{{n}}}""")), peers = string.Join(',', Enumerable.Repeat("""{"podSelector":{}}""", 1000));
        Assert.Equal(1000, Read($$"""{"ingress":[{"from":[{{peers}}],"ports":[{{ports}}]}]}""").Ingress.Count);
    }

    [Theory]
    [InlineData("""{"podSelector":{"matchLabels":{"a":"x' || all() || a == 'y"}}}""", "spec.podSelector.matchLabels.a: 'x' || all() || a == 'y' is not a label's value")]
    [InlineData("""{"podSelector":{"matchLabels":{"has(b) || a":"x"}}}""", "is not a label's name")]
    [InlineData("""{"podSelector":{"matchLabels":{"a":1}}}""", "spec.podSelector.matchLabels.a: is not a string")]
    [InlineData("""{"podSelector":{"matchExpressions":[{"key":"a","operator":"In"}]}}""", "spec.podSelector.matchExpressions[0]: is not an expression: In and NotIn with values, Exists and DoesNotExist without")]
    [InlineData("""{"podSelector":{"matchExpressions":[{"operator":"Exists"}]}}""", "is not an expression")]
    [InlineData("""{"ingress":[{"from":[{}]}]}""", "spec.ingress[0].from[0]: is not a peer: an ipBlock alone, or selectors")]
    [InlineData("""{"ingress":[{"from":[{"ipBlock":{"cidr":"10.0.0.0/8"},"podSelector":{}}]}]}""", "is not a peer: an ipBlock alone, or selectors")]
    [InlineData("""{"ingress":[{"ports":[{"endPort":80}]}]}""", "spec.ingress[0].ports[0]: has an endPort without a number before it")]
    [InlineData("""{"ingress":[{"ports":[{"port":90,"endPort":80}]}]}""", "has an endPort without a number before it")]
    [InlineData("""{"ingress":[{"ports":[{"protocol":"IPv4"}]}]}""", "spec.ingress[0].ports[0].protocol: 'IPv4' is not a protocol")]
    [InlineData("""{"ingress":[null]}""", "spec.ingress[0]: is not a rule")]
    public void What_is_not_understood_makes_it_unusable(string spec, string problem) => Assert.Contains(problem, Reading.Bad(ResourceKind.StagedKubernetesNetworkPolicy, spec), StringComparison.Ordinal);

    private static PolicySpec Read(string spec) => Reading.Good<StagedKubernetesNetworkPolicy>(ResourceKind.StagedKubernetesNetworkPolicy, spec).Spec;
}
