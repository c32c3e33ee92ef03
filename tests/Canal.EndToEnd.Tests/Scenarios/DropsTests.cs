using System.Text.Json;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>Who is denied can be told why, from real packets.</summary>
public sealed class DropsTests
{
    [Fact]
    public async Task A_denied_packet_is_told_with_policy_rule_endpoint_and_addresses()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(2, 1);
        await rig.StartAgents();
        await rig.Put(Calico.NetworkPolicy("default", "guard").Selecting("name == 'w0'").In(Rule.Allow.Udp, Rule.Deny.Tcp),
            Calico.GlobalNetworkPolicy("confined").Selecting("name == 'w1'").Out(Rule.Allow.Dst("name == 'w0'")),
            Calico.HostEndpoint("hep-h1", "h1", "eth0"),
            Calico.GlobalNetworkPolicy("gate").Selecting("host == 'h1'").Spec("applyOnForward", true).In(Rule.Deny.Tcp.DstPorts(8056), Rule.Allow));
        await rig.Round("x→w0 ✗", "udp x→w0 ✓", "w1→x ✗", "src=203.0.113.5 w0→w1 ✗", "ping w0→w1 ✓", "x→w1:8056 ✗", "v6 x→w0 ✗");

        JsonElement byRule = await Told(rig, d => Is(d, "np/default/guard ingress 1") && Is(d, "10.100.0.100", "source"));
        Assert.Equal(("np/default/guard", 1, "ingress", "tcp", 8055), (byRule.GetProperty("policy").GetString(), byRule.GetProperty("rule").GetInt32(),
            byRule.GetProperty("direction").GetString(), byRule.GetProperty("protocol").GetString(), byRule.GetProperty("destination_port").GetInt32()));
        Assert.Equal(("eth0", "caliw0", "10.65.0.10"), (byRule.GetProperty("in").GetString(), byRule.GetProperty("out").GetString(), byRule.GetProperty("destination").GetString()));
        Assert.EndsWith("w0-eth0", byRule.GetProperty("endpoint").GetString(), StringComparison.Ordinal);
        Assert.NotEqual(0, byRule.GetProperty("source_port").GetInt32());

        Assert.EndsWith("w1-eth0", (await Told(rig, d => Is(d, "end-of-tier default egress"))).GetProperty("endpoint").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("w0-eth0", (await Told(rig, d => Is(d, "spoofed-source egress"))).GetProperty("endpoint").GetString(), StringComparison.Ordinal);
        Assert.Equal("hep-h1", (await Told(rig, d => Is(d, "gnp/gate ingress 0"))).GetProperty("endpoint").GetString());
        await Told(rig, d => Is(d, "np/default/guard ingress 1") && Is(d, "fd00:100::100", "source"));
        Assert.DoesNotContain(Drops(rig), d => Is(d, "udp", "protocol") && Is(d, "10.65.0.10", "destination"));
        await Poll.Until(() => rig.Agent().Log.Any(l => l.Contains("np/default/guard ingress 1", StringComparison.Ordinal) && l.Contains("10.65.0.10:8055", StringComparison.Ordinal)), "the log does not tell");

        // Who follows gets what is new.
        long serial = await LastSerial(rig);
        Assert.Empty(Drops(rig, $"drops {serial}"));
        await rig.Round("x→w0 ✗", "udp x→w0 ✓");
        await Poll.Until(() => Drops(rig, $"drops {serial}").Any(d => Is(d, "np/default/guard ingress 1")), "the follower is not told");
    }

    [Fact]
    public async Task A_policy_is_told_by_its_whole_name_however_long()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        string name = string.Concat(Enumerable.Repeat("a-long-name-", 20)) + "z";
        await rig.StartAgents();
        await rig.Put(Calico.GlobalNetworkPolicy(name).Selecting("name == 'w0'").In(Rule.Allow.Udp, Rule.Deny.Tcp));
        await rig.Round("w1→w0 ✗", "udp w1→w0 ✓");
        JsonElement told = await Told(rig, d => Is(d, $"gnp/{name} ingress 1"));
        Assert.Equal($"gnp/{name}", told.GetProperty("policy").GetString());
        await Poll.Until(() => rig.Agent().Log.Any(l => l.Contains($"by gnp/{name} ingress 1", StringComparison.Ordinal)), "the log does not tell");
    }

    [Fact]
    public async Task It_can_be_switched_off_while_the_agent_runs()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        await rig.Put(Calico.NetworkPolicy("default", "guard").Selecting("name == 'w0'").In());
        await rig.Round("x→w0 ✗", "w1→x ✓");
        await Poll.Until(() => Drops(rig).Length > 0, "nothing is told");

        rig.Agent().Configure("drop_log = \"off\"");
        await rig.Agent().Run("--reload");
        await Poll.Until(() => !rig["h1"].Shell("nft list table inet canal").Contains(" log ", StringComparison.Ordinal), "rules still log");
        long serial = await LastSerial(rig);
        await rig.Round("x→w0 ✗", "w1→x ✓");
        Assert.Empty(Drops(rig, $"drops {serial}"));

        rig.Agent().Configure("drop_log = \"socket\"", "drop_log_group = 171");
        await rig.Agent().Run("--reload");
        await Poll.Until(() => rig["h1"].Shell("nft list table inet canal").Contains("group 171", StringComparison.Ordinal), "rules do not log to the other group");
        await Poll.Until(() => rig["h1"].Shell("cat /proc/net/netfilter/nfnetlink_log").Contains("171", StringComparison.Ordinal), "nobody reads the other group");
        await rig.Round("x→w0 ✗", "w1→x ✓");
        await Poll.Until(() => Drops(rig, $"drops {serial}").Length > 0, "nothing is told any more");
    }

    /// <summary>The first such drop, once it is told: the kernel hands them on in lots.</summary>
    private static async Task<JsonElement> Told(NetworkRig rig, Func<JsonElement, bool> wanted)
    {
        JsonElement[] found = [];
        await Poll.Until(() => ValueTask.FromResult((found = [.. Drops(rig).Where(wanted)]).Length > 0), TimeSpan.FromSeconds(30), () => rig.Agent().Ask("drops"));
        return found[0];
    }

    /// <summary>The number of the last drop, once there has been no other for a second.</summary>
    private static Task<long> LastSerial(NetworkRig rig) =>
        Standstill.Of(() => Lines(rig, "drops")[0].GetProperty("serial").GetInt64(), TimeSpan.FromSeconds(1), "drops go on to be told");

    private static bool Is(JsonElement drop, string value, string name = "reason") => drop.GetProperty(name).GetString() == value;

    private static JsonElement[] Drops(NetworkRig rig, string request = "drops") => Lines(rig, request)[1..];

    private static JsonElement[] Lines(NetworkRig rig, string request) =>
        [.. rig.Agent().Ask(request).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => JsonDocument.Parse(line).RootElement)];
}
