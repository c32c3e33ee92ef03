using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Bgp;

/// <summary>
/// canal-felix and BIRD share the routes to the blocks of other hosts. With programClusterRoutes of the one the complement of the other's, as they are by
/// default, each route has exactly one writer.
/// </summary>
public sealed class ClusterRouteShareTests
{
    private const string Self = ResourceBuilder.ThisNode, Near = "192.0.2.2/24", Far = "198.51.100.2/24";
    private static readonly Cidr Block = Cidr.Parse("10.65.1.0/26");

    public static TheoryData<ClusterRoutes, string, EncapsulationMode, EncapsulationMode, string> Everything()
    {
        TheoryData<ClusterRoutes, string, EncapsulationMode, EncapsulationMode, string> all = [];
        foreach ((ClusterRoutes felix, string bird) in Shares)
            foreach ((EncapsulationMode vxlan, EncapsulationMode ipip) in Modes)
                foreach (string other in new[] { Near, Far }) all.Add(felix, bird, vxlan, ipip, other);
        return all;
    }

    private static readonly (ClusterRoutes Felix, string Bird)[] Shares =
    [
        (ClusterRoutes.None, ""), (ClusterRoutes.None, "Enabled"), (ClusterRoutes.Enabled, "Disabled"),
        (ClusterRoutes.EnabledIpipOnly, "EnabledNoEncapOnly"), (ClusterRoutes.EnabledNoEncapOnly, "EnabledIPIPOnly"),
    ];

    private static readonly (EncapsulationMode Vxlan, EncapsulationMode Ipip)[] Modes =
    [
        (EncapsulationMode.Never, EncapsulationMode.Never),
        (EncapsulationMode.Always, EncapsulationMode.Never), (EncapsulationMode.CrossSubnet, EncapsulationMode.Never),
        (EncapsulationMode.Never, EncapsulationMode.Always), (EncapsulationMode.Never, EncapsulationMode.CrossSubnet),
    ];

    [Theory]
    [MemberData(nameof(Everything))]
    public void A_route_to_another_hosts_block_has_one_writer(ClusterRoutes felix, string bird, EncapsulationMode vxlan, EncapsulationMode ipip, string other)
    {
        bool byFelix = RouteOfFelix(felix, vxlan, ipip, other) is not null, byBird = RouteOfBird(bird, vxlan, ipip) != PoolRoute.LeaveToAgent;
        // Without encapsulation and without BGP nobody has told the routers between the hosts: the host's default route leads there.
        bool nobodys = felix.HasFlag(ClusterRoutes.EnabledNoEncapOnly) && vxlan == EncapsulationMode.Never && ipip == EncapsulationMode.Never && other == Far;
        Assert.False(byFelix && byBird, "both write it");
        Assert.Equal(!nobodys, byFelix || byBird);
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Both_send_the_same_packets_through_a_tunnel(ClusterRoutes felix, string bird, EncapsulationMode vxlan, EncapsulationMode ipip, string other)
    {
        bool wanted = (vxlan, ipip) switch
        {
            (EncapsulationMode.Always, _) or (_, EncapsulationMode.Always) => true,
            (EncapsulationMode.CrossSubnet, _) or (_, EncapsulationMode.CrossSubnet) => other == Far,
            _ => false,
        };
        bool tunnelled = RouteOfFelix(felix, vxlan, ipip, other) is { } route
            ? route.Class is RouteClass.VxlanTunnel or RouteClass.IpipTunnel
            : RouteOfBird(bird, vxlan, ipip) switch
            {
                PoolRoute.Tunnel => true,
                PoolRoute.TunnelAcrossSubnets => !LocalSubnet(bird).Contains(Cidr.Parse(other).Address),
                _ => false,
            };
        Assert.Equal(wanted, tunnelled);
    }

    /// <summary>BIRD's routes through tunl0 need the device, which is canal-felix's whoever writes the routes.</summary>
    [Theory]
    [InlineData(ClusterRoutes.None)]
    [InlineData(ClusterRoutes.EnabledNoEncapOnly)]
    [InlineData(ClusterRoutes.Enabled)]
    public void The_tunnels_device_does_not_depend_on_who_writes_the_routes(ClusterRoutes felix)
    {
        ClusterNetwork network = Network(felix, EncapsulationMode.Never, EncapsulationMode.Always, Far);
        network.TakeChanges();
        Assert.True(network.UsesIpip);
    }

    private static ClusterRoute? RouteOfFelix(ClusterRoutes programs, EncapsulationMode vxlan, EncapsulationMode ipip, string other)
    {
        ClusterNetwork network = Network(programs, vxlan, ipip, other);
        network.TakeChanges();
        return network.Routes.GetValueOrDefault(Block);
    }

    private static ClusterNetwork Network(ClusterRoutes programs, EncapsulationMode vxlan, EncapsulationMode ipip, string other)
    {
        ClusterNetwork network = new(Self);
        network.Configure(new NetworkSettings { ProgramClusterRoutes = programs });
        foreach (Resource resource in new Resource[] { Pool(vxlan, ipip), ResourceBuilder.NodeAt(Self, "192.0.2.1/24", "10.65.0.0", "10.65.0.0"), ResourceBuilder.NodeAt("other", other, "10.65.1.0", "10.65.1.0") })
            network.Apply(resource.Key, resource);
        network.ApplyBlock(Block, ResourceBuilder.Block(Block.ToString(), "other"));
        return network;
    }

    private static PoolRoute RouteOfBird(string programs, EncapsulationMode vxlan, EncapsulationMode ipip) =>
        Plan(programs, vxlan, ipip).V4.KernelPools.First(p => p.Cidr.Contains(Block.Address)).Route;

    private static Cidr LocalSubnet(string programs) => Plan(programs, EncapsulationMode.Never, EncapsulationMode.Never).V4.LocalSubnet!.Value;

    private static BirdConfiguration Plan(string programs, EncapsulationMode vxlan, EncapsulationMode ipip) => BirdPlanner.Plan(new BgpInputs
    {
        NodeName = Self,
        Nodes = BgpSamples.Named(BgpSamples.Node(Self, "192.0.2.1/24"), BgpSamples.Node("other", Far)),
        Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("default", programs.Length == 0 ? "{}" : $$"""{"programClusterRoutes":"{{programs}}"}""")),
        Pools = BgpSamples.Named(Pool(vxlan, ipip)),
    }).Configuration;

    private static IpPool Pool(EncapsulationMode vxlan, EncapsulationMode ipip) =>
        BgpSamples.Decode<IpPool>("pool", $$"""{"cidr":"10.65.0.0/16","vxlanMode":"{{vxlan}}","ipipMode":"{{ipip}}"}""");
}
