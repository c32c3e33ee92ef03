using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

public sealed class ConvergenceTests
{
    [Fact]
    public void The_first_apply_is_two_commits_and_the_second_sends_nothing()
    {
        FakeHost host = new();
        Assert.True(host.Put(SampleCluster.All));
        Assert.Equal(2, host.Kernel.Commits);
        Assert.Equal(host.Dataplane.ChainCount, host.Kernel.Read(KernelNames.Table)!.Chains.Count);
        Assert.False(host.Dataplane.Apply());
        Assert.False(host.Put(SampleCluster.All));
        Assert.Equal(2, host.Kernel.Commits);
    }

    [Fact]
    public void A_restart_with_unchanged_state_commits_nothing()
    {
        FakeHost before = new();
        before.Put(SampleCluster.All);
        uint generation = before.Kernel.Generation();
        FakeHost after = new(kernel: before.Kernel);
        Assert.False(after.Put(SampleCluster.All.Reverse()));
        Assert.Equal((2, generation), (after.Kernel.Commits, after.Kernel.Generation()));
        Assert.False(after.Dataplane.InDoubt);
    }

    [Fact]
    public void A_restart_with_one_rule_changed_writes_only_that_chain()
    {
        FakeHost before = new();
        before.Put(SampleCluster.All);
        Dictionary<string, string> handles = HandlesByChain(before);
        FakeHost after = new(kernel: before.Kernel);
        Assert.True(after.Put(SampleCluster.All.Append(SampleCluster.WebOnOtherPort)));
        Assert.Equal(["policy-in/gnp/web"], HandlesByChain(after).Where(c => handles[c.Key] != c.Value).Select(c => c.Key));
        Assert.Equal(handles.Count, HandlesByChain(after).Count);
    }

    [Fact]
    public void A_changed_rule_rewrites_its_chain_and_no_other()
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        Dictionary<string, string> handles = HandlesByChain(host);
        Assert.True(host.Put(SampleCluster.WebOnOtherPort));
        Assert.Equal(["policy-in/gnp/web"], HandlesByChain(host).Where(c => handles[c.Key] != c.Value).Select(c => c.Key));
    }

    [Fact]
    public void A_member_that_comes_is_one_message()
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        int messages = host.Kernel.Messages;
        Assert.True(host.Put(Workload("r1", "10.0.0.9", "role=client", node: "h2")));
        Assert.Equal(1, host.Kernel.Messages - messages);
        Assert.Contains("10.0.0.9", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_list_of_prefixes_is_another_set()
    {
        FakeHost host = new();
        host.Put(GlobalPolicy("p", "all()", [Allow(Entity(nets: "10.0.0.0/8,192.0.2.0/24"))]), Workload("w0", "10.0.0.1"));
        Dictionary<string, string> handles = HandlesByChain(host);
        host.Put(GlobalPolicy("p", "all()", [Allow(Entity(nets: "10.0.0.0/9,192.0.2.0/24"))]));
        Assert.Equal(["policy-in/gnp/p"], HandlesByChain(host).Where(c => handles[c.Key] != c.Value).Select(c => c.Key));
        Assert.Contains("10.0.0.0/9", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0.0/8", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_with_one_list_share_its_set_which_goes_with_the_last_of_them()
    {
        FakeHost host = new();
        GlobalNetworkPolicy Using(string name, string nets) => GlobalPolicy(name, "all()", [Allow(Entity(nets: nets))], [Deny(to: Entity(nets: nets))]);
        host.Put(Using("p", "10.0.0.0/8"), Using("q", "10.0.0.0/8"), Workload("w0", "10.0.0.1"));
        Assert.Equal(["nets4/10.0.0.0-8"], NetsOf(host));
        host.Put(Using("p", "192.0.2.0/24"));
        Assert.Equal(["nets4/10.0.0.0-8", "nets4/192.0.2.0-24"], NetsOf(host));
        host.Put(Using("q", "192.0.2.0/24"));
        Assert.Equal(["nets4/192.0.2.0-24"], NetsOf(host));
        Assert.False(host.Put(Using("q", "192.0.2.0/24")));
    }

    [Fact]
    public void A_set_is_whole_in_the_kernel_before_a_rule_looks_it_up()
    {
        FakeHost host = new();
        List<NftTable> seen = [];
        host.Kernel.Committed += transaction => seen.Add(host.Kernel.Read(transaction.Table)!);
        host.Put(SampleCluster.All);
        Assert.Empty(seen[0].Chains);
        Assert.All(seen[1].Sets.Values.Where(set => !set.Description.IsMap), set => Assert.Equal(seen[0].Sets[set.Description.Name].Elements!.Count, set.Elements!.Count));

        seen.Clear();
        Dictionary<string, string> before = HandlesByChain(host);
        host.Put(GlobalPolicy("db", "role == 'db'", [Allow(Entity("zone == 'office'", nets: "10.0.0.0/29"), Entity(ports: "1:5,7"), "TCP")]));
        Assert.Equal(2, seen.Count);
        Assert.Equal(before, HandlesByChain(seen[0]));
        Assert.Equal(["nets4/10.0.0.0-29", "ports/1-5/7"], seen[0].Sets.Keys.Where(name => name is "nets4/10.0.0.0-29" or "ports/1-5/7").Order(StringComparer.Ordinal));
        Assert.All(seen[1].Sets.Values, set => Assert.Equal(seen[0].Sets[set.Description.Name].Elements!.Count, set.Elements!.Count));
    }

    [Fact]
    public void What_is_not_wanted_any_more_leaves_nothing_behind()
    {
        FakeHost host = new();
        host.Put();
        string empty = host.Dump;
        host.Put(SampleCluster.All);
        Assert.True(host.Forget(SampleCluster.All).Dataplane.Apply());
        Assert.Equal(empty, host.Dump);
    }

    [Fact]
    public void What_an_earlier_run_left_is_swept_at_the_start()
    {
        FakeHost before = new();
        before.Put(SampleCluster.All);
        FakeHost after = new(kernel: before.Kernel);
        Assert.True(after.Put(SampleCluster.Web));
        Assert.Equal(FakeHost.DumpOf([SampleCluster.Web]), after.Dump);
    }

    [Fact]
    public void A_set_that_was_swept_can_come_back()
    {
        FakeHost before = new();
        before.Put(SampleCluster.All);
        FakeHost after = new(kernel: before.Kernel);
        after.Put();
        Assert.True(after.Put(SampleCluster.All));
        Assert.Equal(FakeHost.DumpOf(SampleCluster.All), after.Dump);
        Assert.False(after.Dataplane.InDoubt);
    }

    [Fact]
    public void An_endpoint_with_another_name_on_the_same_interface_leaves_no_trace_of_the_first()
    {
        Resource[] policies = [NewTier("security", 1, Core.Resources.TierAction.Pass), GlobalPolicy("quarantine", "all()", [Pass()], tier: "security"), Open()];
        WorkloadEndpoint first = Workload("w0", "10.0.0.1", profiles: "open", interfaceName: "cali0"), second = Workload("w1", "10.0.0.1", profiles: "open", interfaceName: "cali0");
        FakeHost host = new();
        host.Put(policies.Append(first));
        host.Forget(first);
        host.Put(second);
        Assert.Equal(FakeHost.DumpOf(policies.Append(second)), host.Dump);
    }

    [Theory]
    [InlineData("80", "80,81", "82")]
    [InlineData("80", "81", "82")]
    [InlineData("79", "81", "82")]
    public void Rules_that_stay_keep_their_counters(params string[] ports)
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1"), PolicyOn("80", "81", "82"));
        host.Put(Workload("w1", "10.0.0.2"));
        for (int i = 0; i < 3; i++) host.Kernel.SetCounter(KernelNames.Table, "policy-in/gnp/p", i, new NftCounter(100 + (ulong)i, 1));
        host.Put(PolicyOn(ports));
        Assert.Equal(FakeHost.DumpOf([Workload("w0", "10.0.0.1"), Workload("w1", "10.0.0.2"), PolicyOn(ports)]), WithoutCounters(host.Dump));
        string[] before = ["80", "81", "82"];
        Assert.Equal(before.Select((p, i) => ports.Contains(p) ? 100 + (ulong)i : 0).Where(n => n > 0), CountersOf(host).Where(n => n > 0));
    }

    [Fact]
    public void Rules_keep_their_counters_when_others_come_and_go_after_them()
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1"), PolicyOn("80", "81", "82"));
        for (int i = 0; i < 3; i++) host.Kernel.SetCounter(KernelNames.Table, "policy-in/gnp/p", i, new NftCounter(100 + (ulong)i, 1));
        host.Put(PolicyOn("80", "81"));
        Assert.Equal([100ul, 101], CountersOf(host));
        host.Put(PolicyOn("80", "81", "83", "84"));
        Assert.Equal([100ul, 101, 0, 0], CountersOf(host));
        host.Put(PolicyOn("70", "81", "83", "84"));
        Assert.Equal([0ul, 101, 0, 0], CountersOf(host));
    }

    private static GlobalNetworkPolicy PolicyOn(params string[] ports) => GlobalPolicy("p", "all()", [.. ports.Select(p => Allow(to: Entity(ports: p), protocol: "TCP"))]);

    private static IEnumerable<ulong> CountersOf(FakeHost host) => host.Kernel.ReadRules(KernelNames.Table, "policy-in/gnp/p").Select(r => r.Counter!.Value.Packets);

    private static string WithoutCounters(string dump) => System.Text.RegularExpressions.Regex.Replace(dump, @"counter packets \d+ bytes \d+", "counter packets 0 bytes 0");

    private static Dictionary<string, string> HandlesByChain(FakeHost host) => HandlesByChain(host.Kernel.Read(KernelNames.Table)!);

    private static Dictionary<string, string> HandlesByChain(NftTable table) =>
        table.Chains.ToDictionary(c => c.Key, c => string.Join(' ', c.Value.Rules.Select(r => r.Handle)));

    private static IEnumerable<string> NetsOf(FakeHost host) => host.Kernel.Read(KernelNames.Table)!.Sets.Keys.Where(n => n.StartsWith("nets4/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
