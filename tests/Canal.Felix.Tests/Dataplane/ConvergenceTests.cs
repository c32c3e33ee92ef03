using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

public sealed class ConvergenceTests
{
    [Fact]
    public void The_first_apply_is_one_commit_and_the_second_sends_nothing()
    {
        FakeHost host = new();
        Assert.True(host.Put(SampleCluster.All));
        Assert.Equal(1, host.Kernel.Commits);
        Assert.Equal(host.Dataplane.ChainCount, host.Kernel.Read(KernelNames.Table)!.Chains.Count);
        Assert.False(host.Dataplane.Apply());
        Assert.False(host.Put(SampleCluster.All));
        Assert.Equal(1, host.Kernel.Commits);
    }

    [Fact]
    public void A_restart_with_unchanged_state_commits_nothing()
    {
        FakeHost before = new();
        before.Put(SampleCluster.All);
        uint generation = before.Kernel.Generation();
        FakeHost after = new(kernel: before.Kernel);
        Assert.False(after.Put(SampleCluster.All.Reverse()));
        Assert.Equal((1, generation), (after.Kernel.Commits, after.Kernel.Generation()));
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
    public void A_changed_list_of_prefixes_changes_members_and_no_rule()
    {
        FakeHost host = new();
        host.Put(GlobalPolicy("p", "all()", [Allow(Entity(nets: "10.0.0.0/8,192.0.2.0/24"))]), Workload("w0", "10.0.0.1"));
        Dictionary<string, string> handles = HandlesByChain(host);
        host.Put(GlobalPolicy("p", "all()", [Allow(Entity(nets: "10.0.0.0/9,192.0.2.0/24"))]));
        Assert.Equal(handles, HandlesByChain(host));
        Assert.Contains("10.0.0.0/9", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0.0/8", host.Dump, StringComparison.Ordinal);
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

    private static Dictionary<string, string> HandlesByChain(FakeHost host) =>
        host.Kernel.Read(KernelNames.Table)!.Chains.ToDictionary(c => c.Key, c => string.Join(' ', c.Value.Rules.Select(r => r.Handle)));
}
