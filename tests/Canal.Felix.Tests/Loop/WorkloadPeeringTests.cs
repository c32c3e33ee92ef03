using Canal.Core.Addressing;
using Canal.Linux.Routing;
using Canal.Testing.Rig;
using static Canal.Felix.Tests.Loop.SampleObjects;
using Resource = Canal.Testing.Rig.Resource;
using Route = Canal.Linux.Routing.Route;

namespace Canal.Felix.Tests.Loop;

/// <summary>Workloads that speak BGP with their host: whom the status files name, which address the host has for them, and whose routes stay.</summary>
public sealed class WorkloadPeeringTests
{
    private static readonly Resource Peer = Calico.WorkloadPeering("racks", "name == 'w0'");
    private static readonly Resource Addresses = Calico.BgpConfiguration().Spec("localWorkloadPeeringIPV4", "169.254.0.179").Spec("localWorkloadPeeringIPV6", "fd12::179");

    [Fact]
    public void A_selected_workload_is_named_and_its_host_gets_the_address()
    {
        using LoopHost host = Running();
        host.Start([.. All, Peer, Addresses]);
        Assert.Contains("\"bgpPeerName\":\"racks\"", Status(host, "w0"), StringComparison.Ordinal);
        Assert.DoesNotContain("bgpPeerName", Status(host, "w1"), StringComparison.Ordinal);
        Assert.Equal("169.254.0.179/32 fd12::179/128", AddressesOf(host, "caliw0"));
        Assert.Equal("", AddressesOf(host, "caliw1"));
    }

    [Fact]
    public void A_restart_with_unchanged_state_writes_nothing()
    {
        using LoopHost host = Running();
        host.Start([.. All, Peer, Addresses]);
        (int, int) writes = host.Writes;
        host.Restart();
        host.Start([.. All, Peer, Addresses]);
        host.Wait(100);
        Assert.Equal(writes, host.Writes);
    }

    [Fact]
    public void What_changes_is_followed()
    {
        using LoopHost host = Running();
        host.Start([.. All, Peer, Addresses]);
        host.Put(W0.Labels(("name", "another")));
        // BIRD still has to tell the workload that it is over.
        Assert.Equal("169.254.0.179/32 fd12::179/128", AddressesOf(host, "caliw0"));
        host.Wait(11);
        Assert.Equal("", AddressesOf(host, "caliw0"));
        // With its last IPv4 address a link loses its IPv4 routes.
        Assert.Equal(("caliw0", "caliw0"), (host.RouteTo("10.65.0.10"), host.RouteTo("fd00:65::10")));
        Assert.DoesNotContain("bgpPeerName", Status(host, "w0"), StringComparison.Ordinal);
        host.Put(Peer.Spec("localWorkloadSelector", "all()"));
        Assert.Equal("169.254.0.179/32 fd12::179/128", AddressesOf(host, "caliw1"));
        host.Put(Addresses.Spec("localWorkloadPeeringIPV4", "169.254.0.180").Spec("localWorkloadPeeringIPV6", null));
        host.Wait(11);
        Assert.Equal("169.254.0.180/32", AddressesOf(host, "caliw0"));
        host.Put(Calico.WorkloadPeering("a-first", "name == 'w1'"));
        Assert.Contains("\"bgpPeerName\":\"a-first\"", Status(host, "w1"), StringComparison.Ordinal);
        host.Delete(Peer, Calico.WorkloadPeering("a-first", ""));
        host.Wait(11);
        Assert.Equal("", AddressesOf(host, "caliw0") + AddressesOf(host, "caliw1"));
    }

    [Fact]
    public void A_peering_of_some_nodes_needs_their_labels()
    {
        using LoopHost host = Running();
        Resource node = Calico.Node(Testing.ResourceBuilder.ThisNode);
        host.Start([.. All, Peer.Spec("nodeSelector", "rack == 'a'"), Addresses]);
        Assert.Equal("", AddressesOf(host, "caliw0"));
        host.Put(node.Labels(("rack", "a")));
        Assert.Equal("169.254.0.179/32 fd12::179/128", AddressesOf(host, "caliw0"));
        host.Put(node);
        host.Wait(11);
        Assert.Equal("", AddressesOf(host, "caliw0"));
    }

    [Fact]
    public void A_selector_that_is_none_counts_as_absent_and_is_told()
    {
        using LoopHost host = Running();
        host.Start([.. All, Peer.Spec("localWorkloadSelector", "name =="), Addresses]);
        Assert.Equal("", AddressesOf(host, "caliw0"));
        Assert.Equal(1, host.Log.Count("spec.localWorkloadSelector"));
    }

    [Fact]
    public void What_others_do_to_the_address_is_repaired_and_other_addresses_are_left_alone()
    {
        using LoopHost host = Running();
        host.Start([.. All, Peer, Addresses]);
        int link = host.Routes.FindLink("caliw0")!.Index;
        InterfaceAddress own = Of(link, "169.254.0.179", 32) with { Scope = RouteScope.Link }, others = Of(link, "192.0.2.1", 24);
        host.Routes.Meddle(KernelChange.Delete(own));
        host.Routes.Meddle(KernelChange.Add(others));
        host.Routes.Meddle(KernelChange.Add(own with { Address = IpAddress.Parse("169.254.0.1") }));
        host.Step();
        host.Wait(11);
        Assert.Equal("169.254.0.179/32 192.0.2.1/24 fd12::179/128", AddressesOf(host, "caliw0"));
    }

    [Fact]
    public void A_last_address_that_others_take_away_takes_no_route_with_it()
    {
        using LoopHost host = Running();
        int link = host.Routes.FindLink("caliw0")!.Index;
        host.Routes.Meddle(KernelChange.Add(Of(link, "192.0.2.1", 24)));
        host.Start(All);
        host.Routes.Meddle(KernelChange.Delete(Of(link, "192.0.2.1", 24)));
        Assert.Equal("", host.RouteTo("10.65.0.10"));
        host.Step();
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
    }

    [Fact]
    public void What_a_workload_told_Bird_stays_while_they_are_neighbours()
    {
        using LoopHost host = Running();
        host.Start([.. All, Peer, Addresses]);
        foreach (string link in (string[])["caliw0", "caliw1"])
            host.Routes.Meddle(KernelChange.Add(Route.ToLink(Cidr.Parse($"10.123.{link[^1]}.0/24"), host.Routes.FindLink(link)!.Index) with { Protocol = RouteProtocol.Bird }));
        host.Wait(100);
        Assert.Equal(("caliw0", ""), (host.RouteTo("10.123.0.0"), host.RouteTo("10.123.1.0")));
        host.Delete(Peer);
        host.Wait(11);
        Assert.Equal("", host.RouteTo("10.123.0.0"));
    }

    private static LoopHost Running()
    {
        LoopHost host = new();
        foreach (string link in (string[])["caliw0", "caliw1"]) host.AddLink(link);
        return host;
    }

    private static string Status(LoopHost host, string workload) => File.ReadAllText(Path.Combine(host.StatusFolder, $"cni default%2F{workload} eth0"));

    private static InterfaceAddress Of(int link, string address, byte length) => new() { Interface = link, Address = IpAddress.Parse(address), PrefixLength = length };

    private static string AddressesOf(LoopHost host, string link) => string.Join(' ', host.Routes.Addresses().Where(a => a.Interface == host.Routes.FindLink(link)!.Index && !IsOfLink(a))
        .Select(a => $"{a.Address}/{a.PrefixLength}").Order(StringComparer.Ordinal));

    private static bool IsOfLink(InterfaceAddress address) => address.Address.Family == IpFamily.V6 && address.PrefixLength == 64;
}
