using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario29Tests
{
    [Fact]
    public async Task A_workload_sends_only_with_its_own_addresses()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Round("src=10.65.0.10 w0→w1 ✓", "syn=10.65.0.10 w0→w1 ✓", "src=10.65.0.12 w0→w1 ✗", "syn=10.65.0.12 w0→w1 ✗", "src=127.0.0.1 w0→w1 ✗",
            "src=203.0.113.5 w0→w1 ✗", "src=10.100.0.100 w0→w1 ✗", "src=10.65.0.12 w0→x ✗",
            "v6 src=fd00:65::10 w0→w1 ✓", "v6 src=fd00:65::12 w0→w1 ✗", "v6 syn=fd00:65::12 w0→w1 ✗", "v6 src=2001:db8::5 w0→w1 ✗");
    }

    [Fact]
    public async Task An_endpoint_may_be_allowed_further_sources()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(NetworkRig.Configuration.Spec("workloadSourceSpoofing", "Any"),
            rig.Endpoint("w0").Spec("allowSpoofedSourcePrefixes", new JsonArray("198.51.100.0/24", "2001:db8:5::/64")));
        await rig.StartAgents();
        await rig.Round("src=198.51.100.7 w0→w1 ✓", "syn=198.51.100.7 w0→w1 ✓", "v6 src=2001:db8:5::7 w0→w1 ✓",
            "src=203.0.113.5 w0→w1 ✗", "src=10.65.0.12 w0→w1 ✗", "v6 src=2001:db8:6::7 w0→w1 ✗", "src=198.51.100.7 w2→w1 ✗");
    }

    [Fact]
    public async Task A_workload_may_not_send_encapsulated_packets_but_its_host_may()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        rig["w1"].Listen(4789);
        rig["x"].Listen(4789);
        await rig.Put(Calico.GlobalNetworkPolicy("everything").Selecting("all()").In(Rule.Allow).Out(Rule.Allow));
        await rig.StartAgents();
        await rig.Round("udp w0→w1:4789 ✗", "udp w0→x:4789 ✗", "proto=4 w0→w1 ✗", "proto=4 w0→x ✗", "udp h1→w1:4789 ✓", "proto=4 h1→w1 ✓", "w0→w1:4789 ✓", "udp w0→w1 ✓");
    }

    [Fact]
    public async Task A_stray_ack_to_the_host_gets_its_reset()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.StartAgents();
        await rig.Round("ack x→h1:1234 ✓", "x→h1 ✓");
    }
}
