using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>What host endpoints become in the table, over the fake kernel, which checks what the real one does.</summary>
public sealed class HostEndpointTests
{
    private static readonly GlobalNetworkPolicy Plain = GlobalPolicy("plain", ingress: [Allow(protocol: "TCP"), Pass()], egress: [Deny(protocol: "UDP")]);
    private static readonly GlobalNetworkPolicy Forward = GlobalPolicy("forward", ingress: [Allow()], egress: [Deny()]).But(s => s with { ApplyOnForward = true });
    private static readonly GlobalNetworkPolicy Raw = GlobalPolicy("raw", ingress: [Allow(protocol: "UDP")], egress: [Allow(), Deny()]).But(s => s with { ApplyOnForward = true, DoNotTrack = true });
    private static readonly GlobalNetworkPolicy PreDnat = GlobalPolicy("dnat", ingress: [Allow(protocol: "TCP"), Deny()]).But(s => s with { ApplyOnForward = true, PreDnat = true });

    public static TheoryData<DenyAction, string> Variants => new() { { DenyAction.Drop, "eth0" }, { DenyAction.Reject, "eth0" }, { DenyAction.Drop, "*" }, { DenyAction.Reject, "*" } };

    [Fact]
    public void A_host_without_any_has_no_chain_of_theirs()
    {
        FakeHost host = new();
        host.Put(Workload("w0", "10.0.0.1/32"), Open(), Plain, Forward, Raw, PreDnat);
        Assert.DoesNotContain("host-", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("failsafe", host.Dump, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_state_reached_by_steps_is_the_state_of_a_fresh_start(DenyAction deny, string interfaceName)
    {
        FelixParameters parameters = new() { Deny = deny };
        FakeHost host = new(parameters);
        Dictionary<ResourceKey, Resource> cluster = [];
        foreach (Resource next in (Resource[])[Workload("w0", "10.0.0.1/32"), Open(), Host("hep", interfaceName: interfaceName, profiles: "open"), Plain, Forward, Raw, PreDnat, Host("a-later", interfaceName: "eth1")])
        {
            cluster[next.Key] = next;
            host.Put(next);
            Assert.False(host.Dataplane.Apply(), $"a second apply after {next.Key} wrote something");
            Assert.Equal(FakeHost.DumpOf(cluster.Values, parameters), host.Dump);
        }
        foreach (ResourceKey key in cluster.Keys.ToArray())
        {
            Resource gone = cluster[key];
            cluster.Remove(key);
            host.Forget(gone).Dataplane.Apply();
            if (cluster.Count > 0) Assert.Equal(FakeHost.DumpOf(cluster.Values, parameters), host.Dump);
        }
        Assert.DoesNotContain("host-", host.Dump, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_restart_with_unchanged_state_writes_nothing(DenyAction deny, string interfaceName)
    {
        Resource[] cluster = [Workload("w0", "10.0.0.1/32"), Open(), Host("hep", interfaceName: interfaceName, profiles: "open"), Plain, Forward, Raw, PreDnat];
        FakeHost first = new(new FelixParameters { Deny = deny });
        first.Put(cluster);
        FakeHost second = new(new FelixParameters { Deny = deny }, first.Kernel);
        Assert.False(second.Put(cluster));
    }

    [Fact]
    public void A_host_endpoint_that_vanished_while_the_agent_was_down_leaves_nothing()
    {
        Resource[] rest = [Workload("w0", "10.0.0.1/32"), Open(), Plain, Forward, Raw, PreDnat];
        FakeHost first = new();
        first.Put([.. rest, Host("hep")]);
        FakeHost second = new(kernel: first.Kernel);
        Assert.True(second.Put(rest));
        Assert.Equal(FakeHost.DumpOf(rest), second.Dump);
    }

    /// <summary>No packet of it goes before its policy, however late the agent hears of it.</summary>
    [Fact]
    public void An_interface_is_governed_by_name_before_it_appears()
    {
        FakeHost host = new();
        host.Put(Host("hep", interfaceName: "eth7"), Host("rival", interfaceName: "eth7"), Host("workloads", interfaceName: "cali7"), Host("odd", interfaceName: "a/b"), Host("long", interfaceName: "sixteenletters00"), Plain);
        Assert.Contains("\"eth7\" : goto host-in/hep", host.Dump, StringComparison.Ordinal);
        Assert.Contains("\"eth7\" : goto host-out/hep", host.Dump, StringComparison.Ordinal);
        foreach (string never in (string[])["\"cali7\"", "\"a/b\"", "sixteenletters00"]) Assert.DoesNotContain(never, host.Dump, StringComparison.Ordinal);
        string before = host.Dump;
        host.Interfaces.SetLink(7, new Link { Index = 7, Name = "eth7", Flags = LinkFlags.Up });
        Assert.False(host.Plan().Dataplane.Apply());
        host.Interfaces.SetLink(7, null);
        Assert.False(host.Plan().Dataplane.Apply());
        Assert.Equal(before, host.Dump);
        host.Forget(Host("hep")).Dataplane.Apply();
        Assert.Contains("\"eth7\" : goto host-in/rival", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interface_that_gets_an_expected_address_is_one_element_in_each_map()
    {
        FakeHost host = new();
        host.Put(Host("hep", expectedIps: "192.0.2.7", interfaceName: ""), Plain);
        host.Interfaces.SetLink(7, new Link { Index = 7, Name = "eth7", Flags = LinkFlags.Up });
        host.Plan().Dataplane.Apply();
        Assert.DoesNotContain("\"eth7\"", host.Dump, StringComparison.Ordinal);
        host.Interfaces.SetAddress(new Linux.Routing.InterfaceAddress { Interface = 7, Address = Core.Addressing.IpAddress.Parse("192.0.2.7"), PrefixLength = 24 }, removed: false);
        host.Plan().Dataplane.Apply();
        Assert.Contains("\"eth7\" : goto host-in/hep", host.Dump, StringComparison.Ordinal);
        Assert.Contains("\"eth7\" : goto host-out/hep", host.Dump, StringComparison.Ordinal);
        host.Interfaces.SetLink(7, null);
        host.Plan().Dataplane.Apply();
        Assert.DoesNotContain("\"eth7\"", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_is_there_only_while_a_policy_asks_for_it()
    {
        FakeHost host = new();
        host.Put(Host("hep"), Plain);
        foreach (string name in (string[])["host-forward-in", "host-untracked-in", "host-pre-dnat"]) Assert.DoesNotContain(name, host.Dump, StringComparison.Ordinal);
        host.Put(Forward, Raw, PreDnat);
        foreach (string name in (string[])["goto host-forward-in/hep", "goto host-untracked-in/hep", "goto host-pre-dnat/hep"]) Assert.Contains(name, host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_DNAT_the_endpoint_of_all_interfaces_is_asked_where_a_named_one_has_no_policy()
    {
        FakeHost host = new();
        HostEndpoint named = Host("hep", interfaceName: "eth0"), all = Host("all", labels: "all=yes", interfaceName: "*");
        host.Put(named, all, PreDnat.But(s => s with { Selector = "has(all)" }), Forward.But(s => s with { Selector = "has(all)" }), Raw.But(s => s with { Selector = "!has(all)" }));
        Assert.Contains("\"eth0\" : goto host-in/hep", host.Dump, StringComparison.Ordinal);
        Assert.Contains("\"eth0\" : goto host-forward-in/hep", host.Dump, StringComparison.Ordinal);
        Assert.Contains("\"eth0\" : goto host-untracked-in/hep", host.Dump, StringComparison.Ordinal);
        Assert.Contains("goto host-pre-dnat/all", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("host-pre-dnat/hep", host.Dump, StringComparison.Ordinal);
        host.Put(PreDnat);
        Assert.Contains("\"eth0\" : goto host-pre-dnat/hep", host.Dump, StringComparison.Ordinal);
        host.Put(PreDnat.But(s => s with { Selector = "!has(all)" }));
        Assert.Contains("\"eth0\" : goto host-pre-dnat/hep", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("goto host-pre-dnat/all", host.Dump, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp:22", "6", "", 22)]
    [InlineData("22", "6", "", 22)]
    [InlineData("UDP:10.0.0.0/8:68", "17", "10.0.0.0/8", 68)]
    [InlineData("udp:[fd00::/8]:53", "17", "fd00::/8", 53)]
    [InlineData("udp:fd00::/8:53", "17", "fd00::/8", 53)]
    public void Failsafe_ports_are_read(string text, string protocol, string net, int port)
    {
        Assert.True(FailsafePort.TryParse(text, out FailsafePort? read));
        Assert.Equal((protocol, net, port), (read.Protocol.ToString(System.Globalization.CultureInfo.InvariantCulture), read.Net?.ToString() ?? "", read.Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tcp")]
    [InlineData("tcp:")]
    [InlineData("tcp:0")]
    [InlineData("tcp:65536")]
    [InlineData("icmp:1")]
    [InlineData("tcp:10.0.0.0/33:22")]
    [InlineData("tcp::22")]
    [InlineData("none")]
    public void What_is_no_failsafe_port_is_not(string text) => Assert.False(FailsafePort.TryParse(text, out _));

    [Theory]
    [InlineData(0xffff0000, 0x10000, 0x20000, 0x40000)]
    [InlineData(0x00000f00, 0x100, 0x200, 0x400)]
    [InlineData(0x80000011, 0x1, 0x10, 0x80000000)]
    public void The_mark_bits_are_the_lowest_of_the_mask(uint mask, uint accept, uint pass, uint late)
    {
        MarkBits bits = new(mask);
        Assert.Equal((accept, pass, late), (bits.Accept, bits.Pass, bits.Late));
    }

    [Fact]
    public void An_empty_list_of_failsafe_ports_leaves_what_a_host_cannot_do_without()
    {
        FakeHost host = new(new FelixParameters { FailsafeIn = default, FailsafeOut = default });
        host.Put(Host("hep"));
        Assert.DoesNotContain("failsafe_inbound", host.Dump, StringComparison.Ordinal);
        Assert.Contains("neighbour solicitation", host.Dump, StringComparison.Ordinal);
        Assert.Contains("DHCP client", host.Dump, StringComparison.Ordinal);
    }
}
