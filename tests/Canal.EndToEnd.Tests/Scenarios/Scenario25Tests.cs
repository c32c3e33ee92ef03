using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario25Tests
{
    private static Resource Deny => PreDnat("deny").Order(20).In(Rule.Deny);

    [Fact]
    public async Task Policy_before_DNAT_sees_the_published_port_of_a_named_interface()
    {
        await using NetworkRig rig = await Published();
        await rig.Put(Calico.HostEndpoint("hep", "h1", "eth0").Profiles("open"), Deny);
        await rig.Round("x→w0:32010 ✗", "x→w1:32011 ✗", "w0→w1:32011 ✓", "v6 x→w0:32010 ✗", "v6 w0→w1:32011 ✓");

        await rig.Put(PreDnat("allow").Order(10).In(Rule.Allow.Tcp.DstPorts(32010)));
        await rig.Round("x→w0:32010 ✓", "x→w1:32011 ✗", "w0→w1:32011 ✓", "v6 x→w0:32010 ✓", "v6 x→w1:32011 ✗");

        await rig.Put(PreDnat("allow").Order(10).In(Rule.Allow.Tcp.DstPorts(8055)));
        await rig.Round("x→w0:32010 ✗", "x→w1:32011 ✗", "w0→w1:32011 ✓");
    }

    [Fact]
    public async Task Of_all_interfaces_it_governs_workloads_as_well()
    {
        await using NetworkRig rig = await Published();
        await rig.Put(Calico.HostEndpoint("hep", "h1", "*").Profiles("open"), Deny);
        await rig.Round("w1→w0:32010 ✗", "x→w0:32010 ✗", "h1→w0 ✓");

        await rig.Put(PreDnat("allow").Order(10).In(Rule.Allow.Tcp.DstPorts(32010)));
        await rig.Round("w1→w0:32010 ✓", "x→w0:32010 ✓", "w0→w1:32011 ✗", "v6 w1→w0:32010 ✓", "v6 w0→w1:32011 ✗");

        await rig.Put(Calico.NetworkPolicy("default", "w1").Selecting("name == 'w1'").Out(Rule.Deny.Dst("name == 'w0'"), Rule.Allow));
        await rig.Round("w1→w0:32010 ✗", "x→w0:32010 ✓");
    }

    /// <summary>At the other stages the named one is asked alone, also when it has no policy there.</summary>
    [Fact]
    public async Task Of_all_interfaces_it_holds_where_a_named_endpoint_has_none()
    {
        await using NetworkRig rig = await Published();
        await rig.Put(Calico.HostEndpoint("all", "h1", "*").Labels(("all", "yes")).Profiles("open"), Calico.HostEndpoint("hep", "h1", "eth0").Profiles("open"), Deny.Selecting("has(all)"));
        await rig.Round("x→w0:32010 ✗", "w1→w0:32010 ✗", "v6 x→w0:32010 ✗", "h1→w0 ✓");

        await rig.Put(PreDnat("own").Selecting("has(host-endpoint) && !has(all)").Order(10).In(Rule.Allow.Tcp.DstPorts(32010)));
        await rig.Round("x→w0:32010 ✓", "w1→w0:32010 ✗", "x→w1:32011 ✓");

        Resource forward = Calico.GlobalNetworkPolicy("forward").Selecting("has(all)").Spec("applyOnForward", true).In(Rule.Deny).Out(Rule.Allow);
        await rig.Put(forward, Calico.GlobalNetworkPolicy("normal").Selecting("has(all)").In(Rule.Deny));
        await rig.Round("x→w0:32010 ✓", "x→h1 ✓", "x→w0 ✓");
    }

    [Fact]
    public async Task A_port_that_Docker_would_publish_on_the_hosts_address_is_covered()
    {
        await using NetworkRig rig = await Published();
        // As docker -p 9000:8055 does, for an interface that is no workload's.
        rig["h1"].Shell("nft 'add rule inet rig pre ip daddr 10.100.0.1 tcp dport 9000 dnat ip to 10.65.0.10:8055'");
        await rig.Round("x→h1:9000 ✓");
        await rig.Put(Calico.HostEndpoint("hep", "h1", "eth0").Profiles("open"), Deny, PreDnat("allow").Order(10).In(Rule.Allow.SrcNets("10.100.0.99/32").Tcp.DstPorts(9000)));
        await rig.Round("x→h1:9000 ✗", "w0→w1 ✓");
        await rig.Put(PreDnat("allow").Order(10).In(Rule.Allow.SrcNets("10.100.0.100/32").Tcp.DstPorts(9000)));
        await rig.Round("x→h1:9000 ✓", "x→h1 ✗");
    }

    [Theory]
    [InlineData("Drop")]
    [InlineData("Reject")]
    public async Task What_a_process_sends_and_DNAT_redirects_is_judged_by_where_it_goes(string deny)
    {
        await using NetworkRig rig = await Published();
        rig.Agent().Configure($"nftables_filter_deny_action = \"{deny}\"");
        await rig.Agent().Terminate();
        rig.Agent().Start();
        rig["x"].Listen(9100);
        rig["h1"].Shell("nft 'add chain inet rig out { type nat hook output priority -100; }; add rule inet rig out ip daddr 192.0.2.1 tcp dport 80 dnat ip to 10.100.0.100:9100;"
            + " add rule inet rig out ip daddr 192.0.2.2 tcp dport 80 dnat ip to 10.65.0.10:8055'; ip route add 192.0.2.0/24 dev lo src 10.100.0.1");
        Assert.Equal("open", FromHost(rig, "192.0.2.1"));
        Resource all = Calico.HostEndpoint("hep", "h1", "*");
        await rig.Put(all);
        await rig.Round("x→w0 ✓");
        Assert.Equal("shut", FromHost(rig, "192.0.2.1"));
        Assert.Equal("open", FromHost(rig, "192.0.2.2"));

        await rig.Put(Calico.GlobalNetworkPolicy("out").Selecting("has(host-endpoint)").Out(Rule.Allow.Tcp.DstNets("10.100.0.100/32").DstPorts(9100)));
        await rig.Round("x→w0 ✓");
        await Poll.Until(() => FromHost(rig, "192.0.2.1") == "open", "policy that allows the redirected connection does not");
    }

    [Fact]
    public async Task A_policy_that_cannot_stand_is_absent_and_said_so()
    {
        await using NetworkRig rig = await Published();
        await rig.Put(Calico.HostEndpoint("hep", "h1", "eth0").Profiles("open"), Deny.Spec("applyOnForward", null));
        await rig.Round("x→w0:32010 ✓");
        Assert.Contains(rig.Agent().Log, line => line.Contains("GlobalNetworkPolicy deny is ignored: spec.applyOnForward", StringComparison.Ordinal));
        await rig.Put(Deny.Out(Rule.Deny).Types("Ingress"));
        await rig.Round("x→w0:32010 ✓");
        await rig.Put(Deny);
        await rig.Round("x→w0:32010 ✗", "x→h1:22 ✓");
    }

    private static Resource PreDnat(string name) => Calico.GlobalNetworkPolicy(name).Selecting("has(host-endpoint)").Spec("preDNAT", true).Spec("applyOnForward", true);

    private static async Task<NetworkRig> Published()
    {
        NetworkRig rig = await NetworkRig.OneHost(2);
        rig["h1"].Listen(22);
        rig["h1"].Shell("nft 'add table inet rig; add chain inet rig pre { type nat hook prerouting priority dstnat; }'");
        for (int i = 0; i < 2; i++)
            rig["h1"].Shell($"nft 'add rule inet rig pre ip daddr 10.65.0.1{i} tcp dport 3201{i} dnat ip to 10.65.0.1{i}:8055; add rule inet rig pre ip6 daddr fd00:65::1{i} tcp dport 3201{i} dnat ip6 to [fd00:65::1{i}]:8055'");
        return await rig.StartAgents();
    }

    private static string FromHost(NetworkRig rig, string address) =>
        rig["h1"].Shell($"timeout 1 bash -c 'exec 3<>/dev/tcp/{address}/80' 2>/dev/null && echo open || echo shut").Trim();
}
