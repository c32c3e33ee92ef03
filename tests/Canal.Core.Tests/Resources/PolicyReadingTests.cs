using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class PolicyReadingTests
{
    [Fact]
    public void A_global_policy_with_everything_reads_as_written()
    {
        PolicySpec spec = Reading.Good<GlobalNetworkPolicy>(ResourceKind.GlobalNetworkPolicy, """
            {"tier":"sec","order":-1.5,"selector":"a","namespaceSelector":"b","serviceAccountSelector":"c","types":["Egress"],"ingress":[],"egress":[{"action":"Log"}],
             "doNotTrack":true,"preDNAT":true,"applyOnForward":true,"performanceHints":["AssumeNeededOnEveryNode"]}
            """).Spec;
        Assert.Equal(new PolicySpec
        {
            Tier = "sec",
            Order = -1.5,
            Selector = "a",
            NamespaceSelector = "b",
            ServiceAccountSelector = "c",
            Types = PolicyTypes.Egress,
            Egress = [new Rule { Action = RuleAction.Log }],
            DoNotTrack = true,
            PreDnat = true,
            ApplyOnForward = true,
            PerformanceHints = ["AssumeNeededOnEveryNode"],
        }, spec);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"tier":"","order":null,"types":null,"ingress":null}""")]
    [InlineData("""{"types":[]}""")]
    public void A_policy_that_says_nothing_is_of_the_default_tier_and_of_both_directions(string spec)
    {
        PolicySpec policy = Reading.Good<NetworkPolicy>(ResourceKind.NetworkPolicy, spec).Spec;
        Assert.Equal(new PolicySpec { Tier = "default", Order = null, Types = PolicyTypes.Both }, policy);
    }

    [Fact]
    public void A_value_without_a_spec_is_read_as_with_an_empty_one() =>
        Assert.Equal(new PolicySpec(), Assert.IsType<NetworkPolicy>(Reading.Decode(ResourceKind.NetworkPolicy, "{}").Resource).Spec);

    [Theory]
    [InlineData("""{"types":["Ingres"]}""", "spec.types[0]: 'Ingres' is neither Ingress nor Egress")]
    [InlineData("""{"order":"10"}""", "spec.order: is not a number")]
    [InlineData("""{"order":1e999}""", "spec.order: is not a number")]
    [InlineData("""{"selector":1}""", "spec.selector: is not a string")]
    [InlineData("[]", "spec: is not an object")]
    public void A_policy_that_is_not_understood_is_unusable(string spec, string problem) => Assert.Equal(problem, Reading.Bad(ResourceKind.NetworkPolicy, spec));

    [Theory]
    [InlineData("""{"applyOnForward":"true"}""", "spec.applyOnForward: is not true or false")]
    [InlineData("""{"preDNAT":1}""", "spec.preDNAT: is not true or false")]
    public void A_global_policy_that_is_not_understood_is_unusable(string spec, string problem) => Assert.Equal(problem, Reading.Bad(ResourceKind.GlobalNetworkPolicy, spec));

    [Theory]
    [InlineData("""{"doNotTrack":true,"preDNAT":true,"applyOnForward":true,"namespaceSelector":"b"}""")]
    [InlineData("""{"doNotTrack":1,"preDNAT":"x","applyOnForward":[],"namespaceSelector":{}}""")]
    public void Fields_of_global_policies_are_passed_over_in_those_of_a_namespace(string spec)
    {
        Assert.Equal(new PolicySpec(), Reading.Good<NetworkPolicy>(ResourceKind.NetworkPolicy, spec).Spec);
        Assert.Equal(new PolicySpec(), Reading.Good<StagedNetworkPolicy>(ResourceKind.StagedNetworkPolicy, spec).Spec);
    }

    [Theory]
    [InlineData("""{"stagedAction":"Foo"}""")]
    [InlineData("""{"stagedAction":"Delete"}""")]
    public void The_field_of_staged_policies_is_passed_over_in_those_in_force(string spec)
    {
        Assert.Equal(new PolicySpec(), Reading.Good<NetworkPolicy>(ResourceKind.NetworkPolicy, spec).Spec);
        Assert.Equal(new PolicySpec(), Reading.Good<GlobalNetworkPolicy>(ResourceKind.GlobalNetworkPolicy, spec).Spec);
    }

    [Fact]
    public void A_staged_global_policy_has_the_fields_of_both()
    {
        PolicySpec spec = Reading.Good<StagedGlobalNetworkPolicy>(ResourceKind.StagedGlobalNetworkPolicy, """{"preDNAT":true,"applyOnForward":true,"namespaceSelector":"b","stagedAction":"Learn"}""").Spec;
        Assert.Equal(new PolicySpec { PreDnat = true, ApplyOnForward = true, NamespaceSelector = "b", StagedAction = StagedAction.Learn }, spec);
    }

    [Theory]
    [InlineData("""{"stagedAction":"Delete"}""", StagedAction.Delete)]
    [InlineData("""{"stagedAction":""}""", StagedAction.Set)]
    [InlineData("{}", StagedAction.Set)]
    public void Staged_policies_have_an_action(string spec, StagedAction action)
    {
        Assert.Equal(action, Reading.Good<StagedNetworkPolicy>(ResourceKind.StagedNetworkPolicy, spec).Spec.StagedAction);
        Assert.Equal(action, Reading.Good<StagedGlobalNetworkPolicy>(ResourceKind.StagedGlobalNetworkPolicy, spec).Spec.StagedAction);
        Assert.Equal(action, Reading.Good<StagedKubernetesNetworkPolicy>(ResourceKind.StagedKubernetesNetworkPolicy, spec).Spec.StagedAction);
    }

    [Fact]
    public void Tiers_read_as_written()
    {
        Tier tier = Reading.Good<Tier>(ResourceKind.Tier, """{"order":200,"defaultAction":"Pass"}""");
        Assert.Equal((200d, TierAction.Pass), (tier.Order, tier.DefaultAction));
        tier = Reading.Good<Tier>(ResourceKind.Tier, "{}");
        Assert.Equal((null, null), (tier.Order, tier.DefaultAction));
        Assert.Equal("spec.defaultAction: 'Allow' is neither Deny nor Pass", Reading.Bad(ResourceKind.Tier, """{"defaultAction":"Allow"}"""));
    }

    [Fact]
    public void Profiles_read_as_written()
    {
        Profile profile = Reading.Good<Profile>(
            ResourceKind.Profile, """{"ingress":[{"action":"Allow","source":{"selector":"has(net1)"}}],"egress":[{"action":"Allow"}],"labelsToApply":{"net1":""}}""");
        Assert.Equal("has(net1)", Assert.Single(profile.Ingress).Source.Selector);
        Assert.Single(profile.Egress);
        Assert.Equal("net1=", profile.LabelsToApply.ToString());
    }

    [Fact]
    public void A_profile_with_a_label_that_is_no_string_is_unusable() =>
        Assert.Equal("spec.labelsToApply.a: is not a string", Reading.Bad(ResourceKind.Profile, """{"labelsToApply":{"b":"c","a":true}}"""));

    [Theory]
    [InlineData(ResourceKind.NetworkSet)]
    [InlineData(ResourceKind.GlobalNetworkSet)]
    public void A_network_set_keeps_what_can_be_read(ResourceKind kind)
    {
        Decoded decoded = Reading.DecodeSpec(kind, """{"nets":["198.51.100.9/24","203.0.113.7","nonsense",7,{"a":1},"2001:db8::/48"]}""");
        EquatableArray<Cidr> nets = decoded.Resource is NetworkSet set ? set.Nets : Assert.IsType<GlobalNetworkSet>(decoded.Resource).Nets;
        Assert.Equal("[198.51.100.0/24, 203.0.113.7/32, 2001:db8::/48]", nets.ToString());
        Assert.Equal(["spec.nets[2]", "spec.nets[3]", "spec.nets[4]"], decoded.Problems.Select(problem => problem.Path));
    }
}
