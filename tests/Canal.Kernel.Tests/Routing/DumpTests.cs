using System.Diagnostics;
using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Kernel.Tests.Routing.RoutingNamespace;

namespace Canal.Kernel.Tests.Routing;

public sealed class DumpTests(ITestOutputHelper output)
{
    /// <summary>Lists links again and again while another socket makes and deletes some, until the kernel has interrupted a listing.</summary>
    [Fact]
    public void An_interrupted_dump_is_read_again_and_is_whole()
    {
        (RoutingNamespace here, NetlinkRouteStack other) = Open(NetlinkRouteStack.Open);
        using (here)
        using (other)
        {
            for (int i = 0; i < 60; i++) here.AddLink($"c{i}", up: false);
            using CancellationTokenSource stop = new();
            Thread meddler = new(() => Meddle(other, stop.Token));
            meddler.Start();
            int dumps = ListUntilInterrupted(here.Stack);
            stop.Cancel();
            meddler.Join();
            output.WriteLine($"{here.Stack.Interruptions} interruptions in {dumps} dumps");
            Assert.True(here.Stack.Interruptions > 0, $"no interruption in {dumps} dumps");
        }
    }

    private static void Meddle(NetlinkRouteStack other, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            other.Apply(KernelChange.Add(new Link { Name = "now", Kind = "bridge" }));
            other.Apply(KernelChange.Delete(new Link { Name = "now" }));
            // A pause in which a listing can succeed, on a slow machine too: it is tried a few times only.
            stop.WaitHandle.WaitOne(5);
        }
    }

    private static int ListUntilInterrupted(NetlinkRouteStack stack)
    {
        int dumps = 0;
        for (Stopwatch time = Stopwatch.StartNew(); stack.Interruptions < 3 && time.Elapsed < TimeSpan.FromSeconds(20); dumps++)
        {
            List<string> names = [.. stack.Links().Select(link => link.Name)];
            Assert.Equal(names.Count, names.Distinct().Count());
            Assert.Equal(60, names.Count(name => name.StartsWith('c')));
        }
        return dumps;
    }

    [Fact]
    public void The_kernel_filters_routes()
    {
        using RoutingNamespace here = Open();
        int a = here.AddLink("a"), b = here.AddLink("b");
        Route[] all =
        [
            Route.ToLink(Net("10.1.0.0/24"), a),
            Route.ToLink(Net("10.2.0.0/24"), b) with { Protocol = RouteProtocol.Bird },
            Route.ToLink(Net("10.3.0.0/24"), a) with { Table = 77 },
            (Route.ToLink(Net("fd00:1::/64"), a) with { Table = 77 }).Canonical(),
            new Route { Destination = Net("10.4.0.0/24"), Type = RouteType.Throw, Table = 77 },
        ];
        foreach (Route route in all) here.Stack.Apply(KernelChange.Add(route));
        Assert.Equal([all[1]], here.Stack.Routes(new RouteFilter(Protocol: RouteProtocol.Bird)));
        Assert.Equal([all[2], all[4], all[3]], here.Stack.Routes(new RouteFilter(Table: 77)));
        Assert.Equal([all[4]], here.Stack.Routes(new RouteFilter(Table: 77, Type: RouteType.Throw)));
        Assert.Equal([all[0], all[2]], here.Stack.Routes(new RouteFilter(IpFamily.V4, Protocol: 80, Interface: a)).OrderBy(r => r.Destination));
        Assert.Empty(here.Stack.Routes(new RouteFilter(Table: 78)));
        Assert.Empty(here.Stack.Routes(new RouteFilter(Interface: 4711)));
        Assert.Equal(5, here.Stack.Routes(default).Count(route => all.Contains(route)));
    }

    /// <summary>What is left of the broken dump must not be taken for the answer to the next request.</summary>
    [Fact]
    public void A_conversation_goes_on_after_an_exception_in_mid_dump()
    {
        (RoutingNamespace here, RtnetlinkConversation conversation) = Open(() => new RtnetlinkConversation(NetlinkSocket.Open(0, strict: true)));
        using (here)
        using (conversation)
        {
            int link = here.AddLink("a");
            here.Stack.ApplyAll([.. Enumerable.Range(0, 2000).Select(i => KernelChange.Add(Route.ToLink(new Cidr(IpAddress.FromV4(0x0a410000u + (uint)i)), link)))]);
            RouteCodec.WriteDump(conversation.BeginDump(RtnetlinkConstants.RTM_GETROUTE), IpFamily.V4, default);
            Assert.Throws<InvalidOperationException>(() => conversation.Dump<Route>("routes", [], _ => throw new InvalidOperationException()));
            List<Link> links = [];
            LinkCodec.WriteDump(conversation.BeginDump(RtnetlinkConstants.RTM_GETLINK));
            conversation.Dump("links", links, LinkCodec.Read);
            Assert.Equal(here.Stack.Links(), links);
        }
    }

    [Fact]
    public void The_last_refusal_of_a_large_batch_is_told_at_its_place()
    {
        using RoutingNamespace here = Open();
        int link = here.AddLink("a");
        KernelChange[] changes = [.. Enumerable.Range(0, 1000).Select(i => KernelChange.Add(Route.ToLink(new Cidr(IpAddress.FromV4(0x0a410000u + (uint)(i / 2))), link)))];
        ChangeResult[] results = here.Stack.ApplyAll(changes);
        for (int i = 0; i < results.Length; i++) Assert.Equal(i % 2 == 0 ? 0 : Errno.EEXIST, results[i].Errno);
    }
}
