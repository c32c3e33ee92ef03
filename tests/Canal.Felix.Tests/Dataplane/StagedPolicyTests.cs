using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>Staged policies stand in their places and only count.</summary>
public sealed class StagedPolicyTests
{
    private static readonly StagedGlobalNetworkPolicy Trial = Staged(GlobalPolicy("trial", ingress: [Allow(protocol: "TCP"), Deny(protocol: "UDP"), Log()], order: 5));

    [Fact]
    public void Its_rules_count_and_return_and_so_does_what_none_matched()
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), Trial);
        Assert.Equal(
        [
            "meta l4proto tcp counter return comment \"sgnp/trial ingress 0 would allow\"",
            "meta l4proto udp counter return comment \"sgnp/trial ingress 1 would deny\"",
            "counter return comment \"sgnp/trial ingress would leave it to the rest of its tier\"",
        ], RulesOf(host, "staged-in/sgnp/trial"));
        Assert.DoesNotContain("staged-out", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tier_of_staged_policies_denies_nothing_at_its_end()
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), Trial);
        Assert.DoesNotContain("end of tier", host.Dump, StringComparison.Ordinal);
        host.Put(GlobalPolicy("real", ingress: [Allow()]));
        Assert.Contains("end of tier default", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void It_stands_in_its_place_among_the_enforced_and_before_its_namesake()
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), Trial, GlobalPolicy("trial", ingress: [Allow()], order: 5), GlobalPolicy("first", ingress: [Allow()], order: 1));
        Assert.Equal(["policy-in/gnp/first", "staged-in/sgnp/trial", "policy-in/gnp/trial"], RulesOf(host, "to/caliw0").Where(r => r.Contains("jump", StringComparison.Ordinal)).Select(r => r.Split("jump ")[1].Split(' ')[0]));
    }

    [Fact]
    public void One_without_rules_counts_what_it_would_leave_to_the_end_of_the_tier()
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), Staged(GlobalPolicy("isolate", ingress: [])));
        Assert.Equal(["counter return comment \"sgnp/isolate ingress would leave it to the rest of its tier\""], RulesOf(host, "staged-in/sgnp/isolate"));
    }

    [Theory]
    [InlineData(StagedAction.Delete)]
    [InlineData(StagedAction.Ignore)]
    public void One_that_stands_for_a_deletion_or_nothing_is_not_there(StagedAction action)
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), Trial with { Spec = Trial.Spec with { StagedAction = action } });
        Assert.DoesNotContain("staged", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_host_endpoint_it_changes_nothing_but_counters()
    {
        FakeHost host = new();
        StagedGlobalNetworkPolicy forward = Trial with { Spec = Trial.Spec with { ApplyOnForward = true } };
        host.Put(Host("hep", profiles: "open"), Open(), forward);
        Assert.DoesNotContain(RulesOf(host, "host-forward-in/hep"), r => r.Contains("drop", StringComparison.Ordinal) || r.Contains("reject", StringComparison.Ordinal));
        Assert.Contains(RulesOf(host, "host-forward-in/hep"), r => r.Contains("jump staged-in/sgnp/trial", StringComparison.Ordinal));
        Assert.Contains(RulesOf(host, "host-in/hep"), r => r.Contains("jump staged-in/sgnp/trial", StringComparison.Ordinal));
    }

    [Fact]
    public void Counters_are_told_by_chain_with_what_they_count()
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), Trial);
        Assert.Equal(
            "0 0 staged-in/sgnp/trial sgnp/trial ingress 0 would allow\n0 0 staged-in/sgnp/trial sgnp/trial ingress 1 would deny\n"
            + "0 0 staged-in/sgnp/trial sgnp/trial ingress would leave it to the rest of its tier\n", host.Dataplane.Counters("staged-"));
        Assert.Contains("profile-in/open", host.Dataplane.Counters(""), StringComparison.Ordinal);
    }

    /// <summary>As nft would list them, without the values of counters.</summary>
    private static List<string> RulesOf(FakeHost host, string chain)
    {
        string[] lines = host.Dump.Split('\n');
        int start = Array.FindIndex(lines, l => l.Trim() == $"chain {chain} {{");
        Assert.True(start >= 0, $"no chain {chain} in\n{host.Dump}");
        return [.. lines.Skip(start + 1).TakeWhile(l => l.Trim() != "}").Select(l => l.Trim().Replace("counter packets 0 bytes 0", "counter", StringComparison.Ordinal))
            .Where(l => !l.StartsWith("comment", StringComparison.Ordinal))];
    }
}
