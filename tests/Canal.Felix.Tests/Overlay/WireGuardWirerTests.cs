using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Overlay;
using Canal.Linux;
using Canal.Linux.Routing;
using Canal.Linux.WireGuard;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Overlay;

public sealed class WireGuardWirerTests
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 9).Select(i => WireGuardKey.FromBytes([.. Enumerable.Repeat((byte)(i + 1), 32)]).ToString())];

    private static readonly Resource[] Cluster =
    [
        Pool("10.65.0.0/16"), NodeAt("h1", "192.0.2.1/24,2001:db8::1/64").WithWireGuard("", "10.65.0.1"),
        NodeAt("h2", "192.0.2.2/24,2001:db8::2/64").WithWireGuard(Keys[2], "10.65.1.1", Keys[6]), NodeAt("h3", "192.0.2.3/24").WithWireGuard(Keys[3], "10.65.2.1"), NodeAt("h4", "192.0.2.4/24"),
    ];

    private static readonly IpamBlock[] Blocks = [Block("10.65.0.0/26", "h1"), Block("10.65.1.0/26", "h2"), Block("10.65.2.0/26", "h3"), Block("10.65.3.0/26", "h4"), Block("fd00:65::/122", "h2")];

    private static FelixParameters Parameters(Func<WireGuardParameters, WireGuardParameters>? change = null)
    {
        WireGuardParameters on = new();
        on = on with { V4 = on.V4 with { IsEnabled = true } };
        return new FelixParameters { Network = new NetworkParameters { WireGuard = change is null ? on : change(on) } };
    }

    private static OverlayHost NewHost(FakeRouteStack? kernel = null, FelixParameters? parameters = null)
    {
        OverlayHost host = new(kernel) { Parameters = parameters ?? Parameters() };
        foreach (Resource resource in Cluster) host.Network.Apply(resource.Key, resource);
        foreach (IpamBlock block in Blocks) host.Network.ApplyBlock(block.Cidr, block);
        return host.Apply();
    }

    private static void Has(OverlayHost host, params string[] lines)
    {
        foreach (string line in lines) Assert.Contains(line, host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Device_peers_routes_and_rule_are_made_and_made_once()
    {
        OverlayHost host = NewHost();
        Link link = host.Kernel.FindLink("wireguard.cali")!;
        Assert.Equal(("wireguard", 1440u, true), (link.Kind, link.Mtu, link.IsAdminUp));
        WireGuardDevice device = host.WireGuard.Read("wireguard.cali");
        Assert.Equal(((ushort)51820, 0x200000u), (device.ListenPort, device.Mark));
        Assert.Equal(device.PublicKey.ToString(), host.WireGuardWirer.PublicKey(IpFamily.V4));
        Assert.Equal(44, host.WireGuardWirer.PublicKey(IpFamily.V4).Length);
        Assert.Equal(["192.0.2.2:51820 [10.65.1.0/26, 10.65.1.1/32]", "192.0.2.3:51820 [10.65.2.0/26, 10.65.2.1/32]"], device.Peers.Select(p => $"{p.Endpoint} {p.AllowedIps}").Order(StringComparer.Ordinal));
        Has(host, "address 10.65.0.1/32 dev wireguard.cali", "route 10.65.1.0/26 dev wireguard.cali table 1 proto 80 scope link", "route throw 10.65.0.0/26 table 1 proto 80", "route throw 10.65.3.0/26 table 1 proto 80",
            "rule 99: not from all fwmark 0x200000/0x200000 lookup 1 proto 80");
        Assert.Empty(host.WireGuardWirer.Failures);
        Assert.Equal("", host.WireGuardWirer.PublicKey(IpFamily.V6));
        host.WireGuard.Requests.Clear();
        host.WireGuardWirer.Doubt();
        Assert.Empty(host.RequestsOf(() => host.Apply()));
        Assert.Empty(host.WireGuard.Requests);
        Assert.Equal(1440u, host.Wirer.WorkloadMtu);
    }

    [Fact]
    public void Both_families_have_a_device_and_a_table_of_their_own()
    {
        OverlayHost host = NewHost(parameters: Parameters(p => p with { V6 = p.V6 with { IsEnabled = true, Table = 2 } }));
        Assert.Equal("[2001:db8::2]:51821 [fd00:65::/122]", host.WireGuard.Read("wg-v6.cali").Peers.Select(p => $"{p.Endpoint} {p.AllowedIps}").Single());
        Has(host, "route fd00:65::/122 dev wg-v6.cali table 2 proto 80", "rule 99: not from all fwmark 0x200000/0x200000 lookup 2 proto 80 inet6");
        Assert.Equal((1420u, 1420u), (host.Kernel.FindLink("wg-v6.cali")!.Mtu, host.Wirer.WorkloadMtu));
    }

    [Fact]
    public void A_restart_keeps_the_key_and_asks_for_nothing()
    {
        OverlayHost before = NewHost();
        string key = before.WireGuardWirer.PublicKey(IpFamily.V4);
        before.WireGuard.Requests.Clear();
        WireGuardWirer after = new(before.Kernel, before.WireGuard, before.Network, () => throw new InvalidOperationException("a new key"), TimeProvider.System);
        Assert.Empty(before.RequestsOf(() => after.Apply(before.Parameters)));
        Assert.Empty(before.WireGuard.Requests);
        Assert.Equal(key, after.PublicKey(IpFamily.V4));
    }

    [Fact]
    public void A_change_of_one_host_leaves_the_sessions_of_the_others()
    {
        OverlayHost host = NewHost();
        host.WireGuard.Requests.Clear();
        host.Put(Block("10.65.7.0/26", "h2"));
        WireGuardPeerChange added = Assert.Single(Assert.Single(host.WireGuard.Requests).Peers);
        Assert.Equal(new WireGuardPeerChange(WireGuardKey.Parse(Keys[2])) { AllowedIps = [Cidr.Parse("10.65.7.0/26")] }, added);
        Has(host, "route 10.65.7.0/26 dev wireguard.cali table 1");
        // Given up by one and taken by the other.
        host.Put(Block("10.65.7.0/26", "h3"));
        Assert.Equal(["[10.65.1.0/26, 10.65.1.1/32]", "[10.65.2.0/26, 10.65.2.1/32, 10.65.7.0/26]"], host.WireGuard.Read("wireguard.cali").Peers.Select(p => p.AllowedIps.ToString()).Order(StringComparer.Ordinal));
        // A new key is a new peer.
        host.Put(NodeAt("h2", "192.0.2.2/24").WithWireGuard(Keys[4], "10.65.1.1"));
        Assert.Equal(new[] { Keys[3], Keys[4] }.Order(StringComparer.Ordinal), host.WireGuard.Read("wireguard.cali").Peers.Select(p => p.Key.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_host_that_gives_up_its_key_is_reached_without_encryption()
    {
        OverlayHost host = NewHost();
        host.Put(NodeAt("h2", "192.0.2.2/24"));
        Assert.Equal(Keys[3], Assert.Single(host.WireGuard.Read("wireguard.cali").Peers).Key.ToString());
        Has(host, "route throw 10.65.1.0/26 table 1 proto 80");
    }

    [Fact]
    public void The_address_comes_when_the_Node_tells_it()
    {
        OverlayHost host = NewHost();
        host.Put(NodeAt("h1", "192.0.2.1/24").WithWireGuard("", "10.65.0.2"));
        Has(host, "address 10.65.0.2/32 dev wireguard.cali");
        Assert.DoesNotContain("address 10.65.0.1/32", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Hosts_encrypt_what_they_send_themselves_when_asked()
    {
        OverlayHost host = NewHost(parameters: Parameters(p => p with { EncryptHosts = true, KeepAlive = 25 }));
        Has(host, "route 192.0.2.2/32 dev wireguard.cali table 1");
        Assert.DoesNotContain("192.0.2.4/32", host.Dump, StringComparison.Ordinal);
        Assert.All(host.WireGuard.Read("wireguard.cali").Peers, peer => Assert.Equal(25, peer.KeepAlive));
    }

    [Fact]
    public void What_another_program_takes_away_comes_back()
    {
        OverlayHost host = NewHost();
        string whole = host.Dump, key = host.WireGuardWirer.PublicKey(IpFamily.V4);
        int device = host.Kernel.FindLink("wireguard.cali")!.Index;
        foreach (KernelObject thing in new KernelObject[]
        {
            host.Kernel.Routes(new RouteFilter(Table: 1, Interface: device))[0], host.Kernel.Routes(new RouteFilter(Table: 1, Type: RouteType.Throw))[0],
            host.Kernel.Rules().First(r => r.Priority == 99), host.Kernel.Addresses().First(a => a.Interface == device),
        })
        {
            host.Kernel.Meddle(KernelChange.Delete(thing));
            Assert.NotEqual(whole, host.Dump);
            host.Apply();
            Assert.Equal(whole, host.Dump);
        }
        Assert.Equal(key, host.WireGuardWirer.PublicKey(IpFamily.V4));
        host.Kernel.Meddle(KernelChange.Delete(host.Kernel.FindLink("wireguard.cali")!));
        host.Apply();
        Assert.NotEqual(key, host.WireGuardWirer.PublicKey(IpFamily.V4));
        Assert.Equal(2, host.WireGuard.Read("wireguard.cali").Peers.Count);
        // WireGuard tells nobody when it is changed: the next look finds it.
        host.WireGuard.Change(new WireGuardChange { Interface = host.Kernel.FindLink("wireguard.cali")!.Index, ListenPort = 7, Peers = [new WireGuardPeerChange(WireGuardKey.Parse(Keys[2])) { Remove = true }, new WireGuardPeerChange(WireGuardKey.Parse(Keys[7]))] });
        host.WireGuardWirer.Doubt();
        host.Apply();
        Assert.Equal(((ushort)51820, 2), (host.WireGuard.Read("wireguard.cali").ListenPort, host.WireGuard.Read("wireguard.cali").Peers.Count));
    }

    [Fact]
    public void Switched_off_everything_goes_and_others_things_stay()
    {
        OverlayHost host = new();
        RoutingRule other = new() { Family = IpFamily.V4, Priority = 50, Table = 1, Protocol = RouteProtocol.Static };
        Route othersRoute = new() { Destination = Cidr.Parse("10.9.0.0/16"), Gateway = IpAddress.Parse("192.0.2.9"), Interface = host.Eth0, Table = 1, Protocol = RouteProtocol.Static };
        host.Kernel.Meddle(KernelChange.Add(other));
        host.Kernel.Meddle(KernelChange.Add(othersRoute));
        string before = host.Dump;
        NewHost(host.Kernel);
        OverlayHost off = NewHost(host.Kernel, new FelixParameters());
        Assert.Equal(before, off.Dump);
        Assert.True(off.WireGuardWirer.IsKnown);
        Assert.Equal("", off.WireGuardWirer.PublicKey(IpFamily.V4));
    }

    [Fact]
    public void Other_names_tables_and_priorities_take_the_place_of_the_old_ones()
    {
        OverlayHost host = NewHost();
        host.Parameters = Parameters(p => p with { RulePriority = 77, V4 = p.V4 with { IsEnabled = true, Device = "wg7", Table = 7, Port = 7777, Mtu = 1300 } });
        host.Apply();
        Assert.Null(host.Kernel.FindLink("wireguard.cali"));
        Has(host, "rule 77: not from all fwmark 0x200000/0x200000 lookup 7 proto 80", "route 10.65.1.0/26 dev wg7 table 7", "route throw 10.65.0.0/26 table 7");
        Assert.DoesNotContain("table 1 ", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("rule 99", host.Dump, StringComparison.Ordinal);
        Assert.Equal((1300u, (ushort)7777), (host.Kernel.FindLink("wg7")!.Mtu, host.WireGuard.Read("wg7").ListenPort));
    }

    [Fact]
    public void Without_WireGuard_in_the_kernel_no_key_is_told_and_nothing_leads_there()
    {
        FakeRouteStack kernel = new OverlayHost().Kernel;
        kernel.RefuseNext(Errno.ENOTSUP, change => change is { Verb: ChangeVerb.Add, Subject: Link });
        OverlayHost host = NewHost(kernel);
        Assert.Contains("this kernel has no devices of type wireguard, which the configuration asks for", Assert.Single(host.WireGuardWirer.Failures), StringComparison.Ordinal);
        Assert.Equal((true, ""), (host.WireGuardWirer.IsKnown, host.WireGuardWirer.PublicKey(IpFamily.V4)));
        Assert.DoesNotContain("rule 99", host.Dump, StringComparison.Ordinal);
        Assert.NotNull(host.WireGuardWirer.RetryAt);
    }

    [Fact]
    public void A_refusal_takes_the_rule_away_until_it_works()
    {
        OverlayHost host = NewHost();
        host.WireGuard.RefuseNext(Errno.ENOMEM);
        host.Put(Block("10.65.7.0/26", "h2"));
        Assert.Single(host.WireGuardWirer.Failures);
        Assert.Equal("", host.WireGuardWirer.PublicKey(IpFamily.V4));
        Assert.DoesNotContain("rule 99", host.Dump, StringComparison.Ordinal);
        host.WireGuardWirer.Doubt();
        host.Apply();
        Assert.Empty(host.WireGuardWirer.Failures);
        Has(host, "rule 99", "route 10.65.7.0/26 dev wireguard.cali table 1");
    }

    [Fact]
    public void A_device_that_is_not_WireGuards_is_left_alone()
    {
        OverlayHost host = NewHost(parameters: Parameters(p => p with { V4 = p.V4 with { Device = "eth0" } }));
        Assert.Contains("eth0 is to be WireGuard's device, but is another", Assert.Single(host.WireGuardWirer.Failures), StringComparison.Ordinal);
        Assert.Equal("dummy", host.Kernel.FindLink("eth0")!.Kind);
    }

    [Fact]
    public void A_mask_without_a_bit_left_is_told()
    {
        OverlayHost host = NewHost(parameters: Parameters() with { Marks = new MarkBits(0xf0000) });
        Assert.Contains("nftables_mark_mask has no bit left", Assert.Single(host.WireGuardWirer.Failures), StringComparison.Ordinal);
        Assert.Equal((0x100000u, 0x200000u, 0u), (new MarkBits(0x1f0000).WireGuard, new MarkBits(0xffff0000).WireGuard, new MarkBits(0x70000).WireGuard));
    }
}
