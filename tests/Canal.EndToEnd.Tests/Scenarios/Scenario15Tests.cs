using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario15Tests
{
    [Fact]
    public async Task Named_ports_follow_the_endpoints_that_define_them()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig["w1"].Listen(9000);
        await rig.Put(rig.Endpoint("w0").Ports(("http", "TCP", 8055)), rig.Endpoint("w1").Ports(("http", "TCP", 8055), ("alt", "TCP", 9000)),
            rig.Endpoint("w2").Ports(("http", "TCP", 8055), ("http", "UDP", 8055)));
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("named").Selecting("all()");
        await rig.Put(policy.In(Rule.Allow.Tcp.DstPorts("http")));
        await rig.Round("w1→w0 ✓", "x→w0 ✓", "w0→w1 ✓", "w0→w1:9000 ✗", "udp w0→w2 ✗");

        await rig.Put(policy.In(Rule.Allow.Tcp.DstNotPorts("http")));
        await rig.Round("w1→w0 ✗", "w0→w1 ✗", "w0→w1:9000 ✓");

        await rig.Put(policy.In(Rule.Allow.Tcp.DstPorts(["http", 9000, .. Enumerable.Range(0, 16).Select(i => (JsonNode)(7000 + 2 * i))])));
        await rig.Round("w1→w0 ✓", "w0→w1 ✓", "w0→w1:9000 ✓", "udp w0→w2 ✗");

        await rig.Put(policy.In(Rule.Allow.Tcp.Dst("name == 'w1'").DstPorts("http")));
        await rig.Round("w0→w1 ✓", "w2→w1 ✓", "w1→w0 ✗", "w0→w2 ✗", "w0→w1:9000 ✗");

        await rig.Put(policy.In(Rule.Allow.Udp.DstPorts("http")));
        await rig.Round("udp w0→w2 ✓", "udp w0→w1 ✗", "w0→w2 ✗", "w1→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.DstPorts("http")));
        await rig.Round("w0→w1 ✓", "udp w0→w2 ✓", "w0→w2 ✓", "udp w0→w1 ✗", "w0→w1:9000 ✗", "v6 w0→w1 ✓", "v6 w0→w1:9000 ✗");

        await rig.Put(rig.Endpoint("w1").Ports(("alt", "TCP", 9000)));
        await rig.Round("w0→w1 ✗", "w1→w0 ✓", "udp w0→w2 ✓");
    }
}
