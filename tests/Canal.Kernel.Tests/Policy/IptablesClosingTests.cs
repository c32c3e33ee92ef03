using System.Text.RegularExpressions;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>What the kernel refuses of iptables' rules or of sets is denied, alone, whichever way the host's programs have to say so.</summary>
public sealed class IptablesClosingTests
{
    private static readonly FelixParameters OneADay = new() { LogLimit = new RateLimit(1, 86_400, 5) };

    private static readonly Resource[] Cluster =
    [
        Workload("w0", "10.0.0.1"), Workload("w1", "10.0.0.2"),
        GlobalPolicy("first", "all()", [Allow(protocol: "UDP")], order: 1), GlobalPolicy("logging", "all()", [Log(), Allow(protocol: "TCP")], order: 2), GlobalPolicy("plain", "all()", [Allow()], order: 3),
    ];

    public static TheoryData<PacketFilter> Flavours => [PacketFilter.IptablesLegacy, PacketFilter.IptablesNft];

    /// <summary>More credits than xt_limit has room for; a target that is not for this table.</summary>
    [Theory]
    [InlineData(PacketFilter.IptablesLegacy, "--limit-burst 1 ", "--limit-burst 5 ")]
    [InlineData(PacketFilter.IptablesLegacy, "-j LOG --log-prefix \"calico-packet: \" --log-level 5", "-j DSCP --set-dscp 0x05")]
    [InlineData(PacketFilter.IptablesNft, "-j LOG --log-prefix \"calico-packet: \" --log-level 5", "-j DSCP --set-dscp 0x05")]
    public void A_policy_that_the_kernel_refuses_denies_and_the_others_are_in_force(PacketFilter filter, string taken, string refused) => Run(filter, host =>
    {
        host.Rewrites = script => script.Replace(taken, refused, StringComparison.Ordinal);
        host.Apply(Cluster.Select(r => (r.Key, (Resource?)r)), OneADay);
        Assert.Equal(["gnp/logging"], host.Dataplane.Closed.Keys);
        string rules = host.Programs.Save(IpFamily.V4);
        Assert.Matches("-A canal-policy-in/gnp/logging -m comment --comment \"canal:[^\"]{12} gnp/logging ingress: cannot be programmed, everything is denied\" -j DROP\n", rules);
        Assert.Contains("-A canal-policy-in/gnp/first -p udp", rules, StringComparison.Ordinal);
        Assert.Contains("-A canal-policy-in/gnp/plain -m comment", rules, StringComparison.Ordinal);
        Assert.DoesNotContain("canal-trial", rules, StringComparison.Ordinal);

        Resource later = GlobalPolicy("later", "all()", [Allow(protocol: "SCTP")], order: 4);
        host.Apply([(later.Key, later)], OneADay);
        Assert.Contains("-A canal-policy-in/gnp/later -p sctp", host.Programs.Save(IpFamily.V4), StringComparison.Ordinal);
        Assert.Equal(["gnp/logging"], host.Dataplane.Closed.Keys);
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_log_line_a_day_is_taken(PacketFilter filter) => Run(filter, host =>
    {
        host.Apply(Cluster.Select(r => (r.Key, (Resource?)r)), OneADay);
        Assert.Empty(host.Dataplane.Closed);
        Assert.Contains("--limit 1/day --limit-burst 1 ", host.Programs.Save(IpFamily.V4), StringComparison.Ordinal);
    });

    /// <summary>All that may be asked for; each was tried.</summary>
    [Theory]
    [MemberData(nameof(Flavours))]
    public void Every_limit_of_log_lines_is_taken(PacketFilter filter) => Run(filter, host =>
    {
        foreach (ulong seconds in (ulong[])[1, 60, 3600, 86_400])
            foreach (ulong count in (ulong[])[1, 2, 5, 1439, 9999])
                foreach (uint burst in (uint[])[0, 1, 5, 9, 9999])
                {
                    host.Apply(Cluster.Select(r => (r.Key, (Resource?)r)), new FelixParameters { LogLimit = new RateLimit(count, seconds, burst) });
                    Assert.Empty(host.Dataplane.Closed);
                }
    });

    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_set_above_max_ipset_size_denies_its_policy_alone_and_heals(PacketFilter filter) => Run(filter, host =>
    {
        Resource[] cluster = [Workload("w0", "10.0.0.1"), Clients(8), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))])];
        host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), Sized(8));
        Assert.Empty(host.Dataplane.Closed);
        Assert.Equal(8, Members(host));
        Resource[] more = [Clients(9), GlobalPolicy("later", "all()", [Allow(protocol: "TCP")])];
        host.Apply(more.Select(r => (r.Key, (Resource?)r)), Sized(8));
        Assert.Equal(["gnp/many"], host.Dataplane.Closed.Keys);
        Assert.Contains("-A canal-policy-in/gnp/later -p tcp", host.Programs.Save(IpFamily.V4), StringComparison.Ordinal);
        host.Apply([(Clients(8).Key, Clients(8, from: 4))], Sized(8));
        Assert.Empty(host.Dataplane.Closed);
        Assert.Equal(8, Members(host));
    });

    /// <summary>A set keeps for its life what it was made for.</summary>
    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_set_grows_when_max_ipset_size_does(PacketFilter filter) => Run(filter, host =>
    {
        Resource[] cluster = [Workload("w0", "10.0.0.1"), Clients(8), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))])];
        host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), Sized(8));
        host.Apply([(Clients(8).Key, Clients(8, from: 6))], Sized(8));
        Assert.Equal(8, Members(host));
        host.Apply([], Sized(1000));
        host.Apply([(Clients(8).Key, Clients(40))], Sized(1000));
        Assert.Empty(host.Dataplane.Closed);
        Assert.Equal(40, Members(host));
        Assert.DoesNotContain("/new", host.Programs.SaveSets(), StringComparison.Ordinal);
        Assert.False(host.Restart(filter, Sized(1000)));
    });

    /// <summary>Such a kernel takes other sets.</summary>
    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_set_that_ipset_refuses_denies_its_policy_alone(PacketFilter filter) => Run(filter, host =>
    {
        host.Rewrites = script => script.Replace("hash:net family inet ", "hash:none-such family inet ", StringComparison.Ordinal);
        Resource[] cluster = [Workload("w0", "10.0.0.1"), Clients(8), GlobalPolicy("many", "all()", [Allow(Entity(selector: "clients == 'yes'"))]), GlobalPolicy("plain", "all()", [Allow()])];
        host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), Sized(1000));
        Assert.Equal(["gnp/many"], host.Dataplane.Closed.Keys);
        Assert.Contains("-A canal-policy-in/gnp/plain -m comment", host.Programs.Save(IpFamily.V4), StringComparison.Ordinal);
    });

    /// <summary>Targets and matches that are not for these chains' tables, or that no kernel has, and a table that is not there.</summary>
    [Theory]
    [InlineData(PacketFilter.IptablesLegacy, "-j DSCP --set-dscp 0x01", "-j TPROXY --on-port 1", "dscp of default/h1-cni-w0-eth0, IPv4")]
    [InlineData(PacketFilter.IptablesNft, "-j DSCP --set-dscp 0x01", "-j TPROXY --on-port 1", "dscp of default/h1-cni-w0-eth0, IPv4")]
    [InlineData(PacketFilter.IptablesLegacy, "-m hashlimit --hashlimit-above 100/sec --hashlimit-burst 5", "-m limit --limit 1/day --limit-burst 5 -m hashlimit --hashlimit-above 100/sec --hashlimit-burst 5", "ingressPacketRate of default/h1-cni-w0-eth0, IPv4")]
    [InlineData(PacketFilter.IptablesLegacy, "*nat", "*none", "chain nat-postrouting, IPv4")]
    [InlineData(PacketFilter.IptablesNft, "-j MASQUERADE --random-fully", "-j DSCP --set-dscp 0x01", "natOutgoing, IPv4")]
    [InlineData(PacketFilter.IptablesLegacy, "-j MASQUERADE --random-fully", "-j DSCP --set-dscp 0x01", "natOutgoing, IPv4")]
    public void What_the_kernel_lacks_beside_policy_is_left_out_and_policy_is_in_force(PacketFilter filter, string taken, string refused, string left) => Run(filter, host =>
    {
        host.Rewrites = script => script.Replace(taken, refused, StringComparison.Ordinal);
        WorkloadEndpoint limited = Workload("w0", "10.0.0.1");
        limited = limited with { Spec = limited.Spec with { QosControls = new QosControls { IngressPacketRate = 100, Dscp = 1 } } };
        ClusterNetwork network = new(ThisNode);
        IpPool pool = Pool("10.0.0.0/16", nat: true, name: "p0");
        network.Apply(pool.Key, pool);
        Resource[] cluster = [.. Cluster, limited];
        host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), new FelixParameters(), network.TakeChanges().Sets);
        Assert.Contains(left, host.Dataplane.LeftOut.Keys);
        Assert.Empty(host.Dataplane.Closed);
        Assert.Contains("-A canal-policy-in/gnp/first -p udp", host.Programs.Save(IpFamily.V4), StringComparison.Ordinal);
        Resource later = GlobalPolicy("later", "all()", [Allow(protocol: "SCTP")], order: 4);
        host.Apply([(later.Key, later)], new FelixParameters());
        Assert.Contains("-A canal-policy-in/gnp/later -p sctp", host.Programs.Save(IpFamily.V4), StringComparison.Ordinal);
    });

    /// <summary>As one without xt_NFLOG.</summary>
    [Theory]
    [MemberData(nameof(Flavours))]
    public void A_kernel_without_a_log_of_groups_gets_all_of_policy_without_it(PacketFilter filter) => Run(filter, host =>
    {
        host.Rewrites = script => Regex.Replace(script, "-j NFLOG .*", "-j DSCP --set-dscp 0x01");
        host.Apply(Cluster.Select(r => (r.Key, (Resource?)r)), new FelixParameters { DropGroup = 170 });
        Assert.Empty(host.Dataplane.Closed);
        Assert.Contains("-A canal-policy-in/gnp/first -p udp", host.Programs.Save(IpFamily.V4), StringComparison.Ordinal);
    });

    private static void Run(PacketFilter filter, Action<PolicyHost> test) => PolicyHost.Run(["caliw0", "caliw1"], test, filter);

    private static FelixParameters Sized(long most) => new() { Iptables = new IptablesParameters { MaxSetSize = most } };

    private static Resource Clients(int count, int from = 0) => GlobalNetworks("clients", string.Join(',', Enumerable.Range(from, count).Select(i => $"10.1.{i}.0/24")), "clients=yes");

    private static int Members(PolicyHost host) => host.Programs.SaveSets().Split('\n').Count(l => l.StartsWith("add canal-p4-", StringComparison.Ordinal));
}
