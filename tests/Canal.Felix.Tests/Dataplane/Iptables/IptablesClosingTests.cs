using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;
using Canal.Felix.Tests.Loop;
using Canal.Linux.Iptables;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane.Iptables;

/// <summary>What iptables or ipset does not take is denied, alone, whichever line the program names.</summary>
public sealed class IptablesClosingTests
{
    private readonly ManualTime time = new();
    private FakeIptables kernel = new();
    private PolicyCalculator calculator = new(ThisNode);
    private ClusterNetwork network = new(ThisNode);
    private IptablesDataplane dataplane = null!;
    private FelixParameters parameters = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_refused_policy_denies_and_all_others_are_programmed(bool namesCommit)
    {
        Begin(namesCommit, "canal-ports/80/443 dst");
        Assert.True(Put(SampleCluster.All));
        Assert.Equal(["gnp/web"], dataplane.Closed.Keys);
        Assert.EndsWith(" -j DROP", Assert.Single(RulesOf("canal-policy-in/gnp/web")), StringComparison.Ordinal);
        Assert.NotEmpty(RulesOf("canal-policy-in/gnp/db"));
        Assert.DoesNotContain("trial", kernel.Save(IpFamily.V4), StringComparison.Ordinal);
        Assert.False(dataplane.Apply());

        kernel.RefusesRule = null;
        Assert.True(Put(SampleCluster.WebOnOtherPort));
        Assert.Empty(dataplane.Closed);
        Assert.NotEqual("", Assert.Single(RulesOf("canal-policy-in/gnp/web"), rule => rule.Contains("-p 6", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_of_many_refused_policies_is_found_at_once(bool namesCommit)
    {
        Begin(namesCommit, " --dports 66");
        GlobalNetworkPolicy[] policies = [.. Enumerable.Range(0, 40).Select(i => GlobalPolicy(i % 10 == 3 ? $"bad{i}" : $"good{i}", "all()", [Allow(to: Entity(ports: i % 10 == 3 ? "66" : $"{1000 + i}"), protocol: "TCP")]))];
        Assert.True(Put([.. SampleCluster.All, .. policies]));
        Assert.Equal(["gnp/bad13", "gnp/bad23", "gnp/bad3", "gnp/bad33"], dataplane.Closed.Keys.Order(StringComparer.Ordinal));
        Assert.NotEmpty(RulesOf("canal-policy-in/gnp/good39"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_rule_does_in_steps_is_the_policys_too(bool namesCommit)
    {
        parameters = new FelixParameters { DropGroup = 170 };
        Begin(namesCommit, "--nflog-prefix \"gnp/loud ingress 0\"");
        Assert.True(Put([.. SampleCluster.All, GlobalPolicy("loud", "all()", [Deny(protocol: "TCP")])]));
        Assert.Equal(["gnp/loud"], dataplane.Closed.Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_kernel_that_takes_nothing_closes_nothing(bool namesCommit)
    {
        Begin(namesCommit, null);
        kernel.Fault = _ => throw new IptablesException("no memory: line 4 failed", [4]);
        Assert.Throws<IptablesException>(() => Put(SampleCluster.All));
        Assert.Empty(dataplane.Closed);
        kernel.Fault = null;
        Assert.True(dataplane.Apply());
    }

    [Fact]
    public void What_others_took_away_meanwhile_is_put_back_and_nobody_is_denied()
    {
        Begin(namesCommit: false, null);
        Put(SampleCluster.All);
        kernel.Restore(IpFamily.V4, "*filter\n" + string.Concat(kernel.Save(IpFamily.V4).Split("COMMIT")[0].Split('\n').Where(l => l.StartsWith(":canal-", StringComparison.Ordinal)).Select(l => l + "\n")) + "COMMIT\n");
        kernel.Restore(IpFamily.V4, "*filter\n-X canal-accept\nCOMMIT\n");
        Assert.True(Put(SampleCluster.WebOnOtherPort));
        Assert.Empty(dataplane.Closed);
        Assert.NotEmpty(RulesOf("canal-accept"));
    }

    [Fact]
    public void A_set_above_max_ipset_size_denies_those_who_look_it_up_until_it_fits()
    {
        parameters = Sized(8);
        Begin(namesCommit: false, null);
        Assert.True(Put([Open(), Workload("w0", "10.0.0.1"), Clients(8), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))]), GlobalPolicy("plain", "all()", [Allow(protocol: "TCP")])]));
        Assert.Empty(dataplane.Closed);
        Assert.True(Put([Clients(9), GlobalPolicy("later", "all()", [Allow(protocol: "UDP")])]));
        Assert.Contains("would have 9 members, and max_ipset_size is 8", dataplane.Closed["gnp/many"], StringComparison.Ordinal);
        Assert.EndsWith(" -j DROP", Assert.Single(RulesOf("canal-policy-in/gnp/many")), StringComparison.Ordinal);
        Assert.NotEmpty(RulesOf("canal-policy-in/gnp/later"));
        int scripts = kernel.Scripts;
        Assert.False(Put(Clients(12)));
        Assert.Equal(scripts, kernel.Scripts);

        Assert.True(Put(Clients(8, from: 4)));
        Assert.Empty(dataplane.Closed);
        Assert.Equal(8, Members().Length);
        Assert.Contains(" 10.1.11.0/24", Members()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Members_of_a_full_set_change_at_one_moment()
    {
        parameters = Sized(8);
        Begin(namesCommit: false, null);
        Put([Open(), Workload("w0", "10.0.0.1"), Clients(8), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))])]);
        Assert.True(Put(Clients(8, from: 3)));
        Assert.Empty(dataplane.Closed);
        Assert.Equal(8, Members().Length);
        Assert.Single(kernel.SaveSets().Split('\n'), l => l.StartsWith("create canal-p4-", StringComparison.Ordinal) || l.Contains("/new", StringComparison.Ordinal));
    }

    [Fact]
    public void A_set_that_was_made_for_few_takes_in_many_when_it_may()
    {
        parameters = Sized(8);
        Begin(namesCommit: false, null);
        Resource[] cluster = [Open(), Workload("w0", "10.0.0.1"), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))])];
        Put([.. cluster, Clients(8)]);
        parameters = Sized(1000);
        Assert.False(Put());
        Assert.True(Put(Clients(40)));
        Assert.Empty(dataplane.Closed);
        Assert.Equal(40, Members().Length);
        Assert.Contains("maxelem 1000", kernel.SaveSets(), StringComparison.Ordinal);
        Assert.False(dataplane.Apply());
    }

    [Fact]
    public void A_new_agent_heals_a_set_that_an_earlier_one_made_for_few()
    {
        parameters = Sized(8);
        Begin(namesCommit: false, null);
        Resource[] cluster = [Open(), Workload("w0", "10.0.0.1"), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))])];
        Put([.. cluster, Clients(8)]);
        parameters = Sized(1000);
        Restart();
        Assert.True(Put([.. cluster, Clients(40)]));
        Assert.Equal(40, Members().Length);
        Restart();
        Assert.False(Put([.. cluster, Clients(40)]));
    }

    [Fact]
    public void A_lower_max_ipset_size_denies_who_looks_larger_ones_up_as_a_new_agent_would()
    {
        Begin(namesCommit: false, null);
        Put([Open(), Workload("w0", "10.0.0.1"), Clients(9), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))])]);
        parameters = Sized(8);
        Assert.True(Put());
        Assert.Equal(["gnp/many"], dataplane.Closed.Keys);
        parameters = Sized(9);
        Assert.True(Put());
        Assert.Empty(dataplane.Closed);
        Assert.Equal(9, Members().Length);
    }

    [Fact]
    public void The_networks_of_a_rule_and_the_clusters_own_have_the_room_that_they_need()
    {
        parameters = Sized(2);
        Begin(namesCommit: false, null);
        Put([Open(), Workload("w0", "10.0.0.1"), GlobalPolicy("listed", "all()", [Allow(Entity(nets: "10.1.0.0/24,10.2.0.0/24,10.3.0.0/24,10.4.0.0/24"))]), Pool("10.0.0.0/16", nat: true, name: "p0")]);
        Assert.True(Put([Pool("10.1.0.0/16", nat: true, name: "p1"), Pool("10.2.0.0/16", nat: true, name: "p2"), Pool("10.3.0.0/16", nat: true, name: "p3")]));
        Assert.Empty(dataplane.Closed);
        Assert.Equal(4, kernel.SaveSets().Split('\n').Count(l => l.StartsWith("add canal-pools4 ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_set_that_was_on_its_way_out_comes_back_with_the_members_of_today()
    {
        Begin(namesCommit: false, null);
        GlobalNetworkPolicy policy = GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))]);
        Put([Open(), Workload("w0", "10.0.0.1"), Clients(3), policy]);
        kernel.Restore(IpFamily.V4, $"*filter\n:OTHERS - [0:0]\n-A OTHERS -m set --match-set {SetName()} src -j DROP\nCOMMIT\n");
        calculator.Apply(policy.Key, null);
        Assert.True(Put());
        Put(Clients(3, from: 7));
        Assert.True(Put(policy));
        Assert.Equal([" 10.1.7.0/24", " 10.1.8.0/24", " 10.1.9.0/24"], Members().Select(l => l[l.LastIndexOf(' ')..]));
    }

    [Theory]
    [InlineData(false, " -j DSCP ", "dscp of ", 4)]
    [InlineData(true, " -j DSCP ", "dscp of ", 4)]
    [InlineData(false, " -m hashlimit ", "PacketRate of ", 8)]
    [InlineData(true, " -m hashlimit ", "PacketRate of ", 8)]
    [InlineData(false, " -m connlimit ", "MaxConnections of ", 8)]
    [InlineData(true, " -m connlimit ", "MaxConnections of ", 8)]
    [InlineData(false, " -j DNAT ", "ipNATs of ", 2)]
    [InlineData(true, " -j DNAT ", "ipNATs of ", 2)]
    public void What_the_kernel_lacks_is_left_out_and_all_else_is_programmed(bool namesCommit, string refused, string what, int left)
    {
        parameters = new FelixParameters { Network = new NetworkParameters { FloatingIps = true } };
        Begin(namesCommit, refused);
        QosControls qos = new() { IngressPacketRate = 100, EgressPacketRate = 200, IngressMaxConnections = 2, EgressMaxConnections = 3, Dscp = 1 };
        Assert.True(Put([.. SampleCluster.All, LeftOutTests.Limited("w8", "10.0.0.8", qos), LeftOutTests.Limited("w9", "10.0.0.9", qos), Pool("10.0.0.0/16", nat: true, name: "p0")]));
        Assert.Empty(dataplane.Closed);
        Assert.Equal(left, dataplane.LeftOut.Count);
        Assert.All(dataplane.LeftOut.Keys, key => Assert.Contains(what, key, StringComparison.Ordinal));
        Assert.NotEmpty(RulesOf("canal-policy-in/gnp/web"));
        Assert.NotEmpty(RulesOf("canal-nat-postrouting"));
        Assert.True(Put(GlobalPolicy("later", "all()", [Deny(protocol: "TCP")])));
        Restart();
        kernel.RefusesRule = null;
        Assert.True(Put([.. SampleCluster.All, LeftOutTests.Limited("w8", "10.0.0.8", qos)]));
        Assert.Contains(refused, kernel.Save(IpFamily.V4), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Translation_that_one_family_lacks_is_the_others_still(bool namesCommit)
    {
        Begin(namesCommit, null);
        kernel.RefusesRule = (_, rule) => rule.Contains("-j MASQUERADE", StringComparison.Ordinal) && rule.Contains("masquerade6", StringComparison.Ordinal);
        Assert.True(Put([.. SampleCluster.All, Pool("10.0.0.0/16", nat: true, name: "p4"), Pool("fd00::/48", nat: true, name: "p6")]));
        Assert.Equal(["natOutgoing, IPv6"], dataplane.LeftOut.Keys);
        Assert.Single(RulesOf("canal-nat-postrouting"));
        Assert.DoesNotContain("canal-nat-postrouting", kernel.Save(IpFamily.V6), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_kernel_without_a_log_of_groups_gets_all_of_policy_without_it(bool namesCommit)
    {
        parameters = new FelixParameters { DropGroup = 170 };
        Begin(namesCommit, " -j NFLOG ");
        Assert.True(Put(SampleCluster.All));
        Assert.Empty(dataplane.Closed);
        Assert.NotEmpty(RulesOf("canal-policy-in/gnp/web"));
        Assert.True(Put(SampleCluster.WebOnOtherPort));
        parameters = new FelixParameters();
        string without = DumpOf(kernel);
        Begin(namesCommit, null);
        Put([.. SampleCluster.All, SampleCluster.WebOnOtherPort]);
        Assert.Equal(DumpOf(kernel), without);
    }

    private static string DumpOf(FakeIptables kernel) => string.Join('\n', $"{kernel.Save(IpFamily.V4)}{kernel.Save(IpFamily.V6)}".Split('\n').Order(StringComparer.Ordinal));

    [Fact]
    public void What_only_one_family_translates_is_in_its_table_alone()
    {
        Begin(namesCommit: true, null);
        Assert.True(Put([.. SampleCluster.All, Pool("10.0.0.0/16", nat: true, name: "p4")]));
        Assert.Contains("*nat\n", kernel.Save(IpFamily.V4), StringComparison.Ordinal);
        Assert.DoesNotContain("*nat\n", kernel.Save(IpFamily.V6), StringComparison.Ordinal);
    }

    private static FelixParameters Sized(long most) => new() { Iptables = new IptablesParameters { MaxSetSize = most } };

    private static Resource Clients(int count, int from = 0) => GlobalNetworks("clients", string.Join(',', Enumerable.Range(from, count).Select(i => $"10.1.{i}.0/24")), "clients=yes");

    private string[] Members() => [.. kernel.SaveSets().Split('\n').Where(l => l.StartsWith("add canal-p4-", StringComparison.Ordinal)).OrderBy(l => l.Length).ThenBy(l => l, StringComparer.Ordinal)];

    private string SetName() => Members()[0].Split(' ')[1];

    private IEnumerable<string> RulesOf(string chain) => kernel.Save(IpFamily.V4).Split('\n').Where(l => l.StartsWith($"-A {chain} ", StringComparison.Ordinal));

    /// <summary>A kernel that refuses rules with this in their text; null for none.</summary>
    private void Begin(bool namesCommit, string? refused)
    {
        kernel = new FakeIptables { NamesCommit = namesCommit };
        if (refused is not null) kernel.RefusesRule = (_, rule) => rule.Contains(refused, StringComparison.Ordinal);
        Restart();
    }

    private void Restart()
    {
        (calculator, network) = (new PolicyCalculator(ThisNode), new ClusterNetwork(ThisNode));
        dataplane = new IptablesDataplane(kernel, calculator, [IpFamily.V4, IpFamily.V6], time);
    }

    private bool Put(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources)
        {
            calculator.Apply(resource.Key, resource);
            network.Apply(resource.Key, resource);
        }
        dataplane.Plan(calculator.TakeChanges(), parameters, network.TakeChanges().Sets);
        return dataplane.Apply();
    }
}
