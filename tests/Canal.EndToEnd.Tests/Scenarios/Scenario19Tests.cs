using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario19Tests
{
    [Fact]
    public async Task Icmp_types_and_codes()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("icmp").Selecting("name == 'w0'");
        await rig.Put(policy.In(Rule.Allow.Protocol("ICMP").Icmp(8)));
        await rig.Round("ping w1→w0 ✓", "icmp=8/1 w1→w0 ✓", "icmp=13/0 w1→w0 ✗", "w1→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.Protocol("ICMP").Icmp(8, 0)));
        await rig.Round("ping w1→w0 ✓", "icmp=8/0 w1→w0 ✓", "icmp=8/1 w1→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.Protocol("ICMP").NotIcmp(8)));
        await rig.Round("ping w1→w0 ✗", "icmp=13/0 w1→w0 ✓", "w1→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.Protocol("ICMPv6").Icmp(128)));
        await rig.Round("v6 ping w1→w0 ✓", "ping w1→w0 ✗", "v6 w1→w0 ✗");
    }

    [Fact]
    public async Task Protocols_by_name_and_number()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("protocols").Selecting("name == 'w0'");
        await rig.Put(policy.In(Rule.Allow.Protocol(253)));
        await rig.Round("proto=253 w1→w0 ✓", "proto=254 w1→w0 ✗", "w1→w0 ✗", "v6 proto=253 w1→w0 ✓");

        foreach (Rule tcp in new[] { Rule.Allow.Protocol("TCP"), Rule.Allow.Protocol("tcp"), Rule.Allow.Protocol(6) })
        {
            await rig.Put(policy.In(tcp));
            await rig.Round("w1→w0 ✓", "udp w1→w0 ✗", "proto=253 w1→w0 ✗");
        }

        await rig.Put(policy.In(Rule.Allow.NotProtocol("UDP")));
        await rig.Round("w1→w0 ✓", "udp w1→w0 ✗", "proto=253 w1→w0 ✓", "ping w1→w0 ✓");
    }
}
