using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>Rules that are longer than a kernel rule can be. The fake refuses what the kernel would.</summary>
public sealed class LimitsTests
{
    private const int NamedPorts = 150;

    private static readonly string Names = string.Join(',', Enumerable.Range(0, NamedPorts).Select(i => $"p{i}"));

    private static readonly WorkloadEndpoint Server =
        Workload("w0", "10.0.0.1,fd00::1", ports: string.Join(',', Enumerable.Range(0, NamedPorts).Select(i => $"p{i}={1000 + i}/tcp")));

    [Fact]
    public void Many_negated_named_ports_become_a_rule_each()
    {
        FakeHost host = Programmed(Allow(to: Entity(notPorts: Names), protocol: "TCP"));
        NftTableChain own = Chain(host, "policy-in/gnp/p/0");
        // One for each port and family, then what else the rule asks for.
        Assert.Equal(2 * NamedPorts + 2, own.Rules.Count);
        Assert.Single(Chain(host, "policy-in/gnp/p").Rules);
        Assert.Contains("accept", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_port_that_is_negated_for_every_protocol_is_looked_up_for_those_with_ports_alone()
    {
        FakeHost host = Programmed(Deny(to: Entity(notPorts: "p0")));
        // Of each family one that returns, then one for the rest of that family.
        Assert.Equal(4, Chain(host, "policy-in/gnp/p/0").Rules.Count);
        Assert.Contains("ip daddr . meta l4proto . th dport @", host.Dump, StringComparison.Ordinal);
        Assert.DoesNotContain("th dport != @", host.Dump, StringComparison.Ordinal);
        Assert.Contains("th dport != @", Programmed(Deny(to: Entity(notPorts: "p0"), protocol: "TCP")).Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Named_ports_of_both_sides_are_a_sum_and_not_a_product()
    {
        FakeHost host = Programmed(Allow(Entity(ports: Names), Entity(ports: Names), "TCP"));
        Assert.Equal(2 * NamedPorts, Chain(host, "policy-in/gnp/p/0").Rules.Count);
        Assert.Equal(2 * NamedPorts, Chain(host, "policy-in/gnp/p/0/to").Rules.Count);
        Assert.Single(Chain(host, "policy-in/gnp/p/0/do").Rules);
    }

    [Fact]
    public void More_ports_than_one_message_holds()
    {
        string ports = string.Join(',', Enumerable.Range(0, 30_000).Select(i => 2 * i + 1)), ranges = string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"{4 * i + 1}:{4 * i + 2}"));
        FakeHost host = Programmed(Allow(to: Entity(ports: ports), protocol: "TCP"), Deny(to: Entity(notPorts: ranges), protocol: "UDP"));
        Assert.Contains("59999", host.Dump, StringComparison.Ordinal);
        Assert.Contains("39997-39998", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_with_the_same_ports_share_a_set_that_goes_with_the_last_of_them()
    {
        FakeHost host = new();
        GlobalNetworkPolicy one = GlobalPolicy("one", "all()", [Allow(to: Entity(ports: "443,80,8000:8001"), protocol: "TCP")]);
        GlobalNetworkPolicy two = GlobalPolicy("two", "all()", [Deny(Entity(notPorts: "80,8000,443,8001"), protocol: "UDP")]);
        host.Put(Server, one, two);
        Assert.Single(host.Kernel.Read(KernelNames.Table)!.Sets.Keys, name => name == "ports/80/443/8000-8001");
        host.Forget(one).Dataplane.Apply();
        Assert.Contains("ports/80/443/8000-8001", host.Dump, StringComparison.Ordinal);
        host.Forget(two).Dataplane.Apply();
        Assert.DoesNotContain("ports/", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_packet_is_logged_once_for_a_rule_that_several_kernel_rules_stand_for()
    {
        FakeHost host = Programmed(Log(Entity(ports: "p0,p1,7"), protocol: "TCP"), Log(protocol: "TCP"));
        Assert.Equal(2, host.Dump.Split("log prefix").Length - 1);
        Assert.Single(Chain(host, "policy-in/gnp/p/0/do").Rules);
        Assert.DoesNotContain("policy-in/gnp/p/1", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void Chains_of_rules_go_with_what_needed_them()
    {
        FakeHost host = Programmed(Allow(Entity(ports: Names), Entity(ports: Names), "TCP"));
        host.Put(GlobalPolicy("p", "all()", [Allow()]));
        Assert.DoesNotContain("policy-in/gnp/p/", host.Dump, StringComparison.Ordinal);
    }

    private static FakeHost Programmed(params Rule[] rules)
    {
        FakeHost host = new();
        Assert.True(host.Put(Server, GlobalPolicy("p", "all()", rules)));
        Assert.Empty(host.Dataplane.Closed);
        Assert.False(host.Dataplane.Apply());
        host.Dataplane.Doubt();
        Assert.False(host.Dataplane.Apply());
        return host;
    }

    private static NftTableChain Chain(FakeHost host, string name) => host.Kernel.Read(KernelNames.Table)!.Chains[name];
}
