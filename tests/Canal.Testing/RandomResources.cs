using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Testing;

/// <summary>Random resources over a universe so small that they meet: few names, labels, addresses and ports, in two families and two namespaces.</summary>
/// <param name="random">Where chance comes from; the same seed gives the same resources.</param>
public sealed class RandomResources(Random random)
{
    private static readonly string[] Namespaces = ["default", "x"];
    private static readonly string[] ProfileNames = ["open", "closed", "base", "kns.default", "kns.x", "missing", Profile.DefaultAllowName];
    private static readonly string[] TierNames = ["default", "t1", "t2"];
    private static readonly string[] PortTexts = ["80", "81", "80:90", "443", "http", "dns", "http", "0:65535"];
    private static readonly string[] ProtocolTexts = ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite", "253", "6"];
    private static readonly string[] EndpointPortTexts = ["http=80/tcp", "http=81/tcp", "http=80/udp", "dns=80/udp", "dns=443/sctp", "http=90/udplite"];
    private static readonly string[] Nets =
        ["10.0.0.0/29", "10.0.0.1/32", "10.0.0.2/31", "10.0.0.0/8", "192.0.2.0/25", "192.0.2.0/24", "192.0.2.64/26", "0.0.0.0/0", "fd00::/125", "fd00::1/128", "2001:db8::/32", "2001:db8::/48", "::/0"];

    private static readonly string[] Selectors =
    [
        "role == 'a'", "role == 'b'", "role != 'a'", "has(tier)", "!has(tier)", "role in {'a', 'b'}", "role not in {'b'}", "all()", "tier == 'x' && role == 'a'",
        "role == 'a' || tier == 'y'", "projectcalico.org/namespace == 'x'", "has(none)", "global()", "role contains 'a'",
    ];

    /// <summary>A resource of any kind the calculator knows; the same key comes again and again with another content.</summary>
    public Resource Any() => random.Next(20) switch
    {
        < 7 => AnyWorkload(),
        7 => AnyHost(),
        8 when Maybe(0.5) => AnyHost(),
        8 => Networks(One(Namespaces), $"n{random.Next(2)}", Some(Nets, 3), AnyLabels()),
        9 or 10 => GlobalNetworks($"g{random.Next(3)}", Some(Nets, 4), AnyLabels()),
        11 => NewTier(One(TierNames), Maybe(0.2) ? null : random.Next(3), Maybe(0.3) ? null : Maybe(0.5) ? TierAction.Pass : TierAction.Deny),
        12 or 13 => NewProfile(One(ProfileNames), AnyRules(2), AnyRules(2), Maybe(0.5) ? $"{AnyLabels()},pcns.team={One(["a", "b"])}" : AnyLabels()),
        14 => AnyStaged(),
        15 when Maybe(0.3) => AnyNode(),
        15 => AnyPeering(),
        _ => AnyPolicy(),
    };

    /// <summary>A workload endpoint, of the local node three times in four.</summary>
    public WorkloadEndpoint AnyWorkload()
    {
        string name = $"w{random.Next(6)}";
        return Workload(
            name, Some([AnyAddress(), AnyAddress(), AnyAddress()], 3, 1), AnyLabels(), Some(ProfileNames, 3), Some(EndpointPortTexts, 3), Maybe(0.75) ? ThisNode : "h2", One(Namespaces),
            interfaceName: Maybe(0.2) ? "cali-shared" : null, endpoint: Maybe(0.9) ? "eth0" : "eth1", serviceAccount: Maybe(0.2) ? "sa" : "");
    }

    /// <summary>A policy of either kind.</summary>
    public Resource AnyPolicy()
    {
        PolicySpec spec = new()
        {
            Tier = One(TierNames),
            Order = Maybe(0.3) ? null : random.Next(3),
            Selector = Maybe(0.03) ? "role ==" : Maybe(0.3) ? "" : One(Selectors),
            ServiceAccountSelector = Maybe(0.05) ? "all()" : "",
            Types = (PolicyTypes)random.Next(1, 4),
            Ingress = AnyRules(3).ToEquatableArray(),
            Egress = AnyRules(3).ToEquatableArray(),
            PerformanceHints = Maybe(0.1) ? ["AssumeNeededOnEveryNode"] : default,
        };
        spec = Maybe(0.3) ? AnyHostSpec(spec) : spec;
        return Maybe(0.5)
            ? NamespacePolicy(One(Namespaces), $"p{random.Next(3)}").But(_ => spec)
            : GlobalPolicy(One(["p0", "p1", "p1-x", "p2"])).But(_ => spec with { NamespaceSelector = Maybe(0.1) ? One(["all()", "team == 'a'", "global()"]) : "" });
    }

    /// <summary>A policy of either kind that is only tried.</summary>
    public Resource AnyStaged()
    {
        StagedAction action = Maybe(0.8) ? StagedAction.Set : One([StagedAction.Learn, StagedAction.Ignore, StagedAction.Delete]);
        return AnyPolicy() is GlobalNetworkPolicy policy
            ? Staged(policy.But(s => s with { StagedAction = action }))
            : Staged(NamespacePolicy(One(Namespaces), $"p{random.Next(3)}", One(Selectors), AnyRules(3), AnyRules(3)).But(s => s with { StagedAction = action, Tier = One(TierNames) }));
    }

    /// <summary>A peering with local workloads, of the local node two times in three.</summary>
    public BgpPeer AnyPeering() => WorkloadPeering(
        $"peer{random.Next(3)}", Maybe(0.1) ? One(["", "role =="]) : One(Selectors), Maybe(0.3) ? One([ThisNode, "h2"]) : "", Maybe(0.3) ? One(["has(rack)", "rack == 'a'", "rack =="]) : "");

    /// <summary>The local node or another, with labels.</summary>
    public Node AnyNode()
    {
        Node node = NodeAt(Maybe(0.7) ? ThisNode : "h2", "192.0.2.1/24");
        return node with { Metadata = node.Metadata with { Labels = Labels(One(["rack=a", "rack=b", ""])) } };
    }

    /// <summary>The spec of another stage, nearly always one that can stand.</summary>
    public PolicySpec AnyHostSpec(PolicySpec spec) => random.Next(4) switch
    {
        0 => spec with { ApplyOnForward = true },
        1 => spec with { DoNotTrack = true, ApplyOnForward = !Maybe(0.1) },
        2 => spec with { PreDnat = true, ApplyOnForward = !Maybe(0.1), Types = Maybe(0.9) ? PolicyTypes.Ingress : spec.Types, Egress = Maybe(0.9) ? default : spec.Egress },
        _ => spec with { PreDnat = true, DoNotTrack = Maybe(0.3), ApplyOnForward = true, Egress = default },
    };

    /// <summary>At most so many rules, of a kind that a packet of <see cref="AnyPacket"/> has a fair chance to match.</summary>
    public Rule[] AnyRules(int most) => [.. Enumerable.Range(0, random.Next(most + 1)).Select(_ => AnyRule())];

    /// <summary>A packet between addresses that resources have, or nearly.</summary>
    public Packet AnyPacket()
    {
        string source = AnyAddress(), destination = AnyAddress();
        while (source.Contains(':') != destination.Contains(':')) destination = AnyAddress();
        byte icmp = source.Contains(':') ? IpProtocol.IcmpV6 : IpProtocol.Icmp;
        byte protocol = One([IpProtocol.Tcp, IpProtocol.Tcp, IpProtocol.Udp, icmp, icmp, IpProtocol.Sctp, IpProtocol.UdpLite, (byte)253]);
        return OfProtocol(protocol, source, destination) with
        {
            SourcePort = One<ushort>([80, 81, 90, 443, 40000, 0]),
            DestinationPort = One<ushort>([80, 81, 90, 443, 40000, 0]),
            IcmpType = One<byte>([0, 8, 128]),
            IcmpCode = (byte)random.Next(2),
        };
    }

    private Rule AnyRule()
    {
        bool icmp = Maybe(0.15);
        return new Rule
        {
            Action = One([RuleAction.Allow, RuleAction.Allow, RuleAction.Deny, RuleAction.Pass, RuleAction.Log]),
            IpVersion = Maybe(0.1) ? One([IpFamily.V4, IpFamily.V6]) : null,
            Protocol = Maybe(0.4) ? Protocol.FromText(One(ProtocolTexts)) : null,
            NotProtocol = Maybe(0.1) ? Protocol.FromText(One(ProtocolTexts)) : null,
            Icmp = icmp && Maybe(0.6) ? AnyIcmp() : null,
            NotIcmp = icmp && Maybe(0.5) ? AnyIcmp() : null,
            Source = AnyEntity(),
            Destination = AnyEntity(),
            Annotations = Maybe(0.1) ? Labels("note=x") : default,
        };
    }

    private IcmpMatch AnyIcmp() => new(Maybe(0.9) ? One<byte>([0, 8, 128]) : null, Maybe(0.3) ? (byte)random.Next(2) : null);

    private EntityRule AnyEntity() => Maybe(0.4) ? EntityRule.Empty : Entity(
        selector: Maybe(0.4) ? Maybe(0.02) ? "bad(" : One(Selectors) : "",
        notSelector: Maybe(0.15) ? One(Selectors) : "",
        namespaceSelector: Maybe(0.1) ? One(["all()", "global()", "team == 'a'", "projectcalico.org/name == 'x'"]) : "",
        nets: Maybe(0.2) ? Some(Nets, 3, 1) : "",
        notNets: Maybe(0.15) ? Some(Nets, 2, 1) : "",
        ports: Maybe(0.3) ? Some(PortTexts, 3, 1) : "",
        notPorts: Maybe(0.15) ? Some(PortTexts, 2, 1) : "",
        serviceAccounts: Maybe(0.05) ? "sa" : "") with
    {
        Services = Maybe(0.03) ? new ServiceMatch("s", "default") : null,
    };

    /// <summary>A host endpoint, of the local node three times in four.</summary>
    public HostEndpoint AnyHost() => Host($"h{random.Next(3)}", Some([AnyAddress(), AnyAddress()], 2), AnyLabels(), Some(ProfileNames, 2), Some(EndpointPortTexts, 2),
        Maybe(0.75) ? ThisNode : "h2", One(["eth0", "eth1", "", HostEndpoint.AllInterfaces]));

    private string AnyAddress() => One([$"10.0.0.{random.Next(1, 9)}", $"10.0.0.{random.Next(1, 9)}", $"192.0.2.{random.Next(3) * 60}", $"fd00::{random.Next(1, 9)}", "2001:db8::1"]);

    private string AnyLabels() => Some(["role=a", "role=b", "role=ab", "tier=x", "tier=y", "pcns.team=a"], 3);

    private string Some(string[] choices, int most, int least = 0) =>
        string.Join(',', Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => One(choices)));

    private T One<T>(T[] choices) => choices[random.Next(choices.Length)];

    private bool Maybe(double probability) => random.NextDouble() < probability;
}
