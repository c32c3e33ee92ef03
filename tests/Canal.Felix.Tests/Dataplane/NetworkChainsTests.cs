using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

public sealed class NetworkChainsTests
{
    private static FelixParameters With(NetworkParameters network) => new() { Network = network };

    [Fact]
    public void Without_need_no_connection_pays_for_translation()
    {
        FakeHost host = new();
        host.Put(Pool("10.65.0.0/16"), NodeAt("h1", "192.0.2.1/24"));
        Assert.DoesNotContain("nat-", host.Dump, StringComparison.Ordinal);
        host.Put(Pool("10.65.0.0/16", nat: true));
        Assert.Contains("ip saddr @masquerade4 ip daddr != @pools4 counter", host.Dump, StringComparison.Ordinal);
        Assert.Contains("masquerade fully-random", host.Dump, StringComparison.Ordinal);
        host.Put(Pool("10.65.0.0/16"));
        Assert.Equal(FakeHost.DumpOf([Pool("10.65.0.0/16")]), host.Dump);
    }

    [Fact]
    public void Pools_and_nodes_that_come_and_go_are_members_of_sets()
    {
        FakeHost host = new(With(new NetworkParameters { NatSparesHosts = true }));
        host.Put(Pool("10.65.0.0/16", nat: true), Pool("fd00::/48", nat: true), NodeAt("h1", "192.0.2.1/24"), NodeAt("h2", "192.0.2.2/24"));
        Dictionary<string, string> handles = Handles(host);
        Assert.Contains("ip daddr != @hosts4", host.Dump, StringComparison.Ordinal);
        Assert.True(host.Put(Pool("10.66.0.0/16", nat: true), Pool("10.67.0.0/16"), NodeAt("h3", "192.0.2.3/24"), NodeAt("h2", "192.0.2.22/24")));
        Assert.Equal(handles, Handles(host));
        Assert.Contains("10.66.0.0/16", host.Dump, StringComparison.Ordinal);
        Assert.Contains("192.0.2.22", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.2,", host.Dump, StringComparison.Ordinal);
        Assert.False(host.Put(NodeAt("h3", "192.0.2.3/24")));
    }

    [Theory]
    [InlineData(EncapsulationMode.Never)]
    [InlineData(EncapsulationMode.Always)]
    public void External_nodes_are_hosts_that_translation_spares(EncapsulationMode ipip)
    {
        FakeHost host = new(With(new NetworkParameters { NatSparesHosts = true, ExternalNodes = [Cidr.Parse("198.51.100.0/24")] }));
        host.Put(Pool("10.65.0.0/16", ipip: ipip, nat: true), NodeAt("h1", "192.0.2.1/24"));
        Assert.Contains("ip daddr != @hosts4", host.Dump, StringComparison.Ordinal);
        Assert.Contains("198.51.100.0/24", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Port_range_address_and_interface_are_parameters()
    {
        FakeHost host = new(With(new NetworkParameters { NatPorts = new PortRange(10000, 20000), NatAddress = IpAddress.Parse("192.0.2.99"), NatInterface = "eth*" }));
        host.Put(Pool("10.65.0.0/16", nat: true), Pool("fd00::/48", nat: true));
        Assert.Contains("snat ip to 192.0.2.99:10000-20000", host.Dump, StringComparison.Ordinal);
        Assert.Contains("snat ip to 192.0.2.99 fully-random", host.Dump, StringComparison.Ordinal);
        Assert.Contains("masquerade to :10000-20000", host.Dump, StringComparison.Ordinal);
        Assert.Contains("oifname \"eth*\"", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Floating_addresses_lead_to_their_workload_and_back()
    {
        WorkloadEndpoint floating = Workload("w0", "10.65.0.10");
        floating = floating with { Spec = floating.Spec with { IpNats = new[] { new IpNat(IpAddress.Parse("10.65.0.10"), IpAddress.Parse("203.0.113.7")) }.ToEquatableArray() } };
        FakeHost off = new(), on = new(With(new NetworkParameters { FloatingIps = true }));
        off.Put(floating);
        Assert.DoesNotContain("203.0.113.7", off.Dump, StringComparison.Ordinal);
        on.Put(floating);
        Assert.Contains("ip daddr 203.0.113.7 counter packets 0 bytes 0 dnat ip to 10.65.0.10", on.Dump, StringComparison.Ordinal);
        Assert.Contains("ip saddr 10.65.0.10 ip daddr 10.65.0.10 counter packets 0 bytes 0 snat ip to 203.0.113.7", on.Dump, StringComparison.Ordinal);
        on.Put(Workload("w0", "10.65.0.10"));
        Assert.DoesNotContain("floating-to", on.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void WireGuards_packets_pass_host_endpoints_and_what_comes_in_without_is_marked()
    {
        static NetworkParameters On(bool hosts) => new() { WireGuard = new WireGuardParameters() is var p ? p with { V4 = p.V4 with { IsEnabled = true }, EncryptHosts = hosts } : p };
        FakeHost host = new(With(On(hosts: false))), all = new(With(On(hosts: true)));
        foreach (FakeHost one in (FakeHost[])[host, all]) one.Put(NodeAt("h1", "192.0.2.1/24"), Host("eth0"));
        Assert.Contains("udp dport 51820 fib daddr type local counter packets 0 bytes 0 accept", Text(host), StringComparison.Ordinal);
        Assert.Contains("udp dport 51820 fib saddr type local counter packets 0 bytes 0 accept", Text(host), StringComparison.Ordinal);
        Assert.Contains("oifname \"wireguard.cali\"", Text(host), StringComparison.Ordinal);
        Assert.DoesNotContain("wireguard-incoming-mark", Text(host), StringComparison.Ordinal);
        Assert.DoesNotContain("51821", Text(all), StringComparison.Ordinal);
        string rules = string.Join('\n', "iifname \"lo\" accept", "iifname \"wireguard.cali\" accept", "iifname \"cali*\" accept", "meta mark set meta mark | 0x00200000");
        Assert.Contains(rules, Text(all)[Text(all).IndexOf("chain wireguard-incoming-mark", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    /// <summary>Without what indents it.</summary>
    private static string Text(FakeHost host) => string.Join('\n', host.Dump.Split('\n').Select(line => line.Trim()));

    [Fact]
    public void Tunnels_are_for_peers_and_external_nodes()
    {
        FakeHost host = new(With(new NetworkParameters { ExternalNodes = [Cidr.Parse("198.51.100.0/24")] }));
        host.Put(Pool("10.65.0.0/16", vxlan: EncapsulationMode.Always), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0"));
        Assert.Contains("udp dport 4789 ip saddr != @vxlan-peers4 fib daddr type local", host.Dump, StringComparison.Ordinal);
        Assert.Contains("198.51.100.0/24", host.Dump, StringComparison.Ordinal);
        Assert.Contains("notrack", host.Dump, StringComparison.Ordinal);
        Assert.Contains("fib saddr . oif type != local fib saddr type local", host.Dump, StringComparison.Ordinal);
        host.Put(Pool("10.65.0.0/16", ipip: EncapsulationMode.Always));
        Assert.DoesNotContain("4789 ip saddr", host.Dump, StringComparison.Ordinal);
        Assert.Contains("ip saddr != @hosts4 fib daddr type local", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Tunnels_pass_host_endpoints_whatever_their_policy()
    {
        FakeHost host = new();
        host.Put(Host("he"), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0"));
        Assert.Contains("input-host", host.Dump, StringComparison.Ordinal);
        host.Put(Pool("10.65.0.0/16", vxlan: EncapsulationMode.Always));
        Assert.Contains("udp dport 4789 ip saddr @vxlan-peers4 fib daddr type local counter packets 0 bytes 0 accept", host.Dump, StringComparison.Ordinal);
        Assert.Contains("udp dport 4789 ip daddr @vxlan-peers4 fib saddr type local counter packets 0 bytes 0 accept", host.Dump, StringComparison.Ordinal);
        host.Put(Pool("10.65.0.0/16"));
        Assert.DoesNotContain("4789 ip", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restart_writes_nothing()
    {
        Resource[] cluster = [Pool("10.65.0.0/16", EncapsulationMode.Always, nat: true), NodeAt("h1", "192.0.2.1/24", "10.65.0.0"), NodeAt("h2", "192.0.2.2/24", "10.65.1.0")];
        FakeHost before = new();
        before.Put(cluster);
        FakeHost after = new(kernel: before.Kernel);
        Assert.False(after.Put(cluster));
    }

    private static Dictionary<string, string> Handles(FakeHost host) =>
        host.Kernel.Read(KernelNames.Table)!.Chains.ToDictionary(c => c.Key, c => string.Join(' ', c.Value.Rules.Select(r => r.Handle)));
}
