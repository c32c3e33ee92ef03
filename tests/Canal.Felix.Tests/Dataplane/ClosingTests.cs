using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>What the kernel refuses of one policy or endpoint is denied; everything else is programmed.</summary>
public sealed class ClosingTests
{
    [Fact]
    public void A_refused_policy_denies_and_all_others_are_programmed()
    {
        FakeHost host = new();
        host.Kernel.RefusesRule = comment => comment.StartsWith("gnp/web ingress 0", StringComparison.Ordinal);
        Assert.True(host.Put(SampleCluster.All));
        Assert.Equal(["gnp/web"], host.Dataplane.Closed.Keys);
        Assert.Contains("gnp/web ingress 0", host.Dataplane.Closed["gnp/web"], StringComparison.Ordinal);
        Assert.Equal(["gnp/web ingress: cannot be programmed, everything is denied"], CommentsOf(host, "policy-in/gnp/web"));
        Assert.EndsWith("drop comment \"gnp/web ingress: cannot be programmed, everything is denied\"", LinesOf(host, "gnp/web ingress: cannot").Single(), StringComparison.Ordinal);
        Assert.Contains("gnp/db ingress 1 log", CommentsOf(host, "policy-in/gnp/db"));
    }

    [Fact]
    public void A_policy_that_becomes_refused_keeps_nothing_else_from_changing()
    {
        FakeHost host = new();
        host.Put(SampleCluster.All);
        host.Kernel.RefusesRule = comment => comment.StartsWith("gnp/web ingress 0", StringComparison.Ordinal);
        Assert.True(host.Put(SampleCluster.WebOnOtherPort, Workload("r1", "10.0.0.9", "role=client", node: "h2"), GlobalPolicy("new", "all()", [Deny()])));
        Assert.Equal(["gnp/web"], host.Dataplane.Closed.Keys);
        Assert.Equal(["gnp/new ingress 0 deny"], CommentsOf(host, "policy-in/gnp/new"));
        Assert.False(host.Dataplane.Apply());
    }

    [Fact]
    public void It_is_tried_again_when_it_changes_and_not_before()
    {
        FakeHost host = new();
        host.Kernel.RefusesRule = comment => comment.StartsWith("gnp/web ingress 0", StringComparison.Ordinal);
        host.Put(SampleCluster.All);
        int commits = host.Kernel.Commits;
        host.Put(GlobalPolicy("new", "all()", [Deny()]));
        Assert.Equal(commits + 1, host.Kernel.Commits);
        Assert.Equal(["gnp/web"], host.Dataplane.Closed.Keys);

        host.Kernel.RefusesRule = null;
        host.Put(SampleCluster.WebOnOtherPort);
        Assert.Empty(host.Dataplane.Closed);
        Assert.Equal(FakeHost.DumpOf([.. SampleCluster.All, SampleCluster.WebOnOtherPort, GlobalPolicy("new", "all()", [Deny()])]), host.Dump);
    }

    [Fact]
    public void It_is_tried_again_when_members_of_its_sets_change()
    {
        FakeHost host = new();
        host.Kernel.RefusesRule = comment => comment.StartsWith("gnp/web ingress 0", StringComparison.Ordinal);
        host.Put(SampleCluster.All);
        host.Kernel.RefusesRule = null;
        WorkloadEndpoint member = Workload("r1", "10.0.0.9", "role=client", node: "h2");
        host.Put(member);
        Assert.Empty(host.Dataplane.Closed);
        Assert.Equal(FakeHost.DumpOf(SampleCluster.All.Append(member)), host.Dump);
    }

    [Fact]
    public void A_refused_endpoint_denies_and_all_others_are_programmed()
    {
        FakeHost host = new();
        host.Kernel.RefusesRule = comment => comment.StartsWith("end of ", StringComparison.Ordinal) && comment.Contains("h1-cni-w1", StringComparison.Ordinal);
        Assert.True(host.Put(SampleCluster.All));
        Assert.Equal(["endpoint caliw1"], host.Dataplane.Closed.Keys);
        Assert.Single(CommentsOf(host, "to/caliw1"));
        Assert.NotEmpty(CommentsOf(host, "policy-in/gnp/web"));
    }

    [Fact]
    public void When_even_the_denial_is_refused_the_failure_is_everybodys()
    {
        FakeHost host = new();
        host.Kernel.RefusesRule = comment => comment.StartsWith("gnp/web ingress", StringComparison.Ordinal);
        NftException refusal = Assert.Throws<NftException>(() => host.Put(SampleCluster.All));
        Assert.Contains("cannot be programmed", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(host.Kernel.Read(KernelNames.Table)!.Chains);
    }

    [Fact]
    public void A_refusal_of_what_is_nobodys_closes_nothing()
    {
        FakeHost host = new();
        host.Kernel.RefusesRule = comment => comment.Contains("unknown workload interface", StringComparison.Ordinal);
        Assert.Throws<NftException>(() => host.Put(SampleCluster.All));
        Assert.Empty(host.Dataplane.Closed);
    }

    private static IReadOnlyList<string> CommentsOf(FakeHost host, string chain) => [.. host.Kernel.ReadRules(KernelNames.Table, chain).Select(r => r.Comment)];

    private static IEnumerable<string> LinesOf(FakeHost host, string text) => host.Dump.Split('\n').Where(l => l.Contains(text, StringComparison.Ordinal));
}
