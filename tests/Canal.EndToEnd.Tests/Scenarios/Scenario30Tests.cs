using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario30Tests
{
    [Fact]
    public async Task Neighbour_discovery_works_whatever_the_policy()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(2, 1);
        await rig.StartAgents();
        await rig.Put(Calico.GlobalNetworkPolicy("six").Selecting("all()")
            .In(Rule.Allow.SrcNets("::/0"), Rule.Deny.Protocol("ICMPv6")).Out(Rule.Allow.DstNets("::/0"), Rule.Deny.Protocol("ICMPv6")));
        FlushNeighbours(rig);
        await rig.Round("v6 w0↔w1 ✓", "v6 w0↔v0 ✓", "w0→w1 ✗");

        await rig.Put(Calico.GlobalNetworkPolicy("six").Selecting("all()").In(Rule.Deny).Out(Rule.Deny));
        FlushNeighbours(rig);
        await rig.Round("v6 w0↔w1 ✗", "v6 w0↔v0 ✗", "v6 h1→w0 ✓");
        string gateway = rig["w0"].Shell("ip -6 neigh show dev eth0");
        Assert.Contains("fe80::ecee:eeff:feee:eeee lladdr ee:ee:ee:ee:ee:ee", gateway, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Networks_of_one_family_say_nothing_about_the_other()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        await rig.Put(Calico.GlobalNetworkPolicy("four").Selecting("name == 'w0'").In(Rule.Allow.SrcNets("10.65.0.11/32")));
        await rig.Round("w1→w0 ✓", "v6 w1→w0 ✗");
    }

    [Fact]
    public async Task Workload_interfaces_get_their_ipv6_sysctls_and_routes()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.StartAgents();
        await rig.Round("v6 x→w0 ✓");
        Assert.Equal("0", rig["h1"].Netns.ReadSysctl("net/ipv6/conf/caliw0/accept_ra"));
        Assert.Equal("1", rig["h1"].Netns.ReadSysctl("net/ipv6/conf/caliw0/proxy_ndp"));
        Assert.Equal("1", rig["h1"].Netns.ReadSysctl("net/ipv6/conf/caliw0/forwarding"));
        string route = Routes.Of(rig["h1"], "fd00:65::10");
        Assert.Contains("dev caliw0", route, StringComparison.Ordinal);
        Assert.Contains("proto 80", route, StringComparison.Ordinal);
    }

    private static void FlushNeighbours(NetworkRig rig)
    {
        foreach (string name in new[] { "w0", "w1", "v0" })
            rig[name].Shell("ip -6 neigh flush dev eth0");
    }
}
