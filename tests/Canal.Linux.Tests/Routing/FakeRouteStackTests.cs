using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Testing;

namespace Canal.Linux.Tests.Routing;

/// <summary>What of the fake has no counterpart in the kernel: injected faults, foreign changes, the record of requests.</summary>
public sealed class FakeRouteStackTests
{
    private readonly FakeRouteStack fake = new();
    private readonly int link;

    public FakeRouteStackTests()
    {
        fake.Apply(KernelChange.Add(new Link { Name = "cali0", Kind = "veth", Flags = LinkFlags.Up, Detail = new VethDetail("eth0") }));
        link = fake.FindLink("cali0")!.Index;
        fake.TakeEvents();
        fake.ForgetRequests();
    }

    private Route Workload => Route.ToLink(Cidr.Parse("10.65.0.10/32"), link);

    [Fact]
    public void A_refusal_on_demand_hits_the_chosen_change_once()
    {
        fake.RefuseNext(Errno.ENOBUFS, change => change.Subject is Route);
        ChangeResult[] results = fake.ApplyAll(KernelChange.SetUp(link, up: true), KernelChange.Add(Workload), KernelChange.Add(Workload));
        Assert.Equal([0, Errno.ENOBUFS, 0], results.Select(result => result.Errno));
        Assert.StartsWith("add route 10.65.0.10/32 dev cali0 proto 80 scope link: ", results[1].Error);
    }

    [Fact]
    public void Lost_answers_throw_after_the_work_is_done()
    {
        fake.FailNextApply();
        Assert.Equal(Errno.ENOBUFS, Assert.Throws<NetlinkException>(() => fake.Apply(KernelChange.Add(Workload))).Errno);
        Assert.Single(fake.Routes(default));
        fake.FailNextList();
        Assert.Throws<NetlinkException>(() => fake.Routes(default));
        Assert.Single(fake.Routes(default));
    }

    [Fact]
    public void Own_and_foreign_changes_are_told_with_their_port()
    {
        fake.Apply(KernelChange.Add(Workload));
        fake.Meddle(KernelChange.Delete(Workload));
        Assert.Equal([new KernelEvent(KernelEventKind.Changed, Workload, fake.PortId), new KernelEvent(KernelEventKind.Removed, Workload, FakeRouteStack.ForeignPort)], fake.TakeEvents());
        Assert.Equal([KernelChange.Add(Workload)], fake.Requests);
    }

    [Fact]
    public async Task An_overrun_takes_the_place_of_what_was_queued()
    {
        fake.Apply(KernelChange.Add(Workload));
        fake.LoseEvents();
        List<KernelEvent> heard = [];
        await fake.ReceiveAsync(heard, TestContext.Current.CancellationToken);
        Assert.Equal([new KernelEvent(KernelEventKind.Overrun)], heard);
    }

    [Fact]
    public void The_dump_reads_like_ip()
    {
        fake.Apply(KernelChange.Add(Workload));
        fake.Apply(KernelChange.Add(new Neighbour { Interface = link, Address = IpAddress.Parse("10.65.0.10"), Mac = new MacAddress(0xeeeeeeeeeeee) }));
        Assert.Equal("""
            link cali0 type veth mtu 1500 up
            link eth0 type veth mtu 1500
            link lo mtu 65536
            route 10.65.0.10/32 dev cali0 proto 80 scope link
            rule 0: from all lookup 255 proto kernel
            rule 0: from all lookup 255 proto kernel inet6
            rule 32766: from all lookup 254 proto kernel
            rule 32766: from all lookup 254 proto kernel inet6
            rule 32767: from all lookup 253 proto kernel
            neighbour 10.65.0.10 lladdr ee:ee:ee:ee:ee:ee dev cali0 nud permanent

            """, fake.Dump());
    }
}
