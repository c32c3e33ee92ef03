using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Policy;

/// <summary>Acceptance scenarios of matching: which packets a rule means.</summary>
public sealed class MatchingScenarioTests
{
    private const string X = Cluster.Outside;
    private const string W0 = "10.65.0.10", W1 = "10.65.0.11", W2 = "10.65.0.12", Six0 = "fd00::10", Six1 = "fd00::11";

    private static readonly Resource[] Base =
    [
        Open(), NewTier("default", 1000000), NamespaceProfile("blue", ""),
        Workload("w0", $"{W0},{Six0}", "role=a,name=w0", "open", "http=8055/tcp"),
        Workload("w1", $"{W1},{Six1}", "role=a,name=w1", "open", "http=8055/tcp,alt=9000/tcp"),
        Workload("w2", W2, "role=a,name=w2", "open,kns.blue", "http=8055/tcp,http=8055/udp", ns: "blue"),
        GlobalNetworks("outside", X, "role=a"),
    ];

    /// <summary>The rule is the only one of w0's ingress; a packet passes when the rule means it.</summary>
    private static bool Means(Rule rule, Packet packet) =>
        new Cluster([.. Base, NamespacePolicy("default", "p", "name == 'w0'", ingress: [rule])]).Passes(packet);

    private static bool MeansGlobally(Rule rule, Packet packet) =>
        new Cluster([.. Base, GlobalPolicy("p", "has(role)", ingress: [rule])]).Passes(packet);

    [Fact]
    public void Scenario_13_selectors_are_limited_to_the_policys_namespace()
    {
        Check(Allow(Entity("role == 'a'")), w1: true, w2: false, x: false);
        Check(Allow(Entity("role == 'a'", namespaceSelector: "projectcalico.org/name == 'blue'")), w1: false, w2: true, x: false);
        Check(Allow(Entity("role == 'a'", namespaceSelector: "all()")), w1: true, w2: true, x: false);
        Check(Allow(Entity("role == 'a'", namespaceSelector: "global()")), w1: false, w2: false, x: true);
        Check(Allow(Entity(namespaceSelector: "projectcalico.org/name == 'blue'")), w1: false, w2: true, x: false);
        Check(Allow(Entity(nets: $"{W2}/32")), w1: false, w2: true, x: false);
        Check(Allow(Entity(notSelector: "name == 'w2'")), w1: true, w2: false, x: false);
        Check(Allow(), w1: true, w2: true, x: true);
    }

    [Fact]
    public void Scenario_13_selectors_of_a_global_policy_are_not_limited()
    {
        foreach (string from in (string[])[W1, W2, X]) Assert.True(MeansGlobally(Allow(Entity("role == 'a'")), Tcp(from, W0, 1)));
        Assert.False(MeansGlobally(Allow(Entity("role == 'a'")), Tcp("192.0.2.1", W0, 1)));
        // A negated selector alone is met by addresses that nobody knows.
        Assert.True(MeansGlobally(Allow(Entity(notSelector: "name == 'w1'")), Tcp("192.0.2.1", W0, 1)));
        Assert.False(MeansGlobally(Allow(Entity(notSelector: "name == 'w1'")), Tcp(W1, W0, 1)));
        Assert.False(MeansGlobally(Allow(Entity("!has(name)")), Tcp("192.0.2.1", W0, 1)));
    }

    [Theory]
    [InlineData("http", "TCP", W0, 8055, true)]
    [InlineData("http", "TCP", W1, 8055, true)]
    [InlineData("http", "TCP", W1, 9000, false)]
    [InlineData("alt", "TCP", W1, 9000, true)]
    [InlineData("alt", "TCP", W0, 9000, false)]
    [InlineData("http", "TCP", Six1, 8055, true)]
    [InlineData("http,9000,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "TCP", W0, 9000, true)]
    [InlineData("http,9000,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "TCP", W0, 8055, true)]
    [InlineData("http,9000,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "TCP", W0, 17, false)]
    [InlineData("http", null, W2, 8055, true)]
    [InlineData("http", "UDP", W2, 8055, false)]
    public void Scenario_15_named_ports(string ports, string? protocol, string to, int port, bool means) =>
        Assert.Equal(means, MeansGlobally(Allow(to: Entity(ports: ports), protocol: protocol), Tcp(to.Contains(':') ? Six0 : X, to, port)));

    [Fact]
    public void Scenario_15_named_ports_by_protocol_selector_and_negation()
    {
        Assert.True(MeansGlobally(Allow(to: Entity(ports: "http"), protocol: "UDP"), Udp(X, W2, 8055)));
        Assert.False(MeansGlobally(Allow(to: Entity(ports: "http"), protocol: "UDP"), Udp(X, W1, 8055)));
        Assert.True(MeansGlobally(Allow(to: Entity(ports: "http")), Udp(X, W2, 8055)));
        Assert.False(MeansGlobally(Allow(to: Entity(notPorts: "http"), protocol: "TCP"), Tcp(X, W0, 8055)));
        Assert.True(MeansGlobally(Allow(to: Entity(notPorts: "http"), protocol: "TCP"), Tcp(X, W1, 9000)));
        Rule onlyW1 = Allow(to: Entity("name == 'w1'", ports: "http"), protocol: "TCP");
        Assert.True(MeansGlobally(onlyW1, Tcp(X, W1, 8055)));
        Assert.False(MeansGlobally(onlyW1, Tcp(X, W0, 8055)));
        // As a source port it is the source's name that counts.
        Assert.True(MeansGlobally(Allow(Entity(ports: "alt"), protocol: "TCP"), Tcp(W1, W0, 1, sourcePort: 9000)));
        Assert.False(MeansGlobally(Allow(Entity(ports: "alt"), protocol: "TCP"), Tcp(W2, W0, 1, sourcePort: 9000)));
        // A policy's namespace does not limit named ports that no selector limits.
        Assert.True(Means(Allow(Entity(ports: "http"), protocol: "TCP"), Tcp(W2, W0, 1, sourcePort: 8055)));
    }

    [Fact]
    public void Scenario_15_a_port_that_an_endpoint_no_longer_has_is_not_meant()
    {
        Cluster cluster = new([.. Base, GlobalPolicy("p", ingress: [Allow(to: Entity(ports: "http"), protocol: "TCP")])]);
        Assert.True(cluster.Connects(X, "w1"));
        Assert.False(cluster.With(Workload("w1", W1, profiles: "open")).Connects(X, "w1"));
    }

    [Fact]
    public void Scenario_16_numeric_ports()
    {
        Rule rule = Allow(to: Entity(ports: string.Join(',', Enumerable.Range(0, 30).Select(i => 100 + 2 * i)) + ",2000:2010,65535"), protocol: "TCP");
        foreach (int port in (int[])[100, 158, 2000, 2005, 2010, 65535]) Assert.True(Means(rule, Tcp(X, W0, port)), $"{port}");
        foreach (int port in (int[])[99, 101, 160, 1999, 2011, 65534, 0]) Assert.False(Means(rule, Tcp(X, W0, port)), $"{port}");
        Assert.True(Means(Allow(to: Entity(ports: "2000:2010", notPorts: "2005"), protocol: "TCP"), Tcp(X, W0, 2004)));
        Assert.False(Means(Allow(to: Entity(ports: "2000:2010", notPorts: "2005"), protocol: "TCP"), Tcp(X, W0, 2005)));
        Assert.False(Means(Allow(to: Entity(ports: "80", notPorts: "80"), protocol: "TCP"), Tcp(X, W0, 80)));
        Assert.True(Means(Allow(Entity(ports: "40000:40010"), protocol: "TCP"), Tcp(X, W0, 1, sourcePort: 40010)));
        Assert.False(Means(Allow(Entity(ports: "40000:40010"), protocol: "TCP"), Tcp(X, W0, 40000, sourcePort: 1)));
        Assert.False(Means(Allow(to: Entity(ports: "80"), protocol: "TCP"), Udp(X, W0, 80)));
        Assert.False(Means(Allow(to: Entity(notPorts: "80")), Icmp(X, W0, 8)));
    }

    [Fact]
    public void Scenario_17_networks()
    {
        string twenty = string.Join(',', Enumerable.Range(0, 20).Select(i => $"192.0.{i}.0/24"));
        Assert.True(Means(Allow(Entity(nets: $"{W1}/32,{twenty}")), Tcp(W1, W0, 1)));
        Assert.False(Means(Allow(Entity(nets: $"{W1}/32,{twenty}", notNets: $"{W1}/32")), Tcp(W1, W0, 1)));
        Assert.True(Means(Allow(Entity(nets: "0.0.0.0/0")), Tcp(X, W0, 1)));
        Assert.False(Means(Allow(Entity(nets: "0.0.0.0/0")), Tcp(Six1, Six0, 1)));
        Assert.False(Means(Allow(Entity(notNets: "0.0.0.0/0")), Tcp(X, W0, 1)));
        Assert.False(Means(Allow(Entity(notNets: "0.0.0.0/0")), Tcp(Six1, Six0, 1)));
        Assert.False(Means(Allow(Entity(nets: "fd00::/64")), Tcp(W1, W0, 1)));
        Assert.True(Means(Allow(Entity(nets: "fd00::/64")), Tcp(Six1, Six0, 1)));
        Assert.True(Means(Allow(Entity(nets: "10.0.0.0/8,fd00::/64")), Tcp(Six1, Six0, 1)));
        // A negated list of the other family takes the rule out; it does not turn into "anything".
        Assert.False(Means(Allow(Entity(notNets: "fd00::/64")), Tcp(W1, W0, 1)));
        Assert.True(Means(Allow(Entity(notNets: "fd01::/64,192.0.2.0/24")), Tcp(W1, W0, 1)));
        Rule all = Allow(Entity("name == 'w1'", nets: "10.65.0.0/24,10.66.0.0/24,10.67.0.0/24"), Entity(nets: "10.65.0.8/29,10.1.0.0/16,10.2.0.0/16", ports: "80"), "TCP");
        Assert.True(Means(all, Tcp(W1, W0, 80)));
        Assert.False(Means(all, Tcp(W1, W0, 81)));
        Assert.False(Means(all, Tcp(X, W0, 80)));
    }

    [Fact]
    public void Networks_that_could_not_be_read_never_turn_into_any()
    {
        Assert.False(Means(Allow(new EntityRule { HasNets = true }), Tcp(X, W0, 1)));
        Assert.False(Means(Allow(new EntityRule { HasNotNets = true }), Tcp(X, W0, 1)));
        Assert.False(Means(Allow(new EntityRule { HasNotNets = true, Nets = [Cidr.Parse("0.0.0.0/0")], HasNets = true }), Tcp(X, W0, 1)));
    }

    [Fact]
    public void Scenario_19_ICMP()
    {
        Rule echo = Allow(protocol: "ICMP") with { Icmp = new IcmpMatch(8, null) };
        Assert.True(Means(echo, Icmp(W1, W0, 8)));
        Assert.False(Means(echo, Icmp(W1, W0, 0)));
        Assert.False(Means(echo, Tcp(W1, W0, 8)));
        Assert.True(Means(echo with { Icmp = new IcmpMatch(8, 0) }, Icmp(W1, W0, 8)));
        Assert.False(Means(echo with { Icmp = new IcmpMatch(8, 1) }, Icmp(W1, W0, 8)));
        Rule others = Allow(protocol: "ICMP") with { NotIcmp = new IcmpMatch(8, null) };
        Assert.False(Means(others, Icmp(W1, W0, 8)));
        Assert.True(Means(others, Icmp(W1, W0, 0)));
        Assert.True(Means(Allow(protocol: "ICMP") with { NotIcmp = new IcmpMatch(8, 1) }, Icmp(W1, W0, 8)));
        Assert.True(Means(Allow(protocol: "ICMPv6") with { Icmp = new IcmpMatch(128, null) }, Icmp(Six1, Six0, 128)));
        Assert.False(Means(Allow(protocol: "ICMPv6") with { Icmp = new IcmpMatch(8, null) }, Icmp(W1, W0, 8)));
    }

    [Fact]
    public void An_ICMP_match_without_type_and_code_asks_for_nothing()
    {
        Assert.True(Means(Allow(protocol: "ICMP") with { Icmp = new IcmpMatch(null, null) }, Icmp(W1, W0, 3)));
        Assert.True(Means(Allow(protocol: "ICMP") with { NotIcmp = new IcmpMatch(null, null) }, Icmp(W1, W0, 3)));
    }

    [Fact]
    public void Scenario_19_protocols()
    {
        Assert.True(Means(Allow(protocol: "253"), OfProtocol(253, W1, W0)));
        Assert.False(Means(Allow(protocol: "253"), OfProtocol(254, W1, W0)));
        foreach (string tcp in (string[])["TCP", "tcp", "6"]) Assert.True(Means(Allow(protocol: tcp), Tcp(W1, W0, 1)));
        Rule notUdp = Allow() with { NotProtocol = Protocol.Udp };
        Assert.True(Means(notUdp, Tcp(W1, W0, 1)));
        Assert.True(Means(notUdp, OfProtocol(253, W1, W0)));
        Assert.False(Means(notUdp, Udp(W1, W0, 1)));
        Assert.True(Means(Allow(to: Entity(ports: "80"), protocol: "SCTP"), WithPorts(IpProtocol.Sctp, W1, W0, 80)));
        Assert.False(Means(Allow(protocol: "UDP") with { NotProtocol = Protocol.Udp }, Udp(W1, W0, 1)));
    }

    [Fact]
    public void Negated_names_of_ports_alone_mean_every_protocol_and_negated_numbers_those_with_ports()
    {
        Packet[] without = [Icmp(W1, W0, 8), Icmp(Six1, Six0, 128), OfProtocol(47, W1, W0), OfProtocol(50, Six1, Six0), OfProtocol(253, W1, W0)];
        foreach (Rule rule in (Rule[])[Allow(to: Entity(notPorts: "http")), Allow(Entity(notPorts: "http"), Entity(notPorts: "http,alt"))])
        {
            Assert.All(without, packet => Assert.True(Means(rule, packet)));
            Assert.False(Means(rule, Tcp(W1, W0, 8055)));
            Assert.True(Means(rule, Tcp(W1, W0, 8056)));
            Assert.True(Means(rule, Udp(W1, W0, 8055)));
        }
        foreach (EntityRule to in (EntityRule[])[Entity(notPorts: "http,80"), Entity(ports: "alt", notPorts: "http"), Entity(notPorts: "80")])
            Assert.All(without, packet => Assert.False(Means(Allow(to: to), packet)));
        Assert.True(Means(Allow(to: Entity(notPorts: "http"), protocol: "253"), OfProtocol(253, W1, W0)));
        Assert.False(Means(Allow(to: Entity(notPorts: "http")) with { NotProtocol = Protocol.Icmp }, Icmp(W1, W0, 8)));
    }

    [Fact]
    public void A_rule_of_one_IP_version_means_no_packet_of_the_other()
    {
        Assert.True(Means(Allow() with { IpVersion = IpFamily.V4 }, Tcp(W1, W0, 1)));
        Assert.False(Means(Allow() with { IpVersion = IpFamily.V4 }, Tcp(Six1, Six0, 1)));
        Assert.True(Means(Allow() with { IpVersion = IpFamily.V6 }, Tcp(Six1, Six0, 1)));
        Assert.False(Means(Allow(Entity(nets: "10.0.0.0/8")) with { IpVersion = IpFamily.V6 }, Tcp(W1, W0, 1)));
    }

    [Fact]
    public void A_rule_for_a_service_means_nothing() =>
        Assert.False(Means(Allow(to: new EntityRule { Services = new ServiceMatch("s", "default") }), Tcp(W1, W0, 1)));

    [Fact]
    public void The_rest_of_a_rule_with_an_HTTP_match_counts()
    {
        Rule rule = Allow(Entity("name == 'w1'"), protocol: "TCP") with { Http = new HttpMatch { Methods = ["GET"] } };
        Assert.True(Means(rule, Tcp(W1, W0, 1)));
        Assert.False(Means(rule, Tcp(X, W0, 1)));
    }

    private static void Check(Rule rule, bool w1, bool w2, bool x)
    {
        Assert.Equal(w1, Means(rule, Tcp(W1, W0, 1)));
        Assert.Equal(w2, Means(rule, Tcp(W2, W0, 1)));
        Assert.Equal(x, Means(rule, Tcp(X, W0, 1)));
    }
}
