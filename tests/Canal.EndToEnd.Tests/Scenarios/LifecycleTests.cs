using System.Text.RegularExpressions;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>What the agent leaves, and what it never touches.</summary>
public sealed partial class LifecycleTests
{
    private const string Foreign = """
        nft 'add table inet foreign; add chain inet foreign f { type filter hook forward priority 10; }; add rule inet foreign f ip saddr 203.0.113.9 counter drop;
             add set inet foreign s { type ipv4_addr; }; add element inet foreign s { 192.0.2.1 }; add table ip other; add chain ip other c'
        ip route add 198.51.100.0/24 via 10.100.0.254 proto static; ip -6 route add 2001:db8:9::/64 via fd00:100::fe proto static
        ip rule add from 203.0.113.9 lookup 77 priority 4321; ip route add 192.0.2.0/24 via 10.100.0.254 table 77; ip link add ours-not type veth peer name ours-not2
        """;

    [Fact]
    public async Task After_SIGTERM_enforcement_stays()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        string before = Ruleset(rig);
        Assert.Equal(0, await rig.Agent().Terminate());
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗", "x→w0 ✗");
        Assert.Equal(before, Ruleset(rig));
        Assert.Contains("dev caliw0", Routes.Of(rig["h1"], "10.65.0.10"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cleanup_removes_ours_and_only_ours()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig["h1"].Shell(Foreign);
        string foreign = ForeignState(rig);
        await Enforce(rig);
        Assert.Equal(foreign, ForeignState(rig));
        Assert.Equal(0, await rig.Agent().Terminate());

        await rig.Agent().Cleanup();
        Assert.Equal(foreign, ForeignState(rig));
        Assert.DoesNotContain("canal", rig["h1"].Shell("nft list tables"), StringComparison.Ordinal);
        Assert.Equal("", rig["h1"].Shell("ip route show proto 80; ip -6 route show proto 80").Trim());
        rig.PlumbByHand();
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✓", "x→w0 ✓");
    }

    [Fact]
    public async Task Cleanup_of_a_clean_host_succeeds_and_changes_nothing()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        rig["h1"].Shell(Foreign);
        using KernelWatch watch = new(rig["h1"].Netns);
        await rig.Agent().Cleanup();
        Assert.Empty(watch.Stop());
    }

    [Fact]
    public async Task Every_rule_has_a_counter()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        IReadOnlyList<KernelRule> rules = KernelRule.List(rig["h1"]);
        Assert.NotEmpty(rules);
        Assert.All(rules.Where(r => r.Comment.Length > 0), rule => Assert.True(rule.Packets >= 0, $"no counter: {rule.Json}"));
        Assert.Contains(rules, rule => rule.Comment.Contains("some-policy", StringComparison.Ordinal));
    }

    private static async Task Enforce(NetworkRig rig)
    {
        await rig.Put(Calico.GlobalNetworkPolicy("some-policy").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'")));
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "x→w0 ✗");
    }

    private static string Ruleset(NetworkRig rig) => Counter().Replace(rig["h1"].Shell("nft list table inet canal"), "counter");

    private static string ForeignState(NetworkRig rig) =>
        rig["h1"].Shell("nft list table inet foreign; nft list table ip other; ip route show proto static; ip -6 route show proto static; ip rule show priority 4321; ip route show table 77; ip -o link show ours-not | cut -d: -f1-2");

    [GeneratedRegex(@"counter packets \d+ bytes \d+")]
    private static partial Regex Counter();
}
