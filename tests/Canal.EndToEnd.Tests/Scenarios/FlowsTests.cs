using System.Text.Json;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>canalctl shows connections of real packets with the rules that let them begin, and what was denied.</summary>
public sealed class FlowsTests
{
    [Fact]
    public async Task Connections_and_denied_packets_are_shown_with_the_rule_at_each_end()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(2, 1);
        rig["h1"].Shell("sysctl -qw net.netfilter.nf_conntrack_acct=1");
        await rig.StartAgents();
        await rig.Put(Calico.NetworkPolicy("default", "guard").Selecting("name == 'w0'").In(Rule.Allow.Udp, Rule.Deny.Tcp.DstPorts(8056), Rule.Allow.Tcp),
            Calico.GlobalNetworkPolicy("out").Selecting("name == 'w1'").Out(Rule.Deny.Udp, Rule.Allow),
            Calico.HostEndpoint("hep-h1", "h1", "eth0"),
            Calico.GlobalNetworkPolicy("gate").Selecting("host == 'h1'").In(Rule.Allow.Tcp, Rule.Allow).Out(Rule.Allow));
        await rig.Round("w1→w0 ✓", "x→w0 ✓", "x→w0:8056 ✗", "v6 x→w0 ✓");

        JsonElement inside = await Shown(rig, "", f => Text(f, "source") == "10.65.0.11" && Text(f, "destination") == "10.65.0.10" && Text(f, "protocol") == "tcp");
        Assert.Equal(("allowed", "gnp/out", 1, "np/default/guard", 2),
            (Text(inside, "verdict"), Text(inside.GetProperty("egress"), "policy"), inside.GetProperty("egress").GetProperty("rule").GetInt32(),
                Text(inside.GetProperty("ingress"), "policy"), inside.GetProperty("ingress").GetProperty("rule").GetInt32()));
        Assert.True(inside.GetProperty("packets").GetInt64() > 0 && inside.GetProperty("reply_bytes").GetInt64() > 0, "it was not counted");
        Assert.NotEmpty(Text(inside, "state"));
        Assert.EndsWith("w1-eth0", Text(inside.GetProperty("egress"), "endpoint"), StringComparison.Ordinal);

        JsonElement outside = await Shown(rig, "--endpoint h1-cni-w0-eth0 --allowed", f => Text(f, "source") == "fd00:100::100");
        Assert.False(outside.TryGetProperty("egress", out _));

        JsonElement denied = await Shown(rig, "--denied --policy np/default/guard", f => f.GetProperty("destination_port").GetInt32() == 8056);
        Assert.Equal(("denied", "np/default/guard ingress 1"), (Text(denied, "verdict"), Text(denied.GetProperty("ingress"), "reason")));
        Assert.DoesNotContain(Flows(rig, "--denied"), f => Text(f, "verdict") == "allowed");

        // The connection goes on though policy would not let it begin any more.
        await rig.Put(Calico.NetworkPolicy("default", "guard").Selecting("name == 'w0'").In(Rule.Allow.Udp));
        await Shown(rig, "--denied", f => Text(f, "verdict") == "outlived" && Text(f.GetProperty("ingress"), "reason") == "end-of-tier default ingress");
        string table = Canalctl(rig, "flows");
        Assert.StartsWith("VERDICT ", table, StringComparison.Ordinal);
        Assert.Contains("gnp/out egress 1", table, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> Shown(NetworkRig rig, string options, Func<JsonElement, bool> wanted)
    {
        JsonElement[] found = [];
        await Poll.Until(() => ValueTask.FromResult((found = [.. Flows(rig, options).Where(wanted)]).Length > 0), TimeSpan.FromSeconds(30), () => Canalctl(rig, "flows"));
        return found[0];
    }

    private static JsonElement[] Flows(NetworkRig rig, string options) =>
        [.. Canalctl(rig, $"flows -o json {options}").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Canalctl(NetworkRig rig, string command) => rig["h1"].Shell($"RUNTIME_DIRECTORY={rig.Agent().RuntimeFolder} {Binary.Find("canalctl")} {command}");

    private static string Text(JsonElement at, string name) => at.GetProperty(name).GetString()!;
}
