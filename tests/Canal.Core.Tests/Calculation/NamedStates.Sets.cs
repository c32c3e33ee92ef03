using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Calculation;

internal static partial class NamedStates
{
    private static GlobalNetworkPolicy FromS => GlobalPolicy("p", ingress: [Allow(Entity("has(s)"))]);

    private static NamedState WithSets(string name, Resource[] sets, string members) =>
        State(name, [W0, FromS, .. sets], W0In("default[p]"), "policy p", $"set has(s): {members}".TrimEnd());

    private static NamedState[] NetworkSets() =>
    [
        WithSets("a network set", [GlobalNetworks("a", "192.0.2.0/24,198.51.100.7", "s")], "198.51.100.7 192.0.2.0/24"),
        WithSets("two network sets that overlap", [GlobalNetworks("a", "192.0.2.0/24,198.51.100.7", "s"), Networks("x", "b", "192.0.2.0/24,198.51.100.7,203.0.113.0/24", "s")],
            "198.51.100.7 192.0.2.0/24 203.0.113.0/24"),
        WithSets("the second alone", [Networks("x", "b", "192.0.2.0/24,198.51.100.7,203.0.113.0/24", "s")], "198.51.100.7 192.0.2.0/24 203.0.113.0/24"),
        WithSets("a network set that names a prefix twice", [GlobalNetworks("a", "192.0.2.0/24,192.0.2.0/24,192.0.2.9,192.0.2.9", "s")], "192.0.2.9 192.0.2.0/24"),
        WithSets("prefixes within prefixes", [GlobalNetworks("a", "192.0.2.0/24,192.0.2.0/25,192.0.2.128/26,192.0.3.0/24", "s")], "192.0.2.0/24 192.0.3.0/24"),
        WithSets("the covering prefix is gone", [GlobalNetworks("a", "192.0.2.0/25,192.0.2.128/26,192.0.3.0/24", "s")], "192.0.2.0/25 192.0.2.128/26 192.0.3.0/24"),
        WithSets("a wider one covers them all", [GlobalNetworks("a", "192.0.2.0/25,192.0.2.128/26,192.0.3.0/24", "s"), GlobalNetworks("b", "192.0.0.0/16", "s")], "192.0.0.0/16"),
        WithSets("everything", [GlobalNetworks("a", "192.0.2.0/25,10.9.9.9", "s"), GlobalNetworks("b", "0.0.0.0/0", "s")], "10.9.9.9 0.0.0.0/0"),
        WithSets("everything of both families", [GlobalNetworks("a", "0.0.0.0/0,::/0,2001:db8::/32", "s")], "0.0.0.0/0 ::/0"),
        WithSets("a prefix and an endpoint within it", [GlobalNetworks("a", "10.0.0.0/8", "s"), Workload("w1", "10.0.0.2", "s", node: "h2")], "10.0.0.2 10.0.0.0/8"),
        WithSets("a network set whose labels do not match", [GlobalNetworks("a", "10.0.0.0/8", "t")], ""),
        WithSets("an empty network set", [GlobalNetworks("a", "", "s")], ""),
        WithSets("a host endpoint's expected addresses", [Host("h", "172.16.0.1,172.16.0.2", "s", node: "h2"), Host("i", "", "s", node: "h2")], "172.16.0.1 172.16.0.2"),
        State("no policy for network sets: an endpoint's labels only",
            [Networks("default", "n", "192.0.2.0/24", "role=b"), FromA]),
    ];

    private static NamedState[] Families() =>
    [
        WithSets("IPv4 only", [Workload("w1", "10.0.0.2", "s", node: "h2")], "10.0.0.2"),
        WithSets("both families", [Workload("w1", "10.0.0.2,fd00::2", "s", node: "h2")], "10.0.0.2 fd00::2"),
        WithSets("IPv6 only", [Workload("w1", "fd00::2", "s", node: "h2")], "fd00::2"),
        WithSets("IPv6 in a prefix only", [GlobalNetworks("a", "2001:db8::/32", "s")], "2001:db8::/32"),
        WithSets("IPv6 on something else", [Workload("w1", "fd00::2", "t", node: "h2"), Workload("w2", "10.0.0.2", "s", node: "h2")], "10.0.0.2"),
        State("IPv6 here", [Workload("w0", "10.0.0.1,fd00::1", "s"), FromS], W0In("default[p]"), "policy p", "set has(s): 10.0.0.1 fd00::1"),
        State("IPv6 gone again", [Workload("w0", "10.0.0.1", "s"), FromS], W0In("default[p]"), "policy p", "set has(s): 10.0.0.1"),
    ];

    private static NamedState WithPorts(string name, Resource[] others, Rule rule, params string[] sets) =>
        State(name, [W0, GlobalPolicy("p", ingress: [rule]), .. others], [W0In("default[p]"), "policy p", .. sets]);

    private static NamedState[] NamedPorts() =>
    [
        WithPorts("a named port", [Workload("w1", "10.0.0.2", ports: "http=80/tcp,dns=53/udp", node: "h2")], Allow(to: Entity(ports: "http"), protocol: "TCP"),
            "set port http/tcp of all(): 10.0.0.2,6:80"),
        WithPorts("a port of that name and another protocol", [Workload("w1", "10.0.0.2", ports: "http=80/udp", node: "h2")], Allow(to: Entity(ports: "http"), protocol: "TCP"),
            "set port http/tcp of all():"),
        WithPorts("without a protocol: all that have ports", [Workload("w1", "10.0.0.2", ports: "p=1/tcp,p=2/udp,p=3/sctp,p=4/udplite,p=5/icmp", node: "h2")], Allow(to: Entity(ports: "p")),
            "set port p/any of all(): 10.0.0.2,6:1 10.0.0.2,17:2 10.0.0.2,132:3"),
        WithPorts("a name that stands for two ports", [Workload("w1", "10.0.0.2", ports: "http=80/tcp,http=81/tcp,http=80/tcp", node: "h2")], Allow(to: Entity(ports: "http"), protocol: "tcp"),
            "set port http/tcp of all(): 10.0.0.2,6:80 10.0.0.2,6:81"),
        WithPorts("a name on several endpoints of several addresses",
            [Workload("w1", "10.0.0.2,fd00::2", ports: "http=80/tcp", node: "h2"), Host("h", "10.0.0.3", ports: "http=8080/tcp", node: "h2"), Workload("w2", "10.0.0.2", ports: "http=80/tcp", node: "h3")],
            Allow(to: Entity(ports: "http"), protocol: "6"),
            "set port http/tcp of all(): 10.0.0.2,6:80 10.0.0.3,6:8080 fd00::2,6:80"),
        WithPorts("two rules, two protocols, one name", [Workload("w1", "10.0.0.2", ports: "p=1/tcp,p=2/udp", node: "h2")], Deny(Entity(ports: "p"), Entity(ports: "p"), "UDP"),
            "set port p/udp of all(): 10.0.0.2,17:2"),
        WithPorts("of a selector's endpoints", [Workload("w1", "10.0.0.2", "s", ports: "http=80/tcp", node: "h2"), Workload("w2", "10.0.0.3", ports: "http=80/tcp", node: "h2")],
            Allow(to: Entity("has(s)", ports: "http"), protocol: "TCP"),
            "set port http/tcp of has(s): 10.0.0.2,6:80"),
        WithPorts("of a selector's endpoints, beside a number", [Workload("w1", "10.0.0.2", "s", ports: "http=80/tcp", node: "h2"), GlobalNetworks("n", "192.0.2.0/24", "s")],
            Allow(to: Entity("has(s)", ports: "http,90"), protocol: "TCP"),
            "set port http/tcp of has(s): 10.0.0.2,6:80", "set has(s): 10.0.0.2 192.0.2.0/24"),
        WithPorts("negated, of a selector's endpoints", [Workload("w1", "10.0.0.2", "s", ports: "http=80/tcp", node: "h2")],
            Allow(to: Entity("has(s)", notPorts: "http,90"), protocol: "TCP"),
            "set port http/tcp of has(s): 10.0.0.2,6:80", "set has(s): 10.0.0.2"),
        WithPorts("negated, of no selector", [Workload("w1", "10.0.0.2", "s", ports: "http=80/tcp", node: "h2")], Allow(to: Entity(notPorts: "http"), protocol: "TCP"),
            "set port http/tcp of all(): 10.0.0.2,6:80"),
        WithPorts("negated selectors do not narrow them", [Workload("w1", "10.0.0.2", "s", ports: "http=80/tcp", node: "h2")], Allow(to: Entity(notSelector: "has(s)", ports: "http"), protocol: "TCP"),
            "set port http/tcp of all(): 10.0.0.2,6:80", "set has(s): 10.0.0.2"),
        WithPorts("of endpoints with an inherited label", [Workload("w1", "10.0.0.2", profiles: "x", ports: "http=80/tcp", node: "h2"), NewProfile("x", labels: "s=")],
            Allow(to: Entity("has(s)", ports: "http"), protocol: "TCP"),
            "set port http/tcp of has(s): 10.0.0.2,6:80"),
        WithPorts("the label is gone", [Workload("w1", "10.0.0.2", profiles: "x", ports: "http=80/tcp", node: "h2"), NewProfile("x", labels: "t=")],
            Allow(to: Entity("has(s)", ports: "http"), protocol: "TCP"),
            "set port http/tcp of has(s):"),
    ];

    private static NamedState WithRule(string name, Rule rule, params string[] sets) =>
        State(name,
            [
                W0, NamespacePolicy("default", "p", ingress: [rule]), Workload("w1", "10.0.0.2", "role=a", node: "h2", ns: "x", profiles: "kns.x"), NamespaceProfile("x", ""),
                Workload("w2", "10.0.0.3", "role=a", node: "h2"), GlobalNetworks("g", "192.0.2.0/24", "role=a"),
            ],
            [W0In("default[default/p]"), "policy default/p", .. sets]);

    private static NamedState[] RuleSelectors() =>
    [
        WithRule("a selector is limited to the namespace", Allow(Entity("role == 'a'")), "set (projectcalico.org/namespace == \"default\" && role == \"a\"): 10.0.0.3"),
        WithRule("a namespace selector leads elsewhere", Allow(Entity("role == 'a'", namespaceSelector: "projectcalico.org/name == 'x'")),
            "set (pcns.projectcalico.org/name == \"x\" && role == \"a\"): 10.0.0.2"),
        WithRule("to all namespaces", Allow(Entity("role == 'a'", namespaceSelector: "all()")), "set (has(projectcalico.org/namespace) && role == \"a\"): 10.0.0.2 10.0.0.3"),
        WithRule("to what has no namespace", Allow(Entity("role == 'a'", namespaceSelector: "global()")), "set (!has(projectcalico.org/namespace) && role == \"a\"): 192.0.2.0/24"),
        WithRule("a negated selector alone means the others of the namespace", Allow(Entity(notSelector: "role == 'a'")),
            "set (projectcalico.org/namespace == \"default\" && !role == \"a\"): 10.0.0.1"),
        WithRule("nets and ports are not limited to the namespace", Allow(Entity(nets: "192.0.2.0/24", ports: "80"), protocol: "TCP")),
        WithRule("both sides of a rule use one set", Allow(Entity("role == 'a'"), Entity("role == 'a'")), "set (projectcalico.org/namespace == \"default\" && role == \"a\"): 10.0.0.3"),
    ];
}
