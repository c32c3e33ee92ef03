using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario17Tests
{
    [Fact]
    public async Task Networks_and_their_negations()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("nets").Selecting("name == 'w0'");
        string[] twenty = ["10.65.0.11/32", "10.65.0.12/32", .. Enumerable.Range(0, 18).Select(i => $"192.0.{i}.0/24")];
        await rig.Put(policy.In(Rule.Allow.SrcNets(twenty).SrcNotNets("10.65.0.11/32")));
        await rig.Round("w1→w0 ✗", "w2→w0 ✓", "x→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.SrcNets("0.0.0.0/0")));
        await rig.Round("w1→w0 ✓", "w2→w0 ✓", "x→w0 ✓", "v6 w1→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.SrcNotNets("0.0.0.0/0")));
        await rig.Round("w1→w0 ✗", "w2→w0 ✗", "x→w0 ✗", "h1→w0 ✓");

        await rig.Put(policy.In(Rule.Allow.SrcNets("fd00:65::11/128")));
        await rig.Round("w1→w0 ✗", "v6 w1→w0 ✓", "v6 w2→w0 ✗");
    }

    [Fact]
    public async Task All_criteria_of_a_rule_must_hold()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig["w0"].Listen(8056);
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("nets").Selecting("name == 'w0'");
        Rule rule = Rule.Allow.Tcp.Src("name == 'w1'").SrcNets("192.0.2.0/24", "10.65.0.10/31", "10.65.0.12/32").DstPorts(8055);
        await rig.Put(policy.In(rule.DstNets("198.51.100.0/24", "10.65.0.10/32", "203.0.113.0/24")));
        await rig.Round("w1→w0 ✓", "w2→w0 ✗", "x→w0 ✗", "w1→w0:8056 ✗", "udp w1→w0 ✗");

        await rig.Put(policy.In(rule.DstNets("198.51.100.0/24", "10.65.0.12/32", "203.0.113.0/24")));
        await rig.Round("w1→w0 ✗", "w2→w0 ✗", "w0→w1 ✓");

        await rig.Put(policy.In(Rule.Allow.Tcp.Src("name == 'w1'").SrcNets("192.0.2.0/24", "10.65.0.12/32", "10.65.0.99/32").DstPorts(8055)));
        await rig.Round("w1→w0 ✗", "w2→w0 ✗", "w0→w1 ✓");
    }
}
