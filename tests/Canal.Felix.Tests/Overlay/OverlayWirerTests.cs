using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux;
using Canal.Linux.Routing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Overlay;

public sealed class OverlayWirerTests
{
    private static readonly Resource[] Cluster =
    [
        Pool("10.65.0.0/16", EncapsulationMode.Always), Pool("fd00:65::/48", EncapsulationMode.Always),
        NodeAt("h1", "192.0.2.1/24,2001:db8::1/64", "10.65.0.0,fd00:65::"),
        NodeAt("h2", "192.0.2.2/24,2001:db8::2/64", "10.65.1.0,fd00:65::1:0", mac: "66:00:00:00:00:02"),
        NodeAt("h3", "192.0.2.3/24", "10.65.3.0", mac: "66:00:00:00:00:03"),
    ];

    [Fact]
    public void Devices_peers_and_routes_are_made_and_made_once()
    {
        OverlayHost host = new OverlayHost().Put(Cluster).Put(Block("10.65.1.0/26", "h2")).Put(Block("10.65.0.0/26", "h1")).Put(Block("fd00:65::1:0/122", "h2"));
        Link device = host.Kernel.FindLink("vxlan.calico")!;
        Assert.Equal(("vxlan", 1450u, true), (device.Kind, device.Mtu, device.IsAdminUp));
        Assert.Equal(new VxlanDetail(4096, 4789, IpAddress.Parse("192.0.2.1"), host.Eth0, false), device.Detail);
        Assert.Equal(1430u, host.Kernel.FindLink("vxlan-v6.calico")!.Mtu);
        foreach (string line in new[]
        {
            "address 10.65.0.0/32 dev vxlan.calico", "route 10.65.1.0/26 via 10.65.1.0 dev vxlan.calico proto 80 onlink", "route 10.65.1.0/32 dev vxlan.calico proto 80 scope link",
            "route blackhole 10.65.0.0/26 proto 80", "neighbour 10.65.1.0 lladdr 66:00:00:00:00:02 dev vxlan.calico nud permanent", "fdb 66:00:00:00:00:02 dev vxlan.calico dst 192.0.2.2 self permanent",
            "fdb 66:00:00:00:00:03 dev vxlan.calico dst 192.0.2.3 self permanent", "route fd00:65::1:0/122 via fd00:65::1:0 dev vxlan-v6.calico proto 80 metric 1024 onlink",
        })
            Assert.Contains(line, host.Dump, StringComparison.Ordinal);
        Assert.Empty(host.Wirer.Failures);
        Assert.Empty(host.RequestsOf(() => host.Apply().Apply()));
    }

    [Fact]
    public void A_restart_with_unchanged_state_asks_for_nothing()
    {
        OverlayHost before = new OverlayHost().Put(Cluster).Put(Block("10.65.1.0/26", "h2")), after = new(before.Kernel);
        foreach (Resource resource in Cluster) after.Network.Apply(resource.Key, resource);
        after.Network.ApplyBlock(Cidr.Parse("10.65.1.0/26"), Block("10.65.1.0/26", "h2"));
        Assert.Empty(after.RequestsOf(() => after.Apply()));
    }

    [Fact]
    public void Another_address_of_the_tunnel_is_there_before_the_one_before_goes_which_takes_no_route_with_it()
    {
        OverlayHost host = new OverlayHost().Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        Assert.Equal(["add address 10.65.0.9/32 dev vxlan.calico", "delete address 10.65.0.0/32 dev vxlan.calico"],
            host.RequestsOf(() => host.Put(NodeAt("h1", "192.0.2.1/24,2001:db8::1/64", "10.65.0.9,fd00:65::"))));
        Assert.Contains("route 10.65.1.0/26 via 10.65.1.0 dev vxlan.calico", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_peer_that_goes_takes_its_entries_and_routes_and_nothing_else()
    {
        OverlayHost host = new OverlayHost().Put(Cluster).Put(Block("10.65.3.0/26", "h3"));
        string[] requests = host.RequestsOf(() => host.Forget(Cluster[4]));
        Assert.Equal(
        [
            "delete fdb 66:00:00:00:00:03 dev vxlan.calico dst 192.0.2.3 self permanent", "delete neighbour 10.65.3.0 lladdr 66:00:00:00:00:03 dev vxlan.calico nud permanent",
            "delete route 10.65.3.0/26 via 10.65.3.0 dev vxlan.calico proto 80 onlink", "delete route 10.65.3.0/32 dev vxlan.calico proto 80 scope link",
        ], requests.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_another_program_takes_away_comes_back()
    {
        OverlayHost host = new OverlayHost().Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        string whole = host.Dump;
        int device = host.Kernel.FindLink("vxlan.calico")!.Index;
        foreach (KernelObject thing in new KernelObject[]
        {
            host.Kernel.Routes(new RouteFilter(Interface: device)).First(r => r.Destination.Length == 26), host.Kernel.Fdb()[0], host.Kernel.Neighbours().First(n => n.Interface == device),
            host.Kernel.Addresses().First(a => a.Interface == device), host.Kernel.Links().First(l => l.Index == device),
        })
        {
            host.Kernel.Meddle(KernelChange.Delete(thing));
            Assert.NotEqual(whole, host.Dump);
            host.Apply();
            Assert.Equal(Unnumbered(whole), Unnumbered(host.Dump));
        }
        host.Kernel.Meddle(KernelChange.SetUp(host.Eth0, up: false));
        host.Kernel.Meddle(KernelChange.SetUp(host.Eth0, up: true));
        host.Apply();
        Assert.Contains("route 10.65.1.0/26 via 10.65.1.0 dev vxlan.calico", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Routes_of_others_stay_and_one_in_the_way_is_told()
    {
        OverlayHost host = new();
        Route inTheWay = new() { Destination = Cidr.Parse("10.65.1.0/26"), Gateway = IpAddress.Parse("192.0.2.9"), Interface = host.Eth0, Protocol = RouteProtocol.Static };
        Route other = inTheWay with { Destination = Cidr.Parse("10.99.0.0/16") };
        host.Kernel.Meddle(KernelChange.Add(inTheWay));
        host.Kernel.Meddle(KernelChange.Add(other));
        host.Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        Assert.Contains("another program's route is in its place", Assert.Single(host.Wirer.Failures), StringComparison.Ordinal);
        Assert.NotNull(host.Wirer.RetryAt);
        Assert.Contains(inTheWay, host.Kernel.Routes(default));
        host.Kernel.Meddle(KernelChange.Delete(inTheWay));
        host.Apply();
        Assert.Empty(host.Wirer.Failures);
        Assert.Contains("route 10.65.1.0/26 via 10.65.1.0 dev vxlan.calico", host.Dump, StringComparison.Ordinal);
        Assert.Contains(other, host.Kernel.Routes(default));
    }

    [Fact]
    public void Routes_of_others_stay_also_when_ours_are_to_have_their_protocol()
    {
        OverlayHost host = new() { Parameters = new FelixParameters { RouteProtocol = RouteProtocol.Static } };
        Route other = new() { Destination = Cidr.Parse("10.99.0.0/16"), Gateway = IpAddress.Parse("192.0.2.9"), Interface = host.Eth0, Protocol = RouteProtocol.Static };
        host.Kernel.Meddle(KernelChange.Add(other));
        host.Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        Assert.Contains(other, host.Kernel.Routes(default));
        Assert.Contains(host.Kernel.Routes(new RouteFilter(Protocol: RouteProtocol.Calico)), route => route.Destination == Cidr.Parse("10.65.1.0/26"));
    }

    [Fact]
    public void An_address_of_the_Node_that_no_interface_has_is_told_until_one_has_it()
    {
        OverlayHost host = new();
        Linux.Routing.InterfaceAddress own = host.Kernel.Addresses().Single(a => a.Interface == host.Eth0 && a.Address.Family == IpFamily.V4);
        host.Kernel.Meddle(KernelChange.Delete(own));
        host.Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        Assert.Equal($"this host's Node says {own.Address}, which no interface here has", Assert.Single(host.Wirer.Failures));
        Assert.NotNull(host.Wirer.RetryAt);
        host.Kernel.Meddle(KernelChange.Add(own));
        host.Apply();
        Assert.Empty(host.Wirer.Failures);
        Assert.Contains("route 10.65.1.0/26 via 10.65.1.0 dev vxlan.calico", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Routes_of_a_protocol_that_was_configured_before_are_made_anew_with_the_new_one()
    {
        OverlayHost host = new() { Parameters = new FelixParameters { RouteProtocol = 99 } };
        host.Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        Assert.Contains(host.Kernel.Routes(new RouteFilter(Protocol: 99)), route => route.Destination == Cidr.Parse("10.65.1.0/26"));
        host.Parameters = new FelixParameters { RouteProtocol = 100, FormerProtocols = [99] };
        host.Apply();
        Assert.Empty(host.Wirer.Failures);
        Assert.Empty(host.Kernel.Routes(new RouteFilter(Protocol: 99)));
        Assert.Contains(host.Kernel.Routes(new RouteFilter(Protocol: 100)), route => route.Destination == Cidr.Parse("10.65.1.0/26"));
    }

    [Fact]
    public void Parameters_change_the_device_in_place_or_make_it_anew()
    {
        OverlayHost host = new OverlayHost().Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        int index = host.Kernel.FindLink("vxlan.calico")!.Index;
        host.Parameters = new FelixParameters { Network = new NetworkParameters { VxlanMtu = 1300 } };
        host.Apply();
        Assert.Equal((index, 1300u), (host.Kernel.FindLink("vxlan.calico")!.Index, host.Kernel.FindLink("vxlan.calico")!.Mtu));
        host.Parameters = new FelixParameters { VxlanPort = 4790, Network = new NetworkParameters { VxlanVni = 4097 } };
        host.Apply();
        VxlanDetail detail = Assert.IsType<VxlanDetail>(host.Kernel.FindLink("vxlan.calico")!.Detail);
        Assert.Equal((4097u, (ushort)4790), (detail.Vni, detail.Port));
        Assert.Contains("route 10.65.1.0/26 via 10.65.1.0 dev vxlan.calico", host.Dump, StringComparison.Ordinal);
        Assert.Contains("fdb 66:00:00:00:00:02 dev vxlan.calico", host.Dump, StringComparison.Ordinal);
        host.Parameters = new FelixParameters { Network = new NetworkParameters { Routes = new() { VxlanEnabled = false } } };
        host.Apply();
        Assert.Null(host.Kernel.FindLink("vxlan.calico"));
        Assert.DoesNotContain("proto 80", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mtu_follows_the_host()
    {
        OverlayHost host = new OverlayHost().Put(Cluster);
        Assert.Equal(1430u, host.Wirer.WorkloadMtu);
        host.Kernel.Meddle(KernelChange.Set(new LinkSettings { Index = host.Eth0, Mtu = 1400 }));
        host.Apply();
        Assert.Equal((1330u, 1350u), (host.Wirer.WorkloadMtu, host.Kernel.FindLink("vxlan.calico")!.Mtu));
    }

    [Fact]
    public void Ip_in_ip_has_its_device_and_routes()
    {
        OverlayHost host = new() { Parameters = new FelixParameters { Network = new NetworkParameters { Routes = new() { ProgramClusterRoutes = ClusterRoutes.Enabled } } } };
        host.Put(Pool("10.65.0.0/16", ipip: EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", ipip: "10.65.0.1"), NodeAt("h2", "192.0.2.2/24", ipip: "10.65.1.1")).Put(Block("10.65.1.0/26", "h2"));
        Assert.Empty(host.Wirer.Failures);
        Assert.Equal(("ipip", 1480u), (host.Kernel.FindLink("tunl0")!.Kind, host.Kernel.FindLink("tunl0")!.Mtu));
        int device = host.Kernel.FindLink("tunl0")!.Index;
        Assert.Contains(Route.Via(Cidr.Parse("10.65.1.0/26"), IpAddress.Parse("192.0.2.2"), device), host.Kernel.Routes(default));
        Assert.Contains(host.Kernel.Addresses(), a => a.Interface == device && a.Address == IpAddress.Parse("10.65.0.1") && a.PrefixLength == 32);
    }

    [Fact]
    public void The_device_that_comes_with_the_kernels_module_is_taken()
    {
        OverlayHost host = new();
        bool loaded = false;
        host.Kernel.RefuseNext(Errno.EEXIST, change =>
        {
            if (loaded || change is not { Verb: ChangeVerb.Add, Subject: Link { Name: "tunl0" } }) return false;
            loaded = true;
            host.Kernel.Meddle(KernelChange.Add(new Link { Name = "tunl0", Kind = "ipip", Mtu = 1500, Detail = new IpipDetail(null, null, 0) }));
            return true;
        });
        host.Put(Pool("10.65.0.0/16", ipip: EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", ipip: "10.65.0.1"));
        Assert.Empty(host.Wirer.Failures);
        Link device = host.Kernel.FindLink("tunl0")!;
        Assert.Equal((1480u, true), (device.Mtu, device.IsAdminUp));
        Assert.Contains(host.Kernel.Addresses(), a => a.Interface == device.Index && a.Address == IpAddress.Parse("10.65.0.1"));
    }

    [Fact]
    public void A_kernel_without_the_device_is_one_message_and_the_rest_goes_on()
    {
        OverlayHost host = new();
        host.Kernel.RefuseNext(95, change => change is { Verb: ChangeVerb.Add, Subject: Link { Name: "vxlan.calico" } });
        string[] first = [.. host.Put(Cluster).Wirer.Failures];
        host.Put(NodeAt("h1", "192.0.2.1/24,2001:db8::1/64", "10.65.0.1,fd00:65::")).Put(Block("10.65.0.0/26", "h1"));
        Assert.Contains("route blackhole 10.65.0.0/26", host.Dump, StringComparison.Ordinal);
        Assert.NotNull(host.Kernel.FindLink("vxlan-v6.calico"));
        Assert.Contains("this kernel has no devices of type vxlan", Assert.Single(first), StringComparison.Ordinal);
        Assert.NotNull(host.Kernel.FindLink("vxlan.calico"));
    }

    private static string Unnumbered(string dump) => System.Text.RegularExpressions.Regex.Replace(dump, @"\b\d+: ", "");

    [Fact]
    public void Checksum_offload_goes_where_checksums_break_and_of_a_device_that_is_made_again_too()
    {
        OverlayHost host = new OverlayHost().Put(Cluster).Put(Block("10.65.1.0/26", "h2")).Put(Block("fd00:65::1:0/122", "h2"));
        Assert.Equal(["vxlan.calico 10.65.1.0", "vxlan-v6.calico fd00:65::1:0"], host.Wirer.DoubtfulPeers().Select(p => $"{p.Device} {p.Address}"));
        Assert.True(host.Offload.Break("vxlan.calico"));
        Assert.False(host.Offload.Break("vxlan.calico"));
        host.Wirer.Doubt();
        host.Apply();
        Assert.Equal(["vxlan.calico"], host.Unoffloaded);
        Assert.Equal(["vxlan-v6.calico"], host.Wirer.DoubtfulPeers().Select(p => p.Device));
        host.Unoffloaded.Clear();
        host.Kernel.Meddle(KernelChange.Delete(host.Kernel.FindLink("vxlan.calico")!));
        host.Apply();
        Assert.Equal(["vxlan.calico"], host.Unoffloaded);
    }

    [Fact]
    public void Who_says_how_it_is_with_checksum_offload_has_nothing_tried()
    {
        OverlayHost host = new OverlayHost().Put(Cluster).Put(Block("10.65.1.0/26", "h2"));
        host.Parameters = host.Parameters with { Network = host.Parameters.Network with { Offload = OverlaySettings.OffloadOf(["IPIPDeviceIsL3=true", "ChecksumOffloadBroken=false"]) } };
        host.Apply();
        Assert.Empty(host.Wirer.DoubtfulPeers());
        Assert.False(host.Offload.Break("vxlan.calico"));
        host.Parameters = host.Parameters with { Network = host.Parameters.Network with { Offload = OverlaySettings.OffloadOf(["ChecksumOffloadBroken=true"]) } };
        host.Apply();
        Assert.Empty(host.Wirer.DoubtfulPeers());
        Assert.Equal(["vxlan-v6.calico", "vxlan.calico"], host.Unoffloaded.Order(StringComparer.Ordinal));
    }
}
