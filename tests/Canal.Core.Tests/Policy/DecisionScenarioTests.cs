using Canal.Core.Policy;
using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Policy;

/// <summary>Acceptance scenarios of the decision model, as far as evaluator and calculator go: which tier, policy or profile decides.</summary>
public sealed class DecisionScenarioTests
{
    private const string X = Cluster.Outside;

    private static readonly Cluster ThreeOpen = new(
        Open(), Closed(), NewTier("default", 1000000), W(0), W(1), W(2));

    private static WorkloadEndpoint W(int i, string profiles = "open") => Workload($"w{i}", $"10.65.0.{10 + i}", $"name=w{i}", profiles);

    private static EntityRule Is(string name) => Entity($"name == '{name}'");

    [Fact]
    public void Scenario_1_profiles_decide_when_no_policy_matches()
    {
        Cluster cluster = new(Open(), Closed(), W(0), W(1, "closed"), W(2, ""));
        Check(cluster, allowed: [(X, "w0")], denied: [("w0", "w1"), ("w1", "w0"), ("w0", "w2"), ("w2", "w0"), (X, "w1"), (X, "w2")]);
        Check(cluster.With(W(1, "closed,open")), allowed: [("w0", "w1"), ("w1", "w0")], denied: [("w2", "w0")]);
        Check(cluster.With(W(1, "missing,open")), allowed: [("w0", "w1"), ("w1", "w0")], denied: []);
    }

    [Fact]
    public void Scenario_2_an_ingress_policy_leaves_egress_to_the_profiles()
    {
        NetworkPolicy p1 = NamespacePolicy("default", "p1", "name == 'w0'", ingress: [Allow(Is("w1"))]);
        Check(ThreeOpen.With(p1), allowed: [("w1", "w0"), ("w0", "w1"), ("w0", "w2"), ("w1", "w2")], denied: [("w2", "w0"), (X, "w0")]);
        Check(ThreeOpen.With(p1).Without(p1), allowed: [("w2", "w0"), (X, "w0")], denied: []);
    }

    [Fact]
    public void Scenario_3_an_egress_policy_leaves_ingress_to_the_profiles() =>
        Check(ThreeOpen.With(NamespacePolicy("default", "p", "name == 'w0'", egress: [Allow(to: Is("w1"))])),
            allowed: [("w0", "w1"), ("w1", "w0"), ("w2", "w0"), (X, "w0")], denied: [("w0", "w2"), ("w0", X)]);

    [Fact]
    public void Scenario_4_types_overrule_the_lists_of_rules()
    {
        NetworkPolicy both = NamespacePolicy("default", "p", "name == 'w0'", ingress: [Allow(Is("w1"))], egress: [Deny()]);
        Check(ThreeOpen.With(both.But(s => s with { Types = PolicyTypes.Ingress })), allowed: [("w0", "w1"), ("w1", "w0")], denied: [("w2", "w0")]);
        Check(ThreeOpen.With(both), allowed: [("w1", "w0")], denied: [("w0", "w1"), ("w0", "w2"), ("w2", "w0")]);
        Check(ThreeOpen.With(both.But(s => s with { Types = PolicyTypes.Egress })), allowed: [("w2", "w0")], denied: [("w0", "w1")]);
        Check(ThreeOpen.With(both.But(s => s with { Egress = default })), allowed: [("w1", "w0")], denied: [("w0", "w1"), ("w0", "w2"), ("w0", X)]);
    }

    [Fact]
    public void Scenario_5_an_empty_list_of_rules_isolates()
    {
        Cluster cluster = ThreeOpen.With(NamespacePolicy("default", "p", "name == 'w0'", ingress: []));
        Check(cluster, allowed: [("w0", "w1"), ("w1", "w2")], denied: [("w1", "w0"), (X, "w0")]);
        Assert.Equal(new Decision(false, "default", null, -1), cluster.Decide("w0", Direction.Ingress, Tcp(X, "10.65.0.10", 1)));
    }

    [Fact]
    public void Scenario_7_log_decides_nothing()
    {
        GlobalNetworkPolicy p = GlobalPolicy("p", "name == 'w0'", ingress: [Log(Is("w1")), Allow(Is("w1"))]);
        Check(ThreeOpen.With(p), allowed: [("w1", "w0")], denied: [("w2", "w0")]);
        Assert.Equal(1, ThreeOpen.With(p).Decide("w0", Direction.Ingress, Tcp("10.65.0.11", "10.65.0.10", 1)).RuleIndex);
        Check(ThreeOpen.With(p.But(s => s with { Ingress = [Log(Is("w1"))] })), allowed: [], denied: [("w1", "w0")]);
    }

    [Fact]
    public void Scenario_8_pass_leads_to_the_profiles()
    {
        Cluster cluster = ThreeOpen.With(GlobalPolicy("p", "name == 'w0'", ingress: [Pass(Is("w1")), Deny()]));
        Check(cluster, allowed: [("w1", "w0")], denied: [("w2", "w0")]);
        Check(cluster.With(W(0, "closed")), allowed: [], denied: [("w1", "w0")]);
        Check(cluster.With(W(0, "closed,open")), allowed: [("w1", "w0")], denied: [("w2", "w0")]);
    }

    [Fact]
    public void Pass_skips_the_rest_of_its_tier_and_leads_to_the_next()
    {
        Cluster cluster = ThreeOpen.With(
            NewTier("first", 1), GlobalPolicy("pass", ingress: [Pass(Is("w1"))], order: 1, tier: "first"), GlobalPolicy("deny", ingress: [Deny()], order: 2, tier: "first"),
            GlobalPolicy("allow", ingress: [Allow()]));
        Check(cluster, allowed: [("w1", "w0")], denied: [("w2", "w0")]);
        Check(cluster.With(GlobalPolicy("allow", ingress: [Deny()])), allowed: [], denied: [("w1", "w0")]);
    }

    [Fact]
    public void Pass_in_a_profile_leads_to_the_next_profile()
    {
        Cluster cluster = ThreeOpen.With(NewProfile("passing", [Pass(Is("w1")), Deny()], [Allow()]));
        Check(cluster.With(W(0, "passing,open")), allowed: [("w1", "w0")], denied: [("w2", "w0")]);
        Check(cluster.With(W(0, "passing")), allowed: [], denied: [("w1", "w0"), ("w2", "w0")]);
    }

    [Fact]
    public void Scenario_10_the_default_action_of_a_tier()
    {
        Cluster Of(TierAction? action) => new(
            Open(), NewTier("default", 1000000), NewTier("tier1", 1, action), W(0), Workload("v4", "10.65.1.14", "name=v4", "open", node: "h2"),
            GlobalPolicy("A-all", "name == 'w0'", ingress: [Allow()], egress: [Allow()]),
            GlobalPolicy("E", "name == 'v4'", ingress: [Allow(Is("v1"))], egress: [Allow(to: Is("v1"))], tier: "tier1"));
        Check(Of(null), allowed: [], denied: [("w0", "v4"), ("v4", "w0")]);
        Check(Of(TierAction.Deny), allowed: [], denied: [("w0", "v4"), ("v4", "w0")]);
        Check(Of(TierAction.Pass), allowed: [("w0", "v4"), ("v4", "w0")], denied: []);
    }

    [Fact]
    public void Scenario_11_a_tier_that_is_missing_comes_last_and_denies()
    {
        GlobalNetworkPolicy ghost = GlobalPolicy("ghostly", "name == 'w0'", ingress: [Deny(Is("w1"))], tier: "ghost"), allow = GlobalPolicy("allow", "name == 'w0'", ingress: [Allow()]);
        Check(ThreeOpen.With(ghost, allow), allowed: [("w1", "w0")], denied: []);
        Check(ThreeOpen.With(ghost), allowed: [], denied: [("w1", "w0"), ("w2", "w0")]);
        Check(ThreeOpen.With(ghost, NewTier("ghost", 1)), allowed: [], denied: [("w1", "w0"), ("w2", "w0")]);
        Check(ThreeOpen.With(ghost, allow, NewTier("ghost", 1)), allowed: [], denied: [("w1", "w0"), ("w2", "w0")]);
        Check(ThreeOpen.With(ghost, allow, NewTier("ghost", 1000001)), allowed: [("w1", "w0"), ("w2", "w0")], denied: []);
    }

    [Fact]
    public void Scenario_12_staged_policies_are_inert()
    {
        PolicySpec denyAll = new() { Selector = "name == 'w0'", Ingress = [Deny()], Egress = [Deny()] };
        Cluster cluster = ThreeOpen.With(
            new StagedGlobalNetworkPolicy { Key = new(ResourceKind.StagedGlobalNetworkPolicy, null, "p"), Metadata = new() { Name = "p" }, Spec = denyAll },
            new StagedGlobalNetworkPolicy { Key = new(ResourceKind.StagedGlobalNetworkPolicy, null, "d"), Metadata = new() { Name = "d" }, Spec = denyAll with { StagedAction = StagedAction.Delete } },
            new StagedNetworkPolicy { Key = new(ResourceKind.StagedNetworkPolicy, "default", "p"), Metadata = new() { Name = "p", Namespace = "default" }, Spec = denyAll },
            new StagedKubernetesNetworkPolicy { Key = new(ResourceKind.StagedKubernetesNetworkPolicy, "default", "p"), Metadata = new() { Name = "p", Namespace = "default" }, Spec = denyAll });
        Check(cluster, allowed: [("w1", "w0"), ("w0", "w1"), (X, "w0")], denied: []);
        Check(cluster.With(GlobalPolicy("p", "name == 'w0'", ingress: [Deny()])), allowed: [("w0", "w1")], denied: [("w1", "w0")]);
    }

    [Fact]
    public void Both_ends_must_allow_a_flow()
    {
        Cluster cluster = ThreeOpen.With(GlobalPolicy("out", "name == 'w0'", egress: [Deny(to: Is("w1")), Allow()]));
        Check(cluster, allowed: [("w1", "w0"), ("w0", "w2")], denied: [("w0", "w1")]);
    }

    [Fact]
    public void Untracked_and_preDNAT_policies_do_not_govern_workloads() =>
        Check(ThreeOpen.With(
                GlobalPolicy("u", ingress: [Deny()], egress: [Deny()]).But(s => s with { DoNotTrack = true, ApplyOnForward = true }),
                GlobalPolicy("d", ingress: [Deny()]).But(s => s with { PreDnat = true, ApplyOnForward = true })),
            allowed: [("w0", "w1"), (X, "w0")], denied: []);

    [Fact]
    public void A_policy_that_cannot_be_read_does_not_count() =>
        Check(ThreeOpen.With(GlobalPolicy("bad", "name ==", ingress: [Deny()]), GlobalPolicy("worse", ingress: [Deny(), Allow(Entity("("))])), allowed: [("w0", "w1")], denied: []);

    [Fact]
    public void An_endpoint_that_does_not_exist_lets_nothing_pass()
    {
        Packet packet = Tcp(X, "10.65.0.10", 80);
        PolicyEvaluator evaluator = new([Open(), W(0), Workload("w9", "", profiles: "open")]);
        Assert.False(evaluator.Decide(W(1).Key, Direction.Ingress, packet).Allowed);
        Assert.False(evaluator.Decide(Workload("w9", "").Key, Direction.Ingress, packet).Allowed);
        Assert.True(evaluator.Decide(W(0).Key, Direction.Ingress, packet).Allowed);
    }

    [Fact]
    public void A_decision_names_what_decided()
    {
        Cluster cluster = ThreeOpen.With(GlobalPolicy("p", "name == 'w0'", ingress: [Allow(Is("w1"))]));
        Packet fromW1 = Tcp("10.65.0.11", "10.65.0.10", 1), fromW2 = Tcp("10.65.0.12", "10.65.0.10", 1);
        Assert.Equal("allowed by rule 0 of GlobalNetworkPolicy p in tier default", cluster.Decide("w0", Direction.Ingress, fromW1).ToString());
        Assert.Equal("denied at the end of tier default", cluster.Decide("w0", Direction.Ingress, fromW2).ToString());
        Assert.Equal("allowed by rule 0 of Profile open", cluster.Decide("w1", Direction.Egress, fromW1).ToString());
        Assert.Equal("denied: no profile decided", cluster.With(W(1, "closed")).Decide("w1", Direction.Egress, fromW1).ToString());
    }

    private static void Check(Cluster cluster, (string From, string To)[] allowed, (string From, string To)[] denied)
    {
        foreach ((string from, string to) in allowed) Assert.True(cluster.Connects(from, to), $"{from} does not reach {to}");
        foreach ((string from, string to) in denied) Assert.False(cluster.Connects(from, to), $"{from} reaches {to}");
    }
}
