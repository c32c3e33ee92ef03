using System.Text.Json.Nodes;
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
        AssertNothingLeft(rig);
        rig.PlumbByHand();
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✓", "x→w0 ✓");
    }

    [Fact]
    public async Task Cleanup_knows_without_etcd_what_etcd_had_named_and_leaves_routes_of_the_same_protocol_to_others()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig["h1"].Shell(Foreign);
        string foreign = ForeignState(rig);
        // 4 is ip-route(8)'s "static", which the host's own routes have.
        await rig.Put(NetworkRig.Configuration.Spec("deviceRouteProtocol", 4));
        await Enforce(rig);
        Assert.Contains("10.65.0.10 dev caliw0 proto static", rig["h1"].Shell("ip route"), StringComparison.Ordinal);
        Assert.Equal(0, await rig.Agent().Terminate());

        await rig.Agent().Cleanup();
        Assert.Equal(foreign, ForeignState(rig));
        AssertNothingLeft(rig);
    }

    [Fact]
    public async Task Cleanup_beside_a_running_agent_is_refused_and_changes_nothing()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        await Poll.Until(() => File.Exists(rig.Agent().KeptTable), "the table is not written down");
        using KernelWatch watch = new(rig["h1"].Netns);
        Xunit.Sdk.XunitException refused = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(rig.Agent().Cleanup);
        Assert.Contains("exited with 69: canal-felix: an agent answers on", refused.Message, StringComparison.Ordinal);
        Assert.Empty(watch.Stop());
        Assert.True(File.Exists(rig.Agent().KeptTable));
        rig.Agent().AssertRunning();
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
    public async Task Every_rule_that_denies_and_every_rule_of_a_policy_counts_and_says_whose_it_is()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(Calico.Tier("first").Order(1), Calico.GlobalNetworkPolicy("first.passing").Tier("first").Selecting("all()").In(Rule.Pass.Src("name == 'w1'"), Rule.Log, Rule.Deny.Protocol(132)),
            Calico.NetworkPolicy("default", "wide").Selecting("all()").Order(7).In(Rule.Allow.Tcp.DstPorts([.. Enumerable.Range(0, 40).Select(i => (JsonNode)(7000 + (2 * i))), "http"])).Out(Rule.Deny.DstNets("192.0.2.0/24"), Rule.Allow));
        await Enforce(rig);
        IReadOnlyList<KernelRule> rules = KernelRule.List(rig["h1"]);
        KernelRule[] deny = [.. rules.Where(rule => rule.Json.Contains("\"drop\"", StringComparison.Ordinal) || rule.Json.Contains("\"reject\"", StringComparison.Ordinal))];
        KernelRule[] policy = [.. rules.Where(rule => rule.Chain.StartsWith("policy-", StringComparison.Ordinal) || rule.Chain.StartsWith("profile-", StringComparison.Ordinal))];
        Assert.NotEmpty(deny);
        Assert.NotEmpty(policy);
        Assert.All(deny.Concat(policy), rule => Assert.True(rule.Packets >= 0 && rule.Comment.Length > 0, $"neither counted nor named: {rule.Json}"));
        foreach (string name in (string[])["some-policy", "first.passing", "default/wide"]) Assert.Contains(policy, rule => rule.Comment.Contains(name, StringComparison.Ordinal));
    }

    private static async Task Enforce(NetworkRig rig)
    {
        await rig.Put(Calico.GlobalNetworkPolicy("some-policy").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'")));
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "x→w0 ✗");
    }

    private static void AssertNothingLeft(NetworkRig rig)
    {
        RigNode host = rig["h1"];
        Assert.Equal("", host.Shell("ip route show proto 80; ip -6 route show proto 80").Trim());
        Assert.DoesNotMatch(@"(?m)^\S+ dev cali\S+ (?!proto kernel)", host.Shell("ip route; ip -6 route"));
        Assert.DoesNotContain("dev cali", host.Shell("ip neigh show nud permanent; ip -6 neigh show nud permanent"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(rig.Agent().StatusFolder));
        Assert.False(File.Exists(rig.Agent().MtuFile), "the file of the MTU is there");
        Assert.Empty(Directory.GetFiles(rig.Agent().StateFolder));
    }

    private static string Ruleset(NetworkRig rig) => Counter().Replace(rig["h1"].Shell("nft list table inet canal"), "counter");

    private static string ForeignState(NetworkRig rig) =>
        rig["h1"].Shell("nft list table inet foreign; nft list table ip other; ip route show proto static; ip -6 route show proto static; ip rule show priority 4321; ip route show table 77; ip -o link show ours-not | cut -d: -f1-2");

    [GeneratedRegex(@"counter packets \d+ bytes \d+")]
    private static partial Regex Counter();
}
