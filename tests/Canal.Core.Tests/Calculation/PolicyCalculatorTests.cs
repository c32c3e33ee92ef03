using Canal.Core.Calculation;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Calculation;

/// <summary>What the calculator says of one change: neither less nor more.</summary>
public sealed class PolicyCalculatorTests
{
    private static readonly GlobalNetworkPolicy FromA = GlobalPolicy("p", "role == 'b'", ingress: [Allow(Entity("role == 'a'"))]);

    private readonly PolicyCalculator calculator = new(ThisNode);

    [Fact]
    public void Nothing_applied_is_nothing_to_do() => Assert.True(calculator.TakeChanges().IsEmpty);

    [Fact]
    public void What_is_given_again_is_no_change()
    {
        Resource[] resources = [Workload("w0", "10.0.0.1", "role=b", "open"), Workload("w1", "10.0.0.2,fd00::2", "role=a", node: "h2"), FromA, Open(), NewTier("default", 1)];
        Apply(resources);
        calculator.TakeChanges();
        Apply(resources);
        Assert.True(calculator.TakeChanges().IsEmpty);
    }

    [Fact]
    public void Deleting_what_is_not_there_is_no_change()
    {
        foreach (ResourceKind kind in Enum.GetValues<ResourceKind>()) calculator.Apply(new ResourceKey(kind, "default", "h1-cni-w0-eth0"), null);
        Assert.True(calculator.TakeChanges().IsEmpty);
        Assert.Empty(calculator.TakeProblems());
    }

    [Fact]
    public void What_came_and_went_between_two_calls_is_no_change()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA);
        calculator.TakeChanges();
        WorkloadEndpoint passing = Workload("w1", "10.0.0.2", "role=a", "open");
        Apply(passing, Open());
        calculator.Apply(passing.Key, null);
        Assert.True(calculator.TakeChanges().IsEmpty);
    }

    [Fact]
    public void A_resource_of_another_kind_than_its_key_says_counts_as_absent()
    {
        WorkloadEndpoint endpoint = Workload("w0", "10.0.0.1");
        calculator.Apply(endpoint.Key, FromA);
        Assert.True(calculator.TakeChanges().IsEmpty);
    }

    [Fact]
    public void A_remote_endpoint_that_joins_a_set_changes_the_set_only()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA);
        calculator.TakeChanges();
        Apply(Workload("w1", "10.0.0.2", "role=a", node: "h2"));
        DesiredChanges changes = calculator.TakeChanges();
        Assert.Empty(changes.Policies);
        Assert.Empty(changes.Endpoints);
        IpSetChange change = Assert.Single(changes.Sets);
        Assert.Equal(IpSetChangeKind.Updated, change.Kind);
        Assert.Equal("10.0.0.2", Assert.Single(change.Members.AddedAddresses).ToString());
    }

    [Fact]
    public void A_changed_port_of_a_rule_changes_the_policy_only()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA);
        calculator.TakeChanges();
        Apply(GlobalPolicy("p", "role == 'b'", ingress: [Allow(Entity("role == 'a'"), Entity(ports: "80"), "TCP")]));
        DesiredChanges changes = calculator.TakeChanges();
        Assert.Empty(changes.Sets);
        Assert.Empty(changes.Endpoints);
        Assert.Equal(FromA.Key, Assert.Single(changes.Policies).Key);
    }

    [Fact]
    public void A_changed_order_changes_the_endpoint_only()
    {
        Apply(Workload("w0", "10.0.0.1"), GlobalPolicy("p", order: 1), GlobalPolicy("q", order: 2));
        calculator.TakeChanges();
        Apply(GlobalPolicy("p", order: 3));
        DesiredChanges changes = calculator.TakeChanges();
        Assert.Empty(changes.Sets);
        Assert.Empty(changes.Policies);
        Assert.Equal(["q", "p"], Assert.Single(changes.Endpoints).Value!.Ingress[0].Policies.Select(k => k.Name));
    }

    [Fact]
    public void An_address_stays_a_member_while_one_of_two_endpoints_has_it()
    {
        WorkloadEndpoint first = Workload("w1", "10.0.0.9", "role=a"), second = Workload("w2", "10.0.0.9", "role=a", node: "h2");
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA, first, second);
        calculator.TakeChanges();
        calculator.Apply(first.Key, null);
        Assert.Empty(calculator.TakeChanges().Sets);
        calculator.Apply(second.Key, null);
        Assert.Equal("10.0.0.9", Assert.Single(Assert.Single(calculator.TakeChanges().Sets).Members.RemovedAddresses).ToString());
    }

    [Fact]
    public void An_address_that_changed_its_owner_between_two_calls_is_no_change()
    {
        WorkloadEndpoint here = Workload("w1", "10.0.0.9", "role=a");
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA, here);
        calculator.TakeChanges();
        calculator.Apply(here.Key, null);
        Apply(Workload("w1", "10.0.0.9", "role=a", node: "h2"));
        DesiredChanges changes = calculator.TakeChanges();
        Assert.Empty(changes.Sets);
        Assert.Null(Assert.Single(changes.Endpoints).Value);
    }

    [Fact]
    public void A_set_released_and_taken_again_between_two_calls_stays()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), Workload("w1", "10.0.0.2", "role=a"), FromA);
        calculator.TakeChanges();
        calculator.Apply(FromA.Key, null);
        Apply(GlobalPolicy("q", "role == 'b'", ingress: [Deny(Entity("role=='a'"))]));
        DesiredChanges changes = calculator.TakeChanges();
        Assert.Empty(changes.Sets);
        Assert.Equal(["p", "q"], changes.Policies.Keys.Select(k => k.Name).Order());
    }

    [Fact]
    public void A_set_released_and_taken_again_missed_nothing_in_between()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), Workload("w1", "10.0.0.2", "role=a"), FromA);
        calculator.TakeChanges();
        calculator.Apply(FromA.Key, null);
        Apply(Workload("w2", "10.0.0.3", "role=a", node: "h2"));
        Apply(FromA);
        IpSetChange change = Assert.Single(calculator.TakeChanges().Sets);
        Assert.Equal(IpSetChangeKind.Updated, change.Kind);
        Assert.Equal("10.0.0.3", Assert.Single(change.Members.AddedAddresses).ToString());
    }

    [Fact]
    public void The_first_IPv6_address_of_the_cluster_changes_the_policies_that_look_up_sets()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA, GlobalPolicy("nosets", ingress: [Allow(Entity(nets: "10.0.0.0/8"))]));
        calculator.TakeChanges();
        WorkloadEndpoint elsewhere = Workload("w1", "fd00::2", node: "h2");
        Apply(elsewhere);
        Assert.Equal(SetShape.V4Addresses | SetShape.V6Addresses, ShapeTold());
        calculator.Apply(elsewhere.Key, null);
        Assert.Equal(SetShape.V4Addresses, ShapeTold());
    }

    [Fact]
    public void The_first_prefix_of_a_set_changes_the_policies_that_look_it_up_and_the_second_does_not()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA);
        calculator.TakeChanges();
        Apply(GlobalNetworks("g", "192.0.2.0/24", "role=a"));
        Assert.Equal(SetShape.V4Addresses | SetShape.V4Prefixes, ShapeTold());
        Apply(GlobalNetworks("g", "192.0.2.0/24,198.51.100.0/24", "role=a"));
        Assert.Empty(calculator.TakeChanges().Policies);
        Apply(GlobalNetworks("g", "192.0.2.1", "role=a"));
        Assert.Equal(SetShape.V4Addresses, ShapeTold());
    }

    [Fact]
    public void Members_that_a_wider_prefix_covers_come_and_go_with_it()
    {
        Apply(Workload("w0", "10.0.0.1", "role=b"), FromA, GlobalNetworks("g", "192.0.2.0/25,192.0.2.128/25", "role=a"));
        calculator.TakeChanges();
        GlobalNetworkSet wide = GlobalNetworks("wide", "192.0.2.0/24", "role=a");
        Apply(wide);
        IpSetDelta delta = Assert.Single(calculator.TakeChanges().Sets).Members;
        Assert.Equal(["192.0.2.0/24"], delta.AddedPrefixes.Select(p => p.ToString()));
        Assert.Equal(["192.0.2.0/25", "192.0.2.128/25"], delta.RemovedPrefixes.Order().Select(p => p.ToString()));
        calculator.Apply(wide.Key, null);
        delta = Assert.Single(calculator.TakeChanges().Sets).Members;
        Assert.Equal(["192.0.2.0/25", "192.0.2.128/25"], delta.AddedPrefixes.Order().Select(p => p.ToString()));
        Assert.Equal(["192.0.2.0/24"], delta.RemovedPrefixes.Select(p => p.ToString()));
    }

    [Fact]
    public void A_policy_with_a_bad_selector_is_reported_once()
    {
        GlobalNetworkPolicy bad = GlobalPolicy("bad", "role ==", ingress: []);
        for (int i = 0; i < 3; i++) Apply(bad, Workload($"w{i}", $"10.0.0.{i}"));
        calculator.TakeChanges();
        CalculationProblem problem = Assert.Single(calculator.TakeProblems());
        Assert.Equal(bad.Key, problem.Key);
        Assert.StartsWith("spec.selector", problem.Reason, StringComparison.Ordinal);
        Apply(bad);
        Assert.Empty(calculator.TakeProblems());
    }

    [Fact]
    public void A_policy_with_a_bad_rule_is_reported_once_however_many_endpoints_it_selects()
    {
        GlobalNetworkPolicy bad = GlobalPolicy("bad", ingress: [Allow(), Allow(Entity("a =="))]);
        List<CalculationProblem> problems = [];
        Apply(bad);
        for (int i = 0; i < 3; i++)
        {
            Apply(Workload($"w{i}", $"10.0.0.{i}"));
            calculator.TakeChanges();
            problems.AddRange(calculator.TakeProblems());
        }
        Assert.StartsWith("spec.ingress[1].source.selector", Assert.Single(problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_policy_is_reported_again_when_it_was_good_or_gone_meanwhile()
    {
        GlobalNetworkPolicy bad = GlobalPolicy("bad", "role ==");
        Apply(bad, GlobalPolicy("bad"), bad);
        Assert.Equal(2, calculator.TakeProblems().Count);
        calculator.Apply(bad.Key, null);
        Apply(bad);
        Assert.Single(calculator.TakeProblems());
    }

    [Fact]
    public void An_endpoint_whose_name_is_none_is_reported()
    {
        WorkloadEndpoint odd = Workload("w0", "10.0.0.1") with { Key = new(ResourceKind.WorkloadEndpoint, "default", "w0") };
        Apply(odd);
        Assert.Equal(odd.Key, Assert.Single(calculator.TakeProblems()).Key);
    }

    [Fact]
    public void Members_of_a_set_nobody_uses_are_not_known() =>
        Assert.Null(calculator.Members(IpSetSpec.Addresses(Canal.Core.Labels.Selector.All)));

    [Theory]
    [InlineData("a-b-c-d")]
    [InlineData("host--a-cni-6b1f0c9a77-eth0")]
    [InlineData("h----1-k8s-my--pod-eth0")]
    [InlineData("a-b-c")]
    [InlineData("a-b-c-d-e")]
    [InlineData("a-b-c-")]
    [InlineData("a---b-c-d")]
    [InlineData("--a-b-c-d")]
    [InlineData("-a-b-c-d")]
    [InlineData("a--b--c--d")]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("a-b-c--")]
    public void Names_are_told_apart_as_they_are_taken_apart(string name)
    {
        bool whole = WorkloadEndpointName.TryParse(name, out WorkloadEndpointName parts);
        Assert.Equal(whole, LocalNode.IsWhole(name));
        foreach (string node in (string[])["a", "a-", "host-a", "host", "h", "h--1", "-a", "--a"])
            if (whole && !node.StartsWith('-') && !node.EndsWith('-')) Assert.Equal(parts.Node == node, new LocalNode(node).Has(name));
    }

    private void Apply(params Resource[] resources)
    {
        foreach (Resource resource in resources) calculator.Apply(resource.Key, resource);
    }

    private SetShape ShapeTold() => Assert.Single(calculator.TakeChanges().Policies).Value!.Ingress[0].Source.Set!.Shape;
}
