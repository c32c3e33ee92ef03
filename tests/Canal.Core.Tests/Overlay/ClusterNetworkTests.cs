using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Overlay;

public sealed class ClusterNetworkTests
{
    private readonly ClusterNetwork network = new(ThisNode);

    [Theory]
    [InlineData(EncapsulationMode.Always, "192.0.2.2/24", "10.65.1.0/26 VxlanTunnel via 10.65.1.0")]
    [InlineData(EncapsulationMode.CrossSubnet, "192.0.2.2/24", "10.65.1.0/26 VxlanSameSubnet via 192.0.2.2")]
    [InlineData(EncapsulationMode.CrossSubnet, "198.51.100.2/24", "10.65.1.0/26 VxlanTunnel via 10.65.1.0")]
    [InlineData(EncapsulationMode.Never, "192.0.2.2/24", null)]
    public void A_block_of_another_host_is_reached_by_the_pools_encapsulation(EncapsulationMode mode, string other, string? expected)
    {
        Put(Pool("10.65.0.0/16", vxlan: mode), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", other, "10.65.1.0"));
        Put(Block("10.65.1.0/26", "h2"));
        Assert.Equal(expected, Route("10.65.1.0/26"));
    }

    [Fact]
    public void The_far_end_of_a_tunnel_is_on_its_link()
    {
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0"));
        Assert.Equal("10.65.1.0/32 VxlanTunnel", Route("10.65.1.0/32"));
        Assert.Null(Route("10.65.0.0/32"));
    }

    [Fact]
    public void Both_families_are_one_algorithm()
    {
        Put(Pool("fd00:65::/48", EncapsulationMode.CrossSubnet), NodeAt("h1", "2001:db8::1/64", "fd00:65::"), NodeAt("h2", "2001:db8:1::2/64", "fd00:65::1:0"));
        Put(Block("fd00:65::1:0/122", "h2"));
        Assert.Equal("fd00:65::1:0/122 VxlanTunnel via fd00:65::1:0", Route("fd00:65::1:0/122"));
        network.Configure(new NetworkSettings { Ipv6 = false });
        Assert.Null(Route("fd00:65::1:0/122"));
    }

    [Theory]
    [InlineData(EncapsulationMode.Always, "192.0.2.2/24", "10.65.1.0/26 IpipTunnel via 192.0.2.2")]
    [InlineData(EncapsulationMode.CrossSubnet, "192.0.2.2/24", "10.65.1.0/26 IpipSameSubnet via 192.0.2.2")]
    [InlineData(EncapsulationMode.Never, "192.0.2.2/24", "10.65.1.0/26 NoEncapsulation via 192.0.2.2")]
    [InlineData(EncapsulationMode.Never, "198.51.100.2/24", null)]
    public void Without_vxlan_routes_are_ours_only_when_the_parameter_says_so(EncapsulationMode mode, string other, string? expected)
    {
        Put(Pool("10.65.0.0/16", ipip: mode), NodeAt("h1", "192.0.2.1/24"), NodeAt("h2", other));
        Put(Block("10.65.1.0/26", "h2"));
        Assert.Null(Route("10.65.1.0/26"));
        network.Configure(new NetworkSettings { ProgramClusterRoutes = ClusterRoutes.Enabled });
        Assert.Equal(expected, Route("10.65.1.0/26"));
    }

    [Fact]
    public void What_is_left_of_an_own_block_is_dropped_where_its_routes_are_ours()
    {
        Put(Pool("10.65.0.0/16"), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"));
        Put(Block("10.65.0.0/26", "h1"));
        Assert.Null(Route("10.65.0.0/26"));
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always));
        Assert.Equal("10.65.0.0/26 BlockDrop", Route("10.65.0.0/26"));
        network.ApplyBlock(Cidr.Parse("10.65.0.0/26"), null);
        Assert.Null(Route("10.65.0.0/26"));
    }

    [Fact]
    public void A_borrowed_address_is_at_its_borrower_on_every_host()
    {
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0"), NodeAt("h3", "192.0.2.3/24", "10.65.2.0"));
        Put(Block("10.65.0.0/26", "h1", (40, "h2"), (41, "h1")));
        Put(Block("10.65.2.0/26", "h3", (7, "h2"), (8, "h1")));
        Assert.Equal("10.65.0.40/32 VxlanTunnel via 10.65.1.0", Route("10.65.0.40/32"));
        Assert.Equal("10.65.2.7/32 VxlanTunnel via 10.65.1.0", Route("10.65.2.7/32"));
        Assert.Null(Route("10.65.0.41/32"));
        Assert.Null(Route("10.65.2.8/32"));
        Assert.Equal("10.65.2.0/26 VxlanTunnel via 10.65.2.0", Route("10.65.2.0/26"));
    }

    [Fact]
    public void A_local_workload_comes_before_all_else()
    {
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0"));
        Put(Block("10.65.0.0/26", "h1", (40, "h2")));
        network.SetLocal("cali0", [Cidr.Parse("10.65.0.40")]);
        network.SetLocal("cali1", [Cidr.Parse("10.65.0.40")]);
        Assert.Null(Route("10.65.0.40/32"));
        network.SetLocal("cali0", default);
        Assert.Null(Route("10.65.0.40/32"));
        network.SetLocal("cali1", default);
        Assert.NotNull(Route("10.65.0.40/32"));
    }

    [Fact]
    public void Of_two_nodes_with_one_tunnel_address_the_first_is_kept()
    {
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h3", "192.0.2.3/24", "10.65.1.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0"),
            NodeAt("h4", "192.0.2.4/24", "10.65.4.0", mac: VxlanMacs.Of("h2", IpFamily.V4).ToString()), NodeAt("h5", "192.0.2.5/24", "10.65.0.0"));
        Put(Block("10.65.3.0/26", "h3"));
        Assert.Null(Route("10.65.3.0/26"));
        Assert.Equal(["h2"], network.Peers(IpFamily.V4).Select(p => p.Node));
        Assert.Equal(["Node h3 claims the tunnel address 10.65.1.0", "Node h4 claims the tunnel address 10.65.4.0", "Node h5 claims the tunnel address 10.65.0.0"], network.PeerProblems.Select(p => p[..p.IndexOf(" or the", StringComparison.Ordinal)]));
        Assert.Contains(" of Node h1: ", network.PeerProblems[2], StringComparison.Ordinal);
        network.Apply(new ResourceKey(ResourceKind.Node, null, "h2"), null);
        Assert.Equal("10.65.3.0/26 VxlanTunnel via 10.65.1.0", Route("10.65.3.0/26"));
        Assert.Equal(["h3", "h4"], network.Peers(IpFamily.V4).Select(p => p.Node).Order());
        Assert.Single(network.PeerProblems);
    }

    [Fact]
    public void The_hardware_address_is_calicos()
    {
        // SHA-1 of "h1" begins 98 0a 40 d2 49.
        byte[] hash = System.Security.Cryptography.SHA1.HashData("h1"u8);
        Assert.Equal($"66:{Convert.ToHexStringLower(hash[..5]).Chunk(2).Select(c => new string(c)).Aggregate((a, b) => $"{a}:{b}")}", VxlanMacs.Of("h1", IpFamily.V4).ToString());
        Assert.NotEqual(VxlanMacs.Of("h1", IpFamily.V4), VxlanMacs.Of("h1", IpFamily.V6));
    }

    [Fact]
    public void Workloads_may_be_what_routes_follow()
    {
        network.Configure(new NetworkSettings { RoutesFromWorkloads = true });
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0"), Workload("v0", "10.65.1.10", node: "h2"));
        Put(Block("10.65.1.0/26", "h2"));
        Put(Block("10.65.0.0/26", "h1"));
        Assert.Equal("10.65.1.10/32 VxlanTunnel via 10.65.1.0", Route("10.65.1.10/32"));
        Assert.Null(Route("10.65.1.0/26"));
        Assert.Null(Route("10.65.0.0/26"));
        network.Configure(new NetworkSettings());
        Assert.Null(Route("10.65.1.10/32"));
        Assert.NotNull(Route("10.65.1.0/26"));
    }

    [Fact]
    public void Workloads_that_were_told_before_routes_followed_them_count_too()
    {
        PolicyCalculator calculator = new(ThisNode);
        WorkloadEndpoint first = Workload("v0", "10.65.1.10", node: "h-2"), second = Workload("v1", "10.65.1.11,fd00:65::11", node: "h-2"), own = Workload("w0", "10.65.0.10");
        foreach (WorkloadEndpoint endpoint in (WorkloadEndpoint[])[first, second, own]) calculator.Apply(endpoint.Key, endpoint);
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h-2", "192.0.2.2/24", "10.65.1.0"), first, second, own);
        Assert.Null(Route("10.65.1.10/32"));
        NetworkSettings on = new() { RoutesFromWorkloads = true };
        network.Configure(on, calculator.Workloads());
        Assert.Equal(["10.65.1.10/32", "10.65.1.11/32"], network.TakeChanges().Routes.Keys.Select(c => c.ToString()).Order(StringComparer.Ordinal));
        network.Apply(first.Key, null);
        Assert.Null(Route("10.65.1.10/32"));
        network.Configure(new NetworkSettings(), calculator.Workloads());
        Assert.Null(Route("10.65.1.11/32"));
        calculator.Apply(first.Key, null);
        network.Configure(on, calculator.Workloads());
        Assert.Equal("10.65.1.11/32 VxlanTunnel via 10.65.1.0", Route("10.65.1.11/32"));
        Assert.Null(Route("10.65.1.10/32"));
    }

    [Fact]
    public void Only_what_changed_is_told()
    {
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"));
        for (int i = 2; i < 50; i++)
        {
            Put(NodeAt($"h{i}", $"192.0.2.{i}/24", $"10.65.{i}.0"));
            Put(Block($"10.65.{i}.0/26", $"h{i}"));
        }
        Assert.Equal(96, network.TakeChanges().Routes.Count);
        Put(NodeAt("h7", "192.0.2.7/24", "10.65.7.0"));
        Put(Block("10.65.8.0/26", "h8", (3, "h8")));
        NetworkChanges unchanged = network.TakeChanges();
        Assert.Empty(unchanged.Routes);
        Assert.Null(unchanged.Sets);
        Assert.False(unchanged.Tunnels);
        network.Apply(new ResourceKey(ResourceKind.Node, null, "h7"), null);
        Assert.Equal(["10.65.7.0/26", "10.65.7.0/32"], network.TakeChanges().Routes.Keys.Select(c => c.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Sets_hold_pools_hosts_and_peers()
    {
        Put(Pool("10.65.0.0/16", EncapsulationMode.Always, nat: true), Pool("10.65.128.0/17", name: "inner"), Pool("10.66.0.0/16"), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24,2001:db8::2/64", "10.65.1.0"));
        NetworkSets sets = network.TakeChanges().Sets!;
        Assert.Equal("[10.65.0.0/16, 10.66.0.0/16]", sets.Pools.ToString());
        Assert.Equal("[10.65.0.0/16]", sets.Masqueraded.ToString());
        Assert.Equal("[192.0.2.1/32, 192.0.2.2/32, 2001:db8::2/128]", sets.Hosts.ToString());
        Assert.Equal("[192.0.2.2/32]", sets.VxlanPeers.ToString());
        Assert.Equal((true, false, false), (sets.Vxlan4, sets.Vxlan6, sets.Ipip));
        network.Configure(new NetworkSettings { VxlanEnabled = false });
        Assert.True(network.TakeChanges().Sets!.VxlanPeers.IsEmpty);
    }

    private void Put(params Resource[] resources)
    {
        foreach (Resource resource in resources) network.Apply(resource.Key, resource);
    }

    private void Put(IpamBlock block) => network.ApplyBlock(block.Cidr, block);

    private string? Route(string destination)
    {
        network.TakeChanges();
        return network.Routes.GetValueOrDefault(Cidr.Parse(destination))?.ToString();
    }
}
