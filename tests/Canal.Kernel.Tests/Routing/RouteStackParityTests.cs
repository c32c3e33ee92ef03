using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Routing;
using static Canal.Kernel.Tests.Routing.RoutingNamespace;

namespace Canal.Kernel.Tests.Routing;

/// <summary>Handwritten sequences on which the fake must answer as the kernel does.</summary>
public sealed class RouteStackParityTests
{
    private static readonly MacAddress Mac = new(0x66aabbccddee);

    public static TheoryData<string, string, string, string> Families => new()
    {
        { "10.1.0.1", "24", "10.1.0.254", "10.9.0.0/24" },
        { "fd00:1::1", "64", "fd00:1::fe", "fd00:9::/64" },
    };

    private static InterfaceAddress Own(int link, string address, string length) => new() { Interface = link, Address = Ip(address), PrefixLength = byte.Parse(length), NoDad = true };

    [Theory, MemberData(nameof(Families))]
    public void A_workload_lives_and_dies(string address, string length, string host, string cidr)
    {
        using Parity both = new();
        both.AddVeth("caliw0");
        Assert.Equal(Errno.ENETDOWN, both.Do(link => KernelChange.Add(Route.ToLink(Net(cidr), link("caliw0")))));
        Assert.Equal(Errno.ENODEV, both.Do(link => KernelChange.Add(Route.ToLink(Net(cidr), link(Parity.Nowhere)))));
        both.Do(link => KernelChange.SetUp(link("caliw0"), up: true));
        both.Do(link => KernelChange.Add(Route.ToLink(Net(cidr), link("caliw0"))));
        Assert.Equal(Errno.EEXIST, both.Do(link => KernelChange.Add(Route.ToLink(Net(cidr), link("caliw0")))));
        both.Do(link => KernelChange.Replace(Route.ToLink(Net(cidr), link("caliw0")) with { Mtu = 1400 }));
        both.Do(link => KernelChange.Add(new Neighbour { Interface = link("caliw0"), Address = Ip(host), Mac = Mac }));
        Assert.Equal(Errno.EEXIST, both.Do(link => KernelChange.Add(new Neighbour { Interface = link("caliw0"), Address = Ip(host), Mac = Mac })));
        both.Do(link => KernelChange.Replace(new Neighbour { Interface = link("caliw0"), Address = Ip(host), Mac = new MacAddress(Mac.Value + 1) }));
        both.Do(link => KernelChange.Add(Neighbour.Proxy(link("caliw0"), Ip(host))));
        both.Do(link => KernelChange.Add(Neighbour.Proxy(link("caliw0"), Ip(host))));
        both.Do(link => KernelChange.SetUp(link("caliw0"), up: false));
        Assert.Empty(both.Fake.Routes(new RouteFilter(Protocol: 80)));
        Assert.Empty(both.Fake.Neighbours());
        both.Do(link => KernelChange.Add(new Neighbour { Interface = link("caliw0"), Address = Ip(host), Mac = Mac }));
        both.Do(link => KernelChange.SetUp(link("caliw0"), up: true));
        both.Do(link => KernelChange.Add(Own(link("caliw0"), address, length)));
        both.Do(link => KernelChange.Add(Route.ToLink(Net(cidr), link("caliw0"))));
        both.Do(_ => KernelChange.Delete(new Link { Name = "caliw0" }));
        Assert.Equal(Errno.ENODEV, both.Do(_ => KernelChange.Delete(new Link { Name = "caliw0" })));
        Assert.Empty(both.Fake.Routes(new RouteFilter(Protocol: 80)));
    }

    [Theory, MemberData(nameof(Families))]
    public void Gateways_must_be_reachable(string address, string length, string host, string cidr)
    {
        using Parity both = new();
        both.AddVeth("a");
        Route Via(Func<string, int> link) => new() { Destination = Net(cidr), Gateway = Ip(host), Interface = link("a") };
        both.Do(link => KernelChange.Add(Via(link)));
        both.Do(link => KernelChange.Add(Via(link) with { Onlink = true }));
        both.Do(link => KernelChange.SetUp(link("a"), up: true));
        int unreachable = both.Do(link => KernelChange.Add(Via(link)));
        Assert.Equal(Ip(host).Family == IpFamily.V4 ? Errno.ENETUNREACH : Errno.EHOSTUNREACH, unreachable);
        both.Do(link => KernelChange.Add(Via(link) with { Onlink = true }));
        both.Do(link => KernelChange.Delete(Via(link) with { Onlink = true }));
        both.Do(link => KernelChange.Add(Own(link("a"), address, length)));
        Assert.Equal(0, both.Do(link => KernelChange.Add(Via(link) with { Source = Ip(address) })));
        Assert.Equal(Errno.EINVAL, both.Do(link => KernelChange.Replace(Via(link) with { Source = Ip(host) })));
        both.Do(link => KernelChange.Replace(Via(link) with { Gateway = Ip(address) }));
        both.Do(link => KernelChange.Replace(Via(link) with { Gateway = Ip(address), Onlink = true }));
        both.Do(link => KernelChange.Replace(Via(link) with { Scope = RouteScope.Link }));
        both.Do(link => KernelChange.Replace(Route.ToLink(Net(cidr), link("a"))));
        both.Do(link => KernelChange.Replace(Via(link)));
        both.Do(link => KernelChange.Delete(Own(link("a"), address, length)));
        Assert.Equal(Errno.EADDRNOTAVAIL, both.Do(link => KernelChange.Delete(Own(link("a"), address, length))));
        Assert.Equal(Errno.ENODEV, both.Do(link => KernelChange.Delete(Own(link(Parity.Nowhere), address, length))));
    }

    [Theory, MemberData(nameof(Families))]
    public void The_source_of_a_route_goes_with_its_address(string address, string length, string host, string cidr)
    {
        using Parity both = new();
        both.AddVeth("a");
        both.AddVeth("b");
        both.Do(link => KernelChange.SetUp(link("a"), up: true));
        both.Do(link => KernelChange.SetUp(link("b"), up: true));
        both.Do(link => KernelChange.Add(Own(link("a"), address, length)));
        both.Do(link => KernelChange.Add(Own(link("a"), Net(cidr).Last.ToString(), length)));
        both.Do(link => KernelChange.Add(Route.ToLink(new Cidr(Ip(host)), link("b")) with { Source = Ip(address) }));
        both.Do(link => KernelChange.Delete(Own(link("a"), address, length)));
    }

    [Theory, MemberData(nameof(Families))]
    public void Special_routes_and_metrics(string address, string length, string host, string cidr)
    {
        using Parity both = new();
        both.AddVeth("a");
        both.Do(link => KernelChange.SetUp(link("a"), up: true));
        both.Do(link => KernelChange.Add(Own(link("a"), address, length)));
        Route black = new() { Destination = Net(cidr), Type = RouteType.Blackhole };
        both.Do(_ => KernelChange.Add(black));
        Assert.Equal(Errno.EEXIST, both.Do(_ => KernelChange.Add(black with { Type = RouteType.Throw })));
        both.Do(_ => KernelChange.Replace(black with { Type = RouteType.Throw }));
        both.Do(_ => KernelChange.Add(black with { Metric = 7 }));
        both.Do(_ => KernelChange.Add(black with { Table = 99 }));
        both.Do(link => KernelChange.Replace(new Route { Destination = Net(cidr), Gateway = Ip(host), Interface = link("a"), Metric = 7 }));
        both.Do(_ => KernelChange.Delete(black with { Type = RouteType.Throw }));
        both.Do(_ => KernelChange.Delete(black with { Metric = 8 }));
        both.Do(_ => KernelChange.Delete(black with { Table = 98 }));
        both.Do(_ => KernelChange.Delete(black with { Table = 99, Protocol = 3 }));
        both.Do(_ => KernelChange.Delete(black with { Table = 99 }));
        both.Do(link => KernelChange.Delete(new Route { Destination = Net(cidr), Interface = link("a"), Metric = 7 }));
    }

    [Theory, MemberData(nameof(Families))]
    public void Multipath_routes_lose_their_ways(string address, string length, string host, string cidr)
    {
        using Parity both = new();
        foreach (string name in new[] { "a", "b" })
        {
            both.AddVeth(name);
            both.Do(link => KernelChange.SetUp(link(name), up: true));
        }
        both.Do(link => KernelChange.Add(Own(link("a"), address, length)));
        both.Do(link => KernelChange.Add(Own(link("b"), Net(cidr).Last.ToString(), length)));
        Cidr target = new(Ip(host).Family == IpFamily.V4 ? Ip("10.77.0.0") : Ip("fd00:77::"), 24);
        Route wanted(Func<string, int> link)
        {
            EquatableArray<NextHop> hops = [new NextHop(link("a"), Ip(host)), new NextHop(link("b"), Net(cidr).Address, 5, Onlink: true)];
            return new Route { Destination = target, NextHops = hops };
        }
        both.Do(link => KernelChange.Add(wanted(link) with { NextHops = [wanted(link).NextHops[1] with { Gateway = Ip(host.Replace('1', '2')), Onlink = true }, wanted(link).NextHops[0]] }));
        both.Do(link => KernelChange.Replace(wanted(link) with { NextHops = [wanted(link).NextHops[0], wanted(link).NextHops[1] with { Gateway = Ip(host.Replace('1', '2')) }] }));
        both.Do(link => KernelChange.SetUp(link("a"), up: false));
        both.Do(link => KernelChange.SetUp(link("b"), up: false));
        Assert.Empty(both.Fake.Routes(new RouteFilter(Protocol: 80)));
    }

    [Fact]
    public void A_second_address_in_a_prefix_goes_with_the_first()
    {
        using Parity both = new();
        both.AddVeth("a");
        both.Do(link => KernelChange.Add(Own(link("a"), "10.1.0.1", "24")));
        both.Do(link => KernelChange.Add(Own(link("a"), "10.1.0.2", "24")));
        Assert.Equal(Errno.EEXIST, both.Do(link => KernelChange.Add(Own(link("a"), "10.1.0.2", "24"))));
        Assert.Equal(Errno.EINVAL, both.Do(link => KernelChange.Add(Own(link("a"), "10.1.0.3", "24") with { Scope = RouteScope.Link })));
        both.Do(link => KernelChange.Add(Own(link("a"), "10.1.0.2", "16")));
        both.Do(link => KernelChange.SetUp(link("a"), up: true));
        both.Do(link => KernelChange.Delete(Own(link("a"), "10.1.0.1", "24")));
    }

    [Fact]
    public void With_the_last_IPv4_address_go_all_IPv4_routes_of_the_link()
    {
        using Parity both = new();
        both.AddVeth("a");
        both.Do(link => KernelChange.SetUp(link("a"), up: true));
        both.Do(link => KernelChange.Add(Own(link("a"), "169.254.1.1", "32")));
        both.Do(link => KernelChange.Add(Route.ToLink(Net("10.65.0.1/32"), link("a"))));
        both.Do(link => KernelChange.Add(Route.ToLink(Net("fd00::1/128"), link("a"))));
        both.Do(link => KernelChange.Add(new Neighbour { Interface = link("a"), Address = Ip("10.65.0.1"), Mac = Mac }));
        both.Do(link => KernelChange.Delete(Own(link("a"), "169.254.1.1", "32")));
        Assert.Single(both.Fake.Routes(new RouteFilter(Protocol: 80)));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", "192.0.2.3")]
    [InlineData("2001:db8::1", "2001:db8::2", "2001:db8::3")]
    public void The_FDB_of_a_VXLAN_link(string local, string one, string two)
    {
        using Parity both = new();
        both.Do(_ => KernelChange.Add(new Link { Name = "vx", Kind = "vxlan", Mtu = 1400, Detail = new VxlanDetail(4096, 4789, Ip(local), 0, false) }));
        FdbEntry Entry(Func<string, int> link, string to) => new() { Interface = link("vx"), Mac = Mac, Destination = Ip(to) };
        both.Do(link => KernelChange.Add(Entry(link, one)));
        Assert.Equal(Errno.EEXIST, both.Do(link => KernelChange.Add(Entry(link, one))));
        Assert.Equal(Errno.EEXIST, both.Do(link => KernelChange.Add(Entry(link, two))));
        both.Do(link => KernelChange.Replace(Entry(link, two)));
        Assert.Equal(0, both.Do(link => KernelChange.Delete(Entry(link, one))));
        both.Do(link => KernelChange.SetUp(link("vx"), up: true));
        both.Do(link => KernelChange.SetUp(link("vx"), up: false));
        both.Do(link => KernelChange.Delete(Entry(link, two)));
        Assert.Equal(Errno.ENOENT, both.Do(link => KernelChange.Delete(Entry(link, two))));
        Assert.Equal(Errno.ENODEV, both.Do(link => KernelChange.Add(Entry(link, two) with { Interface = link(Parity.Nowhere) })));
    }

    [Fact]
    public void Links_and_their_names()
    {
        using Parity both = new();
        both.AddVeth("a");
        both.Do(_ => KernelChange.Add(new Link { Name = "br0", Kind = "bridge", Flags = LinkFlags.Up, Mtu = 1500 }));
        Assert.Equal(Errno.EEXIST, both.Do(_ => KernelChange.Add(new Link { Name = "a", Kind = "bridge" })));
        both.Do(_ => KernelChange.Add(new Link { Name = "sixteen-letters.", Kind = "bridge" }));
        both.Do(_ => KernelChange.Add(new Link { Name = "a/b", Kind = "bridge" }));
        both.Do(_ => KernelChange.Add(new Link { Name = "..", Kind = "bridge" }));
        both.Do(_ => KernelChange.Add(new Link { Name = "x", Kind = "no-such-kind" }));
        both.Do(_ => KernelChange.Add(new Link { Name = "vx", Kind = "vxlan", Mtu = 1400, Detail = new VxlanDetail(7, 4789, Ip("192.0.2.1"), 0, Learning: true, Gbp: true) }));
        both.Do(_ => KernelChange.Add(new Link { Name = "x", Kind = "veth", Detail = new VethDetail("a") }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("a"), Mtu = 1500, Mac = Mac, Up = true }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("a"), Mtu = 67 }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("a"), Name = "b" }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("b"), Name = "br0" }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("b"), Master = link("br0") }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("b"), Master = 0 }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("b"), Master = link("lo") }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link("b"), Master = link(Parity.Nowhere) }));
        both.Do(link => KernelChange.Set(new LinkSettings { Index = link(Parity.Nowhere), Up = true }));
        both.Do(_ => KernelChange.Delete(new Link { Name = "lo" }));
        both.Do(_ => KernelChange.Delete(new Link { Name = "p-a" }));
    }

    [Theory]
    [InlineData(IpFamily.V4)]
    [InlineData(IpFamily.V6)]
    public void Rules(IpFamily family)
    {
        using Parity both = new();
        RoutingRule rule = new() { Family = family, Priority = 99, Invert = true, Mark = 0x200000, Mask = 0x200000, Table = 1, Protocol = 80 };
        both.Do(_ => KernelChange.Add(rule));
        Assert.Equal(Errno.EEXIST, both.Do(_ => KernelChange.Add(rule)));
        both.Do(_ => KernelChange.Add(rule with { Priority = 100, Table = 100000 }));
        both.Do(_ => KernelChange.Delete(rule));
        Assert.Equal(Errno.ENOENT, both.Do(_ => KernelChange.Delete(rule)));
    }
}
