using System.Text.RegularExpressions;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Rules;
using Canal.Linux.Tunnels;
using Canal.Testing.Rig;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>Real bridges, real packets, for each way of carrying them.</summary>
public sealed class BackendTests
{
    [Fact]
    public async Task Vxlan_carries_both_families_across_a_router()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fd05::/48","Backend":{"Type":"vxlan"}}""");
        FlannelHost[] hosts = [fabric.AddHost(1), fabric.AddHost(2, 50, "checksum_offload = false"), fabric.AddHost(3, 60)];
        await fabric.Run(hosts);
        foreach (FlannelHost from in hosts)
            foreach (FlannelHost to in hosts)
                if (from != to)
                    foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
                        await fabric.Until(() => from.Reaches(to, family), $"{from.Number} does not reach {to.Number} by {family}");
        Assert.Equal(1430u, hosts[0].Told.Mtu);
        Assert.True(hosts[0].Reaches(hosts[2], IpFamily.V4, 1450 - 28), "a packet of the IPv4 device's MTU does not go through");
        Assert.True(hosts[0].Reaches(hosts[2], IpFamily.V6, 1430 - 48), "a packet of the IPv6 device's MTU does not go through");
        foreach (FlannelHost host in hosts)
            foreach (string device in (string[])["flannel.1", "flannel-v6.1"])
            {
                Assert.Equal("0", host.Netns.ReadSysctl($"net/ipv6/conf/{device}/accept_ra"));
                Assert.Equal(host.Number != 2, host.Netns.Run(() => ChecksumOffload.IsOn(device)));
            }
    }

    [Fact]
    public async Task Direct_routing_wraps_only_what_a_router_is_in_between_of()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","VNI":7,"Port":4789,"DirectRouting":true}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2), far = fabric.AddHost(3, 60);
        await fabric.Run(one, two, far);
        string routes = one.Routes();
        Assert.Contains($"{two.Subnet.V4Cidr} via {two.Address} dev e0", routes, StringComparison.Ordinal);
        Assert.Contains($"{far.Subnet.V4Cidr} via {far.Subnet.V4} dev flannel.7 onlink", routes, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(one.Netns.Shell("bridge fdb show dev flannel.7"), "dst "));
        await fabric.Until(() => one.Reaches(two) && one.Reaches(far) && far.Reaches(two), "not all reach each other");

        // A route to the neighbour over the router makes it a far one.
        one.Netns.Shell($"ip route add {two.Address}/32 via 192.168.50.254 dev e0 proto static");
        await fabric.Until(() => one.Ask("--reload") is not null && one.Routes().Contains($"{two.Subnet.V4Cidr} via {two.Subnet.V4} dev flannel.7 onlink", StringComparison.Ordinal), "the tunnel was not taken");
    }

    [Fact]
    public async Task Host_gateways_need_no_device_and_leave_a_host_behind_a_router_alone()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fd05::/48","Backend":{"Type":"host-gw"}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2), far = fabric.AddHost(3, 60);
        await fabric.Run(one, two);
        far.Start();
        await fabric.Until(() => far.HasSubnet, "the far host has no subnet");
        Assert.Contains($"{two.Subnet.V4Cidr} via {two.Address} dev e0", one.Routes(), StringComparison.Ordinal);
        Assert.Contains($"{two.Subnet.V6Cidr} via {two.AddressV6} dev e0", one.Routes(), StringComparison.Ordinal);
        Assert.Equal(1500u, one.Told.Mtu);
        await fabric.Until(() => one.Reaches(two) && two.Reaches(one, IpFamily.V6), "they do not reach each other");
        await fabric.Until(() => one.Log.Contains($"add route {far.Subnet.V4Cidr}", StringComparison.Ordinal), "nothing is said of the host that is no gateway");
        Assert.DoesNotContain(far.Subnet.V4Cidr.ToString()!, one.Routes(), StringComparison.Ordinal);
        Assert.True(one.Reaches(two), "one unreachable host took the others with it");
    }

    [Fact]
    public async Task A_host_gateway_behind_NAT_is_refused_and_takes_no_lease()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""");
        FlannelHost host = fabric.AddHost(1, 50, "public_ip = \"203.0.113.9\"", "interfaces = [\"e0\"]");
        host.Start();
        await fabric.Until(() => host.Log.Contains("the backend host-gw needs a public address that e0 has", StringComparison.Ordinal), "it is not refused");
        Assert.Empty(await fabric.Leases());
    }

    [Fact]
    public async Task Udp_carries_packets_by_a_process_and_says_what_it_cannot_reach()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16"}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2), far = fabric.AddHost(3, 60);
        foreach (FlannelHost host in (FlannelHost[])[one, two, far]) host.Start();
        await fabric.Until(() => one.HasSubnet && two.HasSubnet && far.HasSubnet, "no subnets");
        foreach (FlannelHost host in (FlannelHost[])[one, two, far]) host.AddWorkload();
        await fabric.Until(() => one.Reaches(two) && two.Reaches(far) && far.Reaches(one), "they do not reach each other");
        Assert.True(one.Reaches(far, IpFamily.V4, 1472 - 28), "a packet of the device's MTU does not go through");
        Assert.Equal(1472u, one.Told.Mtu);
        // Each end takes one from the time to live.
        Assert.ThrowsAny<InvalidOperationException>(() => one.Netns.Shell($"ping -c 1 -W 1 -t 2 -I {one.Workload()} {two.Workload()}"));
        Assert.Contains("ttl=62", one.Netns.Shell($"ping -c 1 -W 1 -t 3 -I {one.Workload()} {two.Workload()}"), StringComparison.Ordinal);
        const string unreachable = "awk '/^Icmp: [0-9]/ { print $5 }' /proc/net/snmp";
        int before = int.Parse(one.Netns.Shell(unreachable));
        one.Netns.Shell("nc -zw1 10.5.0.9 80 || true");
        Assert.True(int.Parse(one.Netns.Shell(unreachable)) > before, "nobody says that 10.5.0.9 is not there");

        one.Kill();
        one.Start();
        await fabric.Until(() => one.Reaches(two), "after a restart they do not reach each other");
        one.Netns.Shell("ip link del flannel0");
        await fabric.Until(() => one.Reaches(two), "without its device the host does not come back");
        await fabric.Configure("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        await fabric.Until(() => one.HasRouteTo(two) && !one.Netns.Shell("ip link").Contains("flannel0", StringComparison.Ordinal), "the device of udp stays with another backend");
        await fabric.Until(() => one.Reaches(two), "by vxlan they do not reach each other");
    }

    [Fact]
    public async Task Extension_runs_commands_where_the_host_allows_it()
    {
        const string add = "read -r via; ip route add $SUBNET via $PUBLIC_IP dev $via", remove = "ip route del $SUBNET";
        await using FlannelFabric fabric = await FlannelFabric.Start($$$"""{"Network":"10.5.0.0/16","Backend":{"Type":"extension","PreStartupCommand":"echo e0","PostStartupCommand":"ip link add started type bridge; test -n \"$SUBNET\"","SubnetAddCommand":"{{{add}}}","SubnetRemoveCommand":"{{{remove}}}"}}""");
        FlannelHost one = fabric.AddHost(1, 50, "allow_extension = true"), two = fabric.AddHost(2, 50, "allow_extension = true"), careful = fabric.AddHost(3);
        await fabric.Run(one, two);
        await fabric.Until(() => one.Reaches(two), "the commands do not carry packets");
        Assert.Contains("\"BackendType\":\"extension\",\"BackendData\":\"e0\"", (await fabric.Leases())[one.Subnet.ToString()], StringComparison.Ordinal);
        Assert.Contains("started", one.Netns.Shell("ip link"), StringComparison.Ordinal);
        careful.Start();
        await fabric.Until(() => careful.Log.Contains("allow_extension is false", StringComparison.Ordinal), "commands of etcd are run unasked");
        // What cannot be added is told, and waits for the reason to go.
        one.Netns.Shell("ip route add 10.5.200.0/24 via 192.168.50.2 dev e0 proto static");
        await fabric.Etcd.CtlAsync("put", $"{FlannelFabric.Prefix}/subnets/10.5.200.0-24", """{"PublicIP":"192.168.50.7","BackendType":"extension","BackendData":"e0"}""");
        await fabric.Until(() => one.Log.Contains("ended with 2", StringComparison.Ordinal), "the command's failure is not told");
        one.Netns.Shell("ip route del 10.5.200.0/24");
        await fabric.Until(() => one.Routes().Contains("10.5.200.0/24 via 192.168.50.7 dev e0", StringComparison.Ordinal), "it is not tried again");
        await fabric.Etcd.CtlAsync("del", $"{FlannelFabric.Prefix}/subnets/10.5.200.0-24");
        await fabric.Until(() => !one.Routes().Contains("10.5.200.0", StringComparison.Ordinal), "the command for a host that went is not run");
    }

    [Fact]
    public async Task Alloc_only_leases()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"alloc"}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        one.Start();
        two.Start();
        await fabric.Until(() => one.HasSubnet && two.HasSubnet, "no subnets");
        Assert.Equal(["{\"PublicIP\":\"192.168.50.1\",\"PublicIPv6\":null}", "{\"PublicIP\":\"192.168.50.2\",\"PublicIPv6\":null}"], (await fabric.Leases()).Values.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("10.5.", one.Routes(), StringComparison.Ordinal);
        // Whoever carries the packets may make routes as flannel would.
        one.Netns.Shell($"ip route add {two.Subnet.V4Cidr} via {two.Address} dev e0");
        one.Ask("--reload");
        await fabric.Until(() => one.Log.Contains("configuration: read again", StringComparison.Ordinal), "no reload");
        Assert.True(one.HasRouteTo(two));
    }

    [Fact]
    public async Task A_network_of_IPv6_alone_gives_each_host_its_own_subnet()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd05::/48","Backend":{"Type":"vxlan"}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        Assert.NotEqual(one.Subnet, two.Subnet);
        Assert.All((await fabric.Leases()).Keys, key => Assert.StartsWith("0.0.0.0-0&fd05:", key, StringComparison.Ordinal));
        await fabric.Until(() => one.Reaches(two, IpFamily.V6), "they do not reach each other");
    }

    [Fact]
    public async Task A_device_type_that_the_kernel_lacks_is_one_clear_message()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"ipip"}}""");
        FlannelHost host = fabric.AddHost(1);
        try
        {
            host.Netns.Shell("ip link add probe type ipip local 192.168.50.1; ip link del probe");
            Assert.Skip("this kernel has ipip");
        }
        catch (InvalidOperationException)
        {
            host.Start();
        }
        await fabric.Until(() => host.Log.Contains("this kernel has no devices of type ipip", StringComparison.Ordinal), "it is not said");
        await fabric.Until(() => host.Ask("--status").Contains("failing: this kernel has no devices", StringComparison.Ordinal), "status does not say it");
        Assert.Single(Regex.Matches(host.Log, "no devices of type"));
        Assert.Empty(await fabric.Leases());
    }

    [Fact]
    public async Task Translation_and_forwarding_are_in_a_table_of_their_own_that_comes_back()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        FlannelHost one = fabric.AddHost(1, 50, "masquerade = \"bridge\"", "masquerade_except = [\"192.168.60.0/24\"]"), two = fabric.AddHost(2, 50, "masquerade = \"bridge\""), outside = fabric.AddHost(9, 60);
        await fabric.Run(one, two);
        // The router knows no way back to workloads: what it hears from one is translated, or is not answered.
        one.Netns.Shell($"ping -c 1 -W 2 -I {one.Workload()} {FlannelFabric.EtcdAddress}");
        Assert.ThrowsAny<InvalidOperationException>(() => one.Netns.Shell($"ping -c 1 -W 1 -I {one.Workload()} {outside.Address}"));
        Assert.True(one.Reaches(two));
        string before = one.Netns.Shell("nft -s list table inet canal-flannel");
        one.Netns.Shell("nft flush ruleset");
        await fabric.Until(() => one.Netns.Shell("nft -s list ruleset") == before, "the table did not come back");
        one.Netns.Shell("nft add rule inet canal-flannel forward drop");
        await fabric.Until(() => one.Netns.Shell("nft -s list ruleset") == before, "a foreign rule stayed");
        Assert.Contains("FLANNEL_IPMASQ=true\n", File.ReadAllText(one.SubnetFilePath), StringComparison.Ordinal);
        one.Configure("masquerade = \"none\"", "forward_rules = false");
        one.Ask("--reload");
        await fabric.Until(() => one.Netns.Shell("nft list ruleset").Length == 0, "the table stayed though nothing is wanted in it");
    }

    [Fact]
    public async Task With_iptables_the_same_is_said_in_chains_that_come_back_and_a_dropping_FORWARD_lets_the_network_through()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        FlannelHost one = fabric.AddHost(1, 50, "masquerade = \"bridge\"", "rules = \"iptables\""), two = fabric.AddHost(2, 50, "masquerade = \"bridge\"", "rules = \"iptables\"");
        one.Netns.Shell("nft add table inet canal-flannel; iptables -P FORWARD DROP; iptables -A FORWARD -s 10.99.0.0/16 -j ACCEPT");
        await fabric.Run(one, two);
        await fabric.Until(() => one.Netns.Shell("iptables-save").Contains("-A FORWARD -j CANAL-FLANNEL-FWD", StringComparison.Ordinal), "there are no rules");
        Assert.DoesNotContain("inet canal-flannel", one.Netns.Shell("nft list tables"), StringComparison.Ordinal);
        string saved = Saved(one);
        Assert.Contains("-A CANAL-FLANNEL-POSTRTG -s 10.5.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully", saved, StringComparison.Ordinal);
        Assert.Contains("-A FORWARD -s 10.99.0.0/16 -j ACCEPT", saved, StringComparison.Ordinal);
        one.Netns.Shell($"ping -c 1 -W 2 -I {one.Workload()} {FlannelFabric.EtcdAddress}");

        // A workload of its own namespace, so that its packets are forwarded.
        string wl = one.AddContainer();
        await fabric.Until(() => FlannelHost.Pings(wl, two.Workload()), "FORWARD drops what the network forwards");
        one.Netns.Shell("iptables -F CANAL-FLANNEL-FWD");
        await fabric.Until(() => !FlannelHost.Pings(wl, two.Workload()) || Saved(one) == saved, "the policy DROP does nothing, so nothing is shown");
        await fabric.Until(() => Saved(one) == saved, "the chain was not filled again");
        one.Netns.Shell("iptables -D FORWARD -j CANAL-FLANNEL-FWD; iptables -t nat -F");
        await fabric.Until(() => Saved(one) == saved, "the jumps did not come back");
        one.Configure("masquerade = \"none\"", "forward_rules = false", "rules = \"iptables\"");
        one.Ask("--reload");
        await fabric.Until(() => !one.Netns.Shell("iptables-save; ip6tables-save").Contains("CANAL", StringComparison.Ordinal), "chains stayed though nothing is wanted in them");
    }

    [Fact]
    public async Task A_host_of_a_cluster_with_Nodes_gets_one_and_one_of_flannel_alone_none()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""");
        const string nodes = "/calico/resources/v3/projectcalico.org/nodes/";
        FlannelHost one = fabric.AddHost(1);
        await fabric.Run(one);
        Assert.Equal("", await fabric.Etcd.CtlAsync("get", "--prefix", "--keys-only", "/calico"));
        await fabric.Etcd.CtlAsync("put", "/calico/resources/v3/projectcalico.org/clusterinformations/default", """{"kind":"ClusterInformation","apiVersion":"projectcalico.org/v3","metadata":{"name":"default"},"spec":{"datastoreReady":true}}""");
        await fabric.Run(fabric.AddHost(2));
        await fabric.Until(async () => (await fabric.Etcd.CtlAsync("get", "--print-value-only", $"{nodes}h2")).Contains("192.168.50.2/24", StringComparison.Ordinal), "the Node is not made");
        // Who runs already looks now and then.
        Assert.Equal("", await fabric.Etcd.CtlAsync("get", "--print-value-only", $"{nodes}h1"));
    }

    [Fact]
    public async Task A_kernel_without_IPv6_needs_no_ip6tables()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start();
        Netns host = fabric.AddHost(1).Netns;
        FlannelNetwork network = FlannelNetworkReader.Read("""{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fd05::/48"}""");
        Assert.True(FlannelSubnet.TryParse("10.5.7.0-24&fd05:0:0:7::-64", out FlannelSubnet subnet));
        foreach (IpFamily[] families in (IpFamily[][])[[IpFamily.V4], [IpFamily.V4, IpFamily.V6]])
        {
            IptablesRules rules = new(families, TimeProvider.System);
            Assert.True(host.Run(() => rules.Apply(new NetworkRules(network, subnet, true, [], true))));
            Assert.Contains("CANAL-FLANNEL-FWD", host.Shell("iptables-save"), StringComparison.Ordinal);
            Assert.Equal(families.Contains(IpFamily.V6), host.Shell("ip6tables-save").Contains("CANAL-FLANNEL-FWD", StringComparison.Ordinal));
            host.Run(rules.Remove);
        }
    }

    /// <summary>Rules without counters and dates.</summary>
    private static string Saved(FlannelHost host) => string.Join('\n', host.Netns.Shell("iptables-save").Split('\n').Where(l => l.StartsWith('-')));
}
