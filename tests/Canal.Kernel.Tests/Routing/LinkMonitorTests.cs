using Canal.Core.Addressing;
using Canal.Linux.Namespaces;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Canal.Testing;
using static Canal.Kernel.Tests.Routing.RoutingNamespace;

namespace Canal.Kernel.Tests.Routing;

public sealed class LinkMonitorTests
{
    private static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    /// <summary>Receives until the condition holds of all that was heard; fails by cancellation.</summary>
    private static async Task<List<KernelEvent>> Hear(LinkMonitor monitor, Predicate<List<KernelEvent>> enough)
    {
        List<KernelEvent> heard = [];
        CancellationToken stop = Soon;
        while (!enough(heard)) await monitor.ReceiveAsync(heard, stop);
        return heard;
    }

    [Fact]
    public async Task A_link_is_heard_to_come_change_and_go()
    {
        using RoutingNamespace here = Open(KernelEventGroups.Links);
        int link = here.AddLink("caliw0");
        here.Stack.Apply(KernelChange.SetUp(link, up: false));
        here.Stack.Apply(KernelChange.Delete(new Link { Name = "caliw0" }));
        List<KernelEvent> heard = await Hear(here.Monitor!, h => h.Exists(e => e.Kind == KernelEventKind.Removed));
        List<Link> links = [.. heard.Select(e => (Link)e.Subject!).Where(l => l.Index == link)];
        Assert.Contains(links, l => l.IsAdminUp);
        Assert.Equal(("caliw0", false), (links[^1].Name, links[^1].IsAdminUp));
    }

    [Fact]
    public async Task Leaving_a_bridge_is_not_heard_as_the_end_of_the_link()
    {
        using RoutingNamespace here = Open(KernelEventGroups.Links);
        int port = here.AddLink("port");
        here.Stack.Apply(KernelChange.Add(new Link { Name = "br0", Kind = "bridge" }));
        here.Stack.Apply(KernelChange.Set(new LinkSettings { Index = port, Master = here.Stack.FindLink("br0")!.Index }));
        here.Stack.Apply(KernelChange.Set(new LinkSettings { Index = port, Master = 0 }));
        here.Stack.Apply(KernelChange.Delete(new Link { Name = "br0" }));
        List<KernelEvent> heard = await Hear(here.Monitor!, h => h.Exists(e => e is { Kind: KernelEventKind.Removed, Subject: Link { Name: "br0" } }));
        Assert.DoesNotContain(heard, e => e.Kind == KernelEventKind.Removed && e.Subject is Link { Name: "port" });
    }

    [Theory]
    [InlineData("10.1.0.1", 24, "10.9.0.0/24")]
    [InlineData("fd00:1::1", 64, "fd00:9::/64")]
    public async Task Addresses_routes_and_neighbours_are_heard(string address, byte length, string cidr)
    {
        using RoutingNamespace here = Open(KernelEventGroups.Addresses | KernelEventGroups.Routes | KernelEventGroups.Neighbours);
        int link = here.AddLink("a");
        InterfaceAddress own = new() { Interface = link, Address = Ip(address), PrefixLength = length };
        Route route = Route.ToLink(Net(cidr), link);
        Neighbour neighbour = new() { Interface = link, Address = Net(cidr).Last, Mac = new MacAddress(0x020000000001) };
        here.Stack.ApplyAll(KernelChange.Add(own), KernelChange.Add(route), KernelChange.Add(neighbour), KernelChange.Delete(route), KernelChange.Delete(own));
        List<KernelEvent> heard = await Hear(here.Monitor!, h => h.Exists(e => e.Kind == KernelEventKind.Removed && e.Subject is InterfaceAddress));
        Assert.Contains(heard, e => e.Kind == KernelEventKind.Changed && e.Subject is InterfaceAddress a && a.Address == own.Address);
        Assert.Contains(new KernelEvent(KernelEventKind.Changed, route.Canonical(), here.Stack.PortId), heard);
        Assert.Contains(new KernelEvent(KernelEventKind.Removed, route.Canonical(), here.Stack.PortId), heard);
        Assert.Contains(heard, e => e.Kind == KernelEventKind.Changed && neighbour.Equals(e.Subject));
    }

    [Theory]
    [InlineData("ipv4", "proxy_arp")]
    [InlineData("ipv4", "forwarding")]
    [InlineData("ipv6", "proxy_ndp")]
    [InlineData("ipv6", "forwarding")]
    public async Task A_changed_setting_of_an_interface_is_heard(string family, string setting)
    {
        (LinkMonitor monitor, int link) = NetworkNamespace.RunInNew(() =>
        {
            using NetlinkRouteStack stack = NetlinkRouteStack.Open();
            stack.Apply(KernelChange.Add(new Link { Name = "caliw0", Kind = "veth", Detail = new VethDetail("peer") }));
            LinkMonitor opened = LinkMonitor.Open(KernelEventGroups.Settings);
            Assert.True(new SysctlTree().Write("1", "net", family, "conf", "caliw0", setting));
            return (opened, stack.FindLink("caliw0")!.Index);
        });
        using (monitor) await Hear(monitor, heard => heard.Exists(happened => happened.Subject is InterfaceSettings settings && settings.Interface == link));
    }

    [Fact]
    public async Task Own_changes_are_told_apart_by_port()
    {
        (RoutingNamespace here, NetlinkRouteStack other) = Open(NetlinkRouteStack.Open, KernelEventGroups.Routes);
        using (here)
        using (other)
        {
            int link = here.AddLink("a");
            Route ours = Route.ToLink(Net("10.1.0.0/24"), link), theirs = Route.ToLink(Net("10.2.0.0/24"), link);
            here.Stack.Apply(KernelChange.Add(ours));
            other.Apply(KernelChange.Add(theirs));
            List<KernelEvent> heard = await Hear(here.Monitor!, h => h.Exists(e => theirs.Equals(e.Subject)));
            Assert.Equal(here.Stack.PortId, Assert.Single(heard, e => ours.Equals(e.Subject)).PortId);
            Assert.Equal(other.PortId, Assert.Single(heard, e => theirs.Equals(e.Subject)).PortId);
            Assert.NotEqual(here.Stack.PortId, other.PortId);
        }
    }

    [Fact]
    public async Task An_overrun_is_told_once_and_what_follows_is_newer()
    {
        using RoutingNamespace here = Open(KernelEventGroups.Routes, receiveBuffer: 4096);
        int link = here.AddLink("a");
        KernelChange[] many = [.. Enumerable.Range(0, 500).Select(i => KernelChange.Add(Route.ToLink(new Cidr(IpAddress.FromV4(0x0a410000u + (uint)i)), link)))];
        here.Stack.ApplyAll(many);
        List<KernelEvent> heard = await Hear(here.Monitor!, h => h.Exists(e => e.Kind == KernelEventKind.Overrun));
        Assert.Equal(KernelEventKind.Overrun, heard[^1].Kind);
        Assert.Equal(500, here.Stack.Routes(new RouteFilter(Protocol: 80)).Count);
        Route after = Route.ToLink(Net("10.99.0.0/24"), link);
        here.Stack.Apply(KernelChange.Add(after));
        List<KernelEvent> then = await Hear(here.Monitor!, h => h.Count > 0);
        Assert.Equal([new KernelEvent(KernelEventKind.Changed, after, here.Stack.PortId)], then);
    }

    /// <summary>Why a resync is needed after every link event: the kernel drops IPv4 routes without a word. The fake does the same.</summary>
    [Fact]
    public async Task Routes_that_go_down_with_their_link_are_told_for_IPv6_only()
    {
        using RoutingNamespace here = Open(KernelEventGroups.Links | KernelEventGroups.Routes);
        int link = here.AddLink("a");
        Route four = Route.ToLink(Net("10.1.0.0/24"), link), six = Route.ToLink(Net("fd00:1::/64"), link).Canonical();
        here.Stack.ApplyAll(KernelChange.Add(four), KernelChange.Add(six), KernelChange.SetUp(link, up: false), KernelChange.Delete(new Link { Name = "a" }));
        List<KernelEvent> heard = await Hear(here.Monitor!, h => h.Exists(e => e is { Kind: KernelEventKind.Removed, Subject: Link { Name: "a" } }));
        FakeRouteStack fake = new();
        fake.Apply(KernelChange.Add(new Link { Name = "a", Kind = "veth", Flags = LinkFlags.Up, Detail = new VethDetail("p-a") }));
        int faked = fake.FindLink("a")!.Index;
        fake.ApplyAll(KernelChange.Add(four with { Interface = faked }), KernelChange.Add(six with { Interface = faked }), KernelChange.SetUp(faked, up: false));
        foreach (List<KernelEvent> events in new[] { heard, fake.TakeEvents() })
        {
            Assert.DoesNotContain(events, e => e.Kind == KernelEventKind.Removed && e.Subject is Route { Family: IpFamily.V4, Protocol: 80 });
            Assert.Single(events, e => e.Kind == KernelEventKind.Removed && e.Subject is Route { Family: IpFamily.V6, Protocol: 80 });
        }
    }

    [Fact]
    public async Task Waiting_ends_with_its_token()
    {
        using RoutingNamespace here = Open(KernelEventGroups.Links);
        using CancellationTokenSource stop = new();
        ValueTask waiting = here.Monitor!.ReceiveAsync([], stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }
}
