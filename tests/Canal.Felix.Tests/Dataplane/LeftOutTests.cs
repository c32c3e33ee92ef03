using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>A kernel that lacks a limit, a mark or translation keeps nothing else from being programmed.</summary>
public sealed class LeftOutTests
{
    private static readonly FelixParameters Floating = new() { Network = new NetworkParameters { FloatingIps = true } };

    private static readonly QosControls AllLimits = new() { IngressPacketRate = 100, EgressPacketRate = 200, IngressMaxConnections = 2, EgressMaxConnections = 3, Dscp = 1 };

    private static Resource[] Cluster =>
    [
        Open(), Limited("w0", "10.0.0.1", AllLimits), Limited("w1", "10.0.0.2", AllLimits), Pool("10.0.0.0/16", nat: true, name: "p0"),
        GlobalPolicy("plain", "all()", [Allow()], [Allow()]),
    ];

    internal static WorkloadEndpoint Limited(string name, string address, QosControls? qos)
    {
        WorkloadEndpoint endpoint = Workload(name, address, profiles: "open");
        return endpoint with { Spec = endpoint.Spec with { QosControls = qos, IpNats = [new IpNat(IpAddress.Parse(address), IpAddress.Parse("192.0.2" + address[address.LastIndexOf('.')..]))] } };
    }

    [Theory]
    [InlineData("ingressPacketRate of ", 2)]
    [InlineData("egressPacketRate of ", 2)]
    [InlineData("ingressMaxConnections of ", 2)]
    [InlineData("dscp of ", 2)]
    [InlineData("ipNATs of ", 4)]
    [InlineData("natOutgoing", 1)]
    [InlineData("too many connections: reset", 1)]
    public void What_the_kernel_lacks_is_left_out_and_all_else_is_programmed(string refused, int left)
    {
        FakeHost host = new(Floating);
        host.Kernel.RefusesRule = comment => comment.StartsWith(refused, StringComparison.Ordinal);
        Assert.True(host.Put(Cluster));
        Assert.Empty(host.Dataplane.Closed);
        Assert.Equal(left, host.Dataplane.LeftOut.Count);
        Assert.All(host.Dataplane.LeftOut.Keys, what => Assert.StartsWith(refused, what, StringComparison.Ordinal));
        Assert.DoesNotContain($"comment \"{refused}", host.Dump, StringComparison.Ordinal);
        Assert.Contains("comment \"gnp/plain ingress 0 allow\"", host.Dump, StringComparison.Ordinal);
        Assert.Equal(Rest(refused), Lines(host.Dump));
        Assert.False(host.Dataplane.Apply());
        Assert.True(host.Put(GlobalPolicy("later", "all()", [Deny(protocol: "TCP")])));
    }

    [Fact]
    public void What_one_endpoint_asks_for_and_is_refused_is_left_out_alone()
    {
        FakeHost host = new(Floating);
        host.Kernel.RefusesRule = comment => comment.EndsWith("w0-eth0", StringComparison.Ordinal) && comment.Contains("PacketRate", StringComparison.Ordinal);
        Assert.True(host.Put(Cluster));
        Assert.Equal(2, host.Dataplane.LeftOut.Count);
        Assert.All(host.Dataplane.LeftOut.Keys, what => Assert.EndsWith("w0-eth0", what, StringComparison.Ordinal));
        Assert.Contains("oifname \"caliw1\" limit rate over 100/second", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_tried_again_when_its_endpoint_changes_and_not_before()
    {
        FakeHost host = new(Floating);
        host.Kernel.RefusesRule = comment => comment.StartsWith("ingressPacketRate of ", StringComparison.Ordinal);
        host.Put(Cluster);
        int commits = host.Kernel.Commits;
        Assert.True(host.Put(GlobalPolicy("later", "all()", [Deny(protocol: "TCP")])));
        Assert.Equal(commits + 1, host.Kernel.Commits);
        Assert.Equal(2, host.Dataplane.LeftOut.Count);
        host.Kernel.RefusesRule = null;
        Assert.True(host.Put(Limited("w0", "10.0.0.1", AllLimits with { IngressPacketRate = 99 })));
        Assert.Single(host.Dataplane.LeftOut);
        Assert.Contains("oifname \"caliw0\" limit rate over 99/second", host.Dump, StringComparison.Ordinal);
        Assert.True(host.Put(Limited("w1", "10.0.0.2", null)));
        Assert.Empty(host.Dataplane.LeftOut);
    }

    [Fact]
    public void Translation_for_pools_is_tried_again_when_they_change()
    {
        FakeHost host = new(Floating);
        host.Kernel.RefusesRule = comment => comment.StartsWith("natOutgoing", StringComparison.Ordinal);
        host.Put(Cluster);
        host.Kernel.RefusesRule = null;
        Assert.True(host.Put(Pool("10.1.0.0/16", nat: true, name: "p1")));
        Assert.Empty(host.Dataplane.LeftOut);
        Assert.Contains("comment \"natOutgoing\"", host.Dump, StringComparison.Ordinal);
    }

    /// <summary>No nft_chain_nat.</summary>
    [Fact]
    public void Chains_of_a_kernel_without_translation_are_left_out()
    {
        FakeHost host = new(Floating);
        host.Kernel.RefusesChain = name => name.StartsWith("nat-", StringComparison.Ordinal);
        Assert.True(host.Put(Cluster));
        Assert.Equal(["chain nat-output", "chain nat-postrouting", "chain nat-prerouting"], host.Dataplane.LeftOut.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("comment \"gnp/plain ingress 0 allow\"", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void What_drops_connections_beyond_a_limit_is_not_left_out()
    {
        FakeHost host = new(Floating);
        host.Kernel.RefusesRule = comment => comment == "too many connections";
        Assert.Throws<NftException>(() => host.Put(Cluster));
        Assert.Empty(host.Dataplane.LeftOut);
    }

    /// <summary>What there is without the refused rules and chains of which nothing is left, from a kernel that takes all.</summary>
    private static string[] Rest(string refused)
    {
        string[] whole = Lines(FakeHost.DumpOf(Cluster, Floating));
        return refused.StartsWith("ipNATs", StringComparison.Ordinal) ? [.. whole.Where(l => !l.Contains("comment \"ipNATs", StringComparison.Ordinal) && !l.Contains("jump floating-to", StringComparison.Ordinal))]
            : [.. whole.Where(l => !l.Contains($"comment \"{refused}", StringComparison.Ordinal))];
    }

    /// <summary>The rules.</summary>
    private static string[] Lines(string dump) => [.. dump.Split('\n').Where(l => l.StartsWith("\t\t", StringComparison.Ordinal) && !l.Contains(" hook ", StringComparison.Ordinal) && !l.Contains("comment \"floating", StringComparison.Ordinal))];
}
