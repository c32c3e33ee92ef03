using System.Diagnostics;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Kernel.Tests.Routing.RoutingNamespace;

namespace Canal.Kernel.Tests.Routing;

public sealed class NetlinkRouteStackTests(ITestOutputHelper output)
{
    private static readonly MacAddress Mac = MacAddress.FromBytes([0xee, 0xee, 0xee, 0xee, 0xee, 0xee]);

    [Fact]
    public void A_new_namespace_has_a_loopback_that_is_down()
    {
        using RoutingNamespace here = Open();
        Link lo = Assert.Single(here.Stack.Links(), link => link.Name == "lo");
        Assert.Equal(1, lo.Index);
        Assert.True((lo.Flags & LinkFlags.Loopback) != 0);
        Assert.False(lo.IsAdminUp);
    }

    [Theory]
    [InlineData("10.65.0.10/32", 0)]
    [InlineData("10.65.0.10/32", 1024)]
    [InlineData("fd00:65::10/128", 0)]
    [InlineData("fd00:65::10/128", 77)]
    public void A_workload_route_reads_back_as_it_was_wanted(string cidr, uint metric)
    {
        using RoutingNamespace here = Open();
        Route wanted = Route.ToLink(Net(cidr), here.AddLink("caliw0")) with { Metric = metric };
        here.Stack.Apply(KernelChange.Add(wanted));
        Assert.Equal(wanted.Canonical(), Assert.Single(here.Stack.Routes(new RouteFilter(Protocol: RouteProtocol.Calico))));
    }

    [Theory]
    [InlineData(RouteType.Blackhole, "10.66.0.0/26")]
    [InlineData(RouteType.Prohibit, "10.66.0.0/26")]
    [InlineData(RouteType.Unreachable, "10.66.0.0/26")]
    [InlineData(RouteType.Throw, "10.66.0.0/26")]
    [InlineData(RouteType.Blackhole, "fd00:66::/122")]
    [InlineData(RouteType.Prohibit, "fd00:66::/122")]
    [InlineData(RouteType.Unreachable, "fd00:66::/122")]
    [InlineData(RouteType.Throw, "fd00:66::/122")]
    public void A_route_without_next_hop_reads_back_as_it_was_wanted(RouteType type, string cidr)
    {
        using RoutingNamespace here = Open();
        here.Stack.Apply(KernelChange.SetUp(1, up: true));
        Route wanted = new() { Destination = Net(cidr), Type = type, Table = 1000, Mtu = 0 };
        here.Stack.Apply(KernelChange.Add(wanted));
        Assert.Equal(wanted.Canonical(), Assert.Single(here.Stack.Routes(new RouteFilter(Table: 1000))));
        Assert.True(here.Stack.Try(KernelChange.Delete(wanted)).IsOk);
        Assert.Empty(here.Stack.Routes(new RouteFilter(Table: 1000)));
    }

    [Theory]
    [InlineData("192.168.5.0/26", "10.9.9.9", "172.16.0.1", 32)]
    [InlineData("fd00:5::/64", "fd00:9::9", "fd00:16::1", 128)]
    public void An_onlink_route_with_source_and_mtu_reads_back(string cidr, string gateway, string source, byte bits)
    {
        using RoutingNamespace here = Open();
        int link = here.AddLink("vxlan.calico");
        here.Stack.Apply(KernelChange.Add(new InterfaceAddress { Interface = link, Address = Ip(source), PrefixLength = bits, NoDad = true }));
        Route wanted = Route.Via(Net(cidr), Ip(gateway), link) with { Source = Ip(source), Mtu = 1400 };
        here.Stack.Apply(KernelChange.Replace(wanted));
        Assert.Equal(wanted.Canonical(), Assert.Single(here.Stack.Routes(new RouteFilter(Interface: link, Protocol: 80))));
    }

    [Theory]
    [InlineData("192.168.5.0/26", "10.1.0.1", "10.2.0.1")]
    [InlineData("fd00:5::/64", "fd00:1::1", "fd00:2::1")]
    public void A_multipath_route_reads_back(string cidr, string one, string two)
    {
        using RoutingNamespace here = Open();
        // Without any IPv4 address there is no local table, and the kernel takes every gateway for invalid.
        here.Stack.Apply(KernelChange.SetUp(1, up: true));
        int a = here.AddLink("a"), b = here.AddLink("b");
        EquatableArray<NextHop> hops = [new NextHop(a, Ip(one), 1, Onlink: true), new NextHop(b, Ip(two), 3, Onlink: true)];
        Route wanted = new() { Destination = Net(cidr), NextHops = hops };
        here.Stack.Apply(KernelChange.Add(wanted));
        Assert.Equal(wanted.Canonical(), Assert.Single(here.Stack.Routes(new RouteFilter(Protocol: 80))));
    }

    [Fact]
    public void An_IPv4_route_may_have_an_IPv6_gateway()
    {
        using RoutingNamespace here = Open();
        Route wanted = Route.Via(Net("192.168.5.0/26"), Ip("fe80::1"), here.AddLink("a"));
        here.Stack.Apply(KernelChange.Add(wanted));
        Assert.Equal(wanted, Assert.Single(here.Stack.Routes(new RouteFilter(Protocol: 80))));
    }

    [Fact]
    public void A_default_route_and_a_big_table_number_read_back()
    {
        using RoutingNamespace here = Open();
        int link = here.AddLink("a");
        foreach (string any in new[] { "0.0.0.0/0", "::/0" })
        {
            Route wanted = Route.ToLink(Net(any), link) with { Table = 4_000_000_000 };
            here.Stack.Apply(KernelChange.Add(wanted));
            Assert.Equal(wanted.Canonical(), Assert.Single(here.Stack.Routes(new RouteFilter(wanted.Family, Table: 4_000_000_000))));
        }
    }

    [Fact]
    public void Each_change_of_a_batch_has_its_own_result()
    {
        using RoutingNamespace here = Open();
        int up = here.AddLink("caliw0"), down = here.AddLink("caliw1", up: false);
        ChangeResult[] results = here.Stack.ApplyAll(
            KernelChange.Add(Route.ToLink(Net("10.65.0.1/32"), up)),
            KernelChange.Add(Route.ToLink(Net("10.65.0.1/32"), up)),
            KernelChange.Add(Route.ToLink(Net("10.65.0.2/32"), down)),
            KernelChange.Add(Route.ToLink(Net("10.65.0.3/32"), 4711)),
            KernelChange.Delete(Route.ToLink(Net("10.65.0.4/32"), up)),
            KernelChange.Add(Route.ToLink(Net("10.65.0.5/32"), up)));
        Assert.Equal([0, Errno.EEXIST, Errno.ENETDOWN, Errno.ENODEV, Errno.ESRCH, 0], results.Select(r => r.Errno));
        Assert.StartsWith("add route 10.65.0.2/32 dev caliw1 proto 80 scope link: Network is down (errno 100): ", results[2].Error);
        Assert.Null(results[0].Error);
        Assert.Equal(2, here.Stack.Routes(new RouteFilter(Protocol: 80)).Count);
    }

    [Fact]
    public void A_refused_change_throws_its_sentence()
    {
        using RoutingNamespace here = Open();
        NetlinkException e = Assert.Throws<NetlinkException>(() => here.Stack.Apply(KernelChange.SetUp(99, up: true)));
        Assert.Equal(Errno.ENODEV, e.Errno);
        Assert.StartsWith("set link if99 up: No such device (errno 19)", e.Message);
    }

    [Fact]
    public void Addresses_of_both_families_read_back()
    {
        using RoutingNamespace here = Open();
        int link = here.AddLink("a");
        InterfaceAddress[] wanted =
        [
            new() { Interface = link, Address = Ip("10.1.2.3"), PrefixLength = 24 },
            new() { Interface = link, Address = Ip("10.5.0.1"), Peer = Ip("10.6.0.1"), PrefixLength = 32, Scope = RouteScope.Link, NoPrefixRoute = true },
            new() { Interface = link, Address = Ip("fd00::3"), PrefixLength = 64, NoDad = true },
        ];
        foreach (InterfaceAddress address in wanted) here.Stack.Apply(KernelChange.Add(address));
        Assert.Equal(wanted, here.Stack.Addresses().Where(a => a.Interface == link).OrderBy(a => a.Address));
        foreach (InterfaceAddress address in wanted) here.Stack.Apply(KernelChange.Delete(address));
        Assert.DoesNotContain(here.Stack.Addresses(), a => a.Interface == link);
        Assert.Equal(Errno.EADDRNOTAVAIL, here.Stack.Try(KernelChange.Delete(wanted[0])).Errno);
    }

    [Fact]
    public void Permanent_neighbours_and_proxies_read_back()
    {
        using RoutingNamespace here = Open();
        int link = here.AddLink("a");
        Neighbour[] wanted =
        [
            new() { Interface = link, Address = Ip("10.1.2.3"), Mac = Mac },
            Neighbour.Proxy(link, Ip("10.1.2.4")),
            new() { Interface = link, Address = Ip("fd00::3"), Mac = Mac },
            Neighbour.Proxy(link, Ip("fd00::4")),
        ];
        foreach (Neighbour neighbour in wanted) here.Stack.Apply(KernelChange.Replace(neighbour));
        Assert.Equal(wanted, here.Stack.Neighbours().Where(n => n.IsProxy || n.State == NeighbourState.Permanent));
        foreach (Neighbour neighbour in wanted) here.Stack.Apply(KernelChange.Delete(neighbour));
        Assert.DoesNotContain(here.Stack.Neighbours(), n => n.IsProxy || n.State == NeighbourState.Permanent);
    }

    [Fact]
    public void Rules_of_both_families_read_back()
    {
        using RoutingNamespace here = Open();
        foreach (IpFamily family in new[] { IpFamily.V4, IpFamily.V6 })
        {
            RoutingRule wanted = new() { Family = family, Priority = 99, Invert = true, Mark = 0x200000, Mask = 0x200000, Table = 1000, Protocol = 80 };
            RoutingRule narrow = new()
            {
                Family = family,
                Priority = 100,
                Table = 7,
                Protocol = 80,
                SuppressPrefixLength = 0,
                InputInterface = "cali0",
                From = Net(family == IpFamily.V4 ? "10.0.0.0/8" : "fd00::/8"),
                To = Net(family == IpFamily.V4 ? "11.0.0.0/8" : "fd11::/16"),
            };
            here.Stack.Apply(KernelChange.Add(wanted));
            here.Stack.Apply(KernelChange.Add(narrow));
            Assert.Equal(Errno.EEXIST, here.Stack.Try(KernelChange.Add(wanted)).Errno);
            Assert.Equal([wanted, narrow], here.Stack.Rules().Where(r => r.Family == family && r.Protocol == 80));
            here.Stack.Apply(KernelChange.Delete(wanted));
            Assert.Equal([narrow], here.Stack.Rules().Where(r => r.Family == family && r.Protocol == 80));
        }
    }

    [Fact]
    public void Links_are_made_and_changed_and_deleted()
    {
        using RoutingNamespace here = Open();
        here.Stack.Apply(KernelChange.Add(new Link { Name = "cali0", Kind = "veth", Mtu = 1450, Mac = Mac with { Value = Mac.Value & ~1UL }, Detail = new VethDetail("eth0") }));
        here.Stack.Apply(KernelChange.Add(new Link { Name = "br0", Kind = "bridge", Flags = LinkFlags.Up }));
        Link veth = here.Stack.FindLink("cali0")!, peer = here.Stack.FindLink("eth0")!, bridge = here.Stack.FindLink("br0")!;
        Assert.Equal(("veth", 1450u, peer.Index), (veth.Kind, veth.Mtu, veth.Parent));
        Assert.True(bridge.IsAdminUp);
        here.Stack.Apply(KernelChange.Set(new LinkSettings { Index = veth.Index, Up = true, Master = bridge.Index, Mtu = 1400 }));
        here.Stack.Apply(KernelChange.SetUp(peer.Index, up: true));
        veth = here.Stack.FindLink("cali0")!;
        Assert.Equal((1400u, bridge.Index, true), (veth.Mtu, veth.Master, veth.IsAdminUp));
        here.Stack.Apply(KernelChange.Delete(veth));
        Assert.Null(here.Stack.FindLink("eth0"));
        Assert.Equal(Errno.ENODEV, here.Stack.Try(KernelChange.Delete(veth)).Errno);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void A_VXLAN_link_and_its_FDB_read_back(string local, string remote)
    {
        using RoutingNamespace here = Open();
        VxlanDetail detail = new(4096, 4789, Ip(local), 0, Learning: false);
        here.Stack.Apply(KernelChange.Add(new Link { Name = "vxlan.calico", Kind = "vxlan", Mtu = 1410, Detail = detail }));
        Link link = here.Stack.FindLink("vxlan.calico")!;
        Assert.Equal(detail, link.Detail);
        FdbEntry entry = new() { Interface = link.Index, Mac = MacAddress.FromBytes([0x66, 1, 2, 3, 4, 5]), Destination = Ip(remote) };
        here.Stack.Apply(KernelChange.Add(entry));
        Assert.Equal(Errno.EEXIST, here.Stack.Try(KernelChange.Add(entry)).Errno);
        Assert.Contains(entry, here.Stack.Fdb());
        here.Stack.Apply(KernelChange.Delete(entry));
        Assert.DoesNotContain(entry, here.Stack.Fdb());
        Assert.Equal(Errno.ENOENT, here.Stack.Try(KernelChange.Delete(entry)).Errno);
    }

    [Fact]
    public void Five_thousand_routes_go_in_and_out_in_one_go()
    {
        using RoutingNamespace here = Open();
        int link = here.AddLink("a");
        KernelChange[] adds = [.. Enumerable.Range(0, 5000).Select(i => KernelChange.Replace(Route.ToLink(new Cidr(IpAddress.FromV4(0x0a410000u + (uint)i)), link)))];
        ChangeResult[] results = new ChangeResult[adds.Length];
        Stopwatch time = Stopwatch.StartNew();
        here.Stack.Apply(adds, results);
        output.WriteLine($"5000 routes added in {time.Elapsed.TotalMilliseconds:F1} ms");
        Assert.All(results, result => Assert.True(result.IsOk));
        time.Restart();
        Assert.Equal(5000, here.Stack.Routes(new RouteFilter(Protocol: 80)).Count);
        output.WriteLine($"listed in {time.Elapsed.TotalMilliseconds:F1} ms");
        KernelChange[] deletes = [.. adds.Select(add => KernelChange.Delete(add.Subject))];
        time.Restart();
        here.Stack.Apply(deletes, results);
        output.WriteLine($"deleted in {time.Elapsed.TotalMilliseconds:F1} ms");
        Assert.Empty(here.Stack.Routes(new RouteFilter(Protocol: 80)));
        time.Restart();
        here.Stack.Apply(deletes, results);
        output.WriteLine($"5000 refusals in {time.Elapsed.TotalMilliseconds:F1} ms");
        Assert.All(results, result => Assert.Equal(Errno.ESRCH, result.Errno));
    }
}
