using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario20Tests
{
    [Fact]
    public async Task A_named_host_endpoint_alone_denies_all_but_failsafe_ports_and_what_is_forwarded()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(1, 1);
        rig["h1"].Listen(22, 2379);
        rig["h2"].Listen(2379);
        await rig.StartAgents();
        Resource[] endpoints = [Calico.HostEndpoint("hep-h1", "h1", "eth0", "10.100.0.1"), Calico.HostEndpoint("hep-h2", "h2", "eth0", "10.100.0.2")];
        await rig.Put(endpoints);
        await rig.Round("h1↔h2 ✗", "h1→v0 ✗", "h1→w0 ✓", "w0↔v0 ✓", "x→w0 ✓", "x→h1:22 ✓", "x→h1 ✗", "h1→h2:2379 ✓", "udp x→h1 ✗", "ping x→h1 ✗", "proto=253 x→h1 ✗");

        // Neighbours are forgotten: without neighbour discovery nothing of IPv6 would work, not even what is allowed.
        foreach (string name in new[] { "h1", "h2", "x" })
            rig[name].Shell("ip -6 neigh flush dev eth0");
        await rig.Round("v6 h1↔h2 ✗", "v6 h1→v0 ✗", "v6 h1→w0 ✓", "v6 w0↔v0 ✓", "v6 x→w0 ✓", "v6 x→h1:22 ✓", "v6 x→h1 ✗", "v6 h1→h2:2379 ✓", "v6 ping x→h1 ✗", "v6 proto=253 x→h1 ✗");

        await rig.Delete(endpoints);
        await rig.Round("h1↔h2 ✓", "h1→v0 ✓", "x→h1 ✓", "v6 x→h1 ✓", "proto=253 x→h1 ✓", "ping x→h1 ✓");
        Assert.DoesNotContain("host-in", rig["h1"].Shell("nft list table inet canal"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_opens_what_the_host_endpoint_denies()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(1, 1);
        await rig.StartAgents();
        await rig.Put(Calico.HostEndpoint("hep-h1", "h1", "eth0"), Calico.HostEndpoint("hep-h2", "h2", "eth0"), Calico.Tier("security").Order(10),
            Calico.GlobalNetworkPolicy("out").Tier("security").Selecting("host == 'h1'").Out(Rule.Allow));
        await rig.Round("h1→h2 ✗", "w0→v0 ✓");

        Resource into = Calico.GlobalNetworkPolicy("in").Tier("security").Selecting("host == 'h2'");
        await rig.Put(into.In(Rule.Allow));
        await rig.Round("h1→h2 ✓", "h2→h1 ✗", "udp h1→h2 ✓", "v6 h1→h2 ✓", "v6 h2→h1 ✗");

        await rig.Put(into.In(Rule.Allow.Protocol(253)));
        await rig.Round("h1→h2 ✗", "proto=253 h1→h2 ✓", "proto=254 h1→h2 ✗");

        await rig.Put(into.In(Rule.Deny));
        await rig.Round("h1→h2 ✗", "w0→v0 ✓");
    }

    [Fact]
    public async Task The_failsafe_ports_are_configurable_and_limited_to_their_networks()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        rig["h1"].Listen(22, 9001, 9002);
        rig.Agent().Configure("failsafe_inbound_host_ports = [\"tcp:9001\", \"udp:10.100.0.99/32:9002\", \"tcp:fd00:100::/64:9002\"]");
        await rig.StartAgents();
        await rig.Put(Calico.HostEndpoint("hep-h1", "h1", "eth0"));
        await rig.Round("x→h1:22 ✗", "x→h1:9001 ✓", "v6 x→h1:9001 ✓", "udp x→h1:9002 ✗", "x→h1:9002 ✗", "v6 x→h1:9002 ✓");
    }
}
