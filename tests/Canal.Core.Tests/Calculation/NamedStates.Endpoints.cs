using Canal.Core.Addressing;
using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Calculation;

internal static partial class NamedStates
{
    private const string OneAlone = "caliw0 is h1-cni-w0-eth0: in -, out -, profiles -";

    private static GlobalNetworkPolicy FromA => GlobalPolicy("p", "role == 'b'", ingress: [Allow(Entity("role == 'a'"))]);

    private static NamedState[] Endpoints() =>
    [
        Empty,
        State("an endpoint alone", [Workload("w0", "10.0.0.1", "role=a")], OneAlone),
        State("an endpoint of another node", [Workload("w0", "10.0.0.1", "role=a", node: "h2")]),
        State("an endpoint of a node whose name begins like ours", [Workload("w0", "10.0.0.1", node: "h1-1"), Workload("w1", "10.0.0.2", node: "h")]),
        State("an endpoint whose node is another than its name says",
            [Workload("w0", "10.0.0.1").But(s => s with { Node = "h2" })], OneAlone),
        State("an endpoint without addresses", [Workload("w0", "", "role=a"), FromA, Workload("w1", "10.0.0.2", "role=b")],
            "caliw1 is h1-cni-w1-eth0: in default[p], out -, profiles -", "policy p", "set role == \"a\":"),
        State("an endpoint whose name has not four parts",
            [Workload("w0", "10.0.0.1") with { Key = new(ResourceKind.WorkloadEndpoint, "default", "h1-cni-w0") }]),
        State("an endpoint that claims a prefix is its first address",
            [Workload("w0", "10.0.7.0/24", "role=a"), Workload("w1", "10.0.0.2", "role=b"), FromA],
            OneAlone, "caliw1 is h1-cni-w1-eth0: in default[p], out -, profiles -", "policy p", "set role == \"a\": 10.0.7.0"),
        State("two endpoints and a policy", [Workload("w0", "10.0.0.1", "role=a"), Workload("w1", "10.0.0.2", "role=b"), FromA],
            OneAlone, "caliw1 is h1-cni-w1-eth0: in default[p], out -, profiles -", "policy p", "set role == \"a\": 10.0.0.1"),
        State("two endpoints of one address", [Workload("w0", "10.0.0.1", "role=a"), Workload("w1", "10.0.0.1", "role=a"), Workload("w2", "10.0.0.2", "role=b"), FromA],
            OneAlone, "caliw1 is h1-cni-w1-eth0: in -, out -, profiles -", "caliw2 is h1-cni-w2-eth0: in default[p], out -, profiles -",
            "policy p", "set role == \"a\": 10.0.0.1"),
        State("the second of them alone", [Workload("w1", "10.0.0.1", "role=a"), Workload("w2", "10.0.0.2", "role=b"), FromA],
            "caliw1 is h1-cni-w1-eth0: in -, out -, profiles -", "caliw2 is h1-cni-w2-eth0: in default[p], out -, profiles -", "policy p", "set role == \"a\": 10.0.0.1"),
        State("it has another address", [Workload("w1", "10.0.0.9", "role=a"), Workload("w2", "10.0.0.2", "role=b"), FromA],
            "caliw1 is h1-cni-w1-eth0: in -, out -, profiles -", "caliw2 is h1-cni-w2-eth0: in default[p], out -, profiles -", "policy p", "set role == \"a\": 10.0.0.9"),
        State("it moved to another node", [Workload("w1", "10.0.0.9", "role=a", node: "h2"), Workload("w2", "10.0.0.2", "role=b"), FromA],
            "caliw2 is h1-cni-w2-eth0: in default[p], out -, profiles -", "policy p", "set role == \"a\": 10.0.0.9"),
        State("three endpoints of one interface: orchestrator, workload, endpoint decide",
            [
                Workload("w2", "10.0.0.1", interfaceName: "cali0", orchestrator: "k8s"), Workload("w1", "10.0.0.2", interfaceName: "cali0", endpoint: "eth1"),
                Workload("w1", "10.0.0.3", interfaceName: "cali0"), Workload("w0", "10.0.0.4", interfaceName: "cali0", ns: "other"),
            ],
            "cali0 is h1-cni-w1-eth0: in -, out -, profiles -"),
        State("the lowest of them is gone",
            [
                Workload("w2", "10.0.0.1", interfaceName: "cali0", orchestrator: "k8s"), Workload("w1", "10.0.0.2", interfaceName: "cali0", endpoint: "eth1"),
                Workload("w0", "10.0.0.4", interfaceName: "cali0", ns: "other"),
            ],
            "cali0 is h1-cni-w1-eth1: in -, out -, profiles -"),
        State("a policy for the one that waits is active and governs nothing",
            [
                Workload("w0", "10.0.0.1", "role=a", interfaceName: "cali0"), Workload("w1", "10.0.0.2", "role=b", profiles: "open", interfaceName: "cali0"),
                FromA, Open(),
            ],
            "cali0 is h1-cni-w0-eth0: in -, out -, profiles -", "policy p", "profile open", "set role == \"a\": 10.0.0.1"),
        State("its interface is its own now",
            [Workload("w0", "10.0.0.1", "role=a", interfaceName: "cali0"), Workload("w1", "10.0.0.2", "role=b", profiles: "open"), FromA, Open()],
            "cali0 is h1-cni-w0-eth0: in -, out -, profiles -", "caliw1 is h1-cni-w1-eth0: in default[p], out -, profiles open",
            "policy p", "profile open", "set role == \"a\": 10.0.0.1"),
        State("spoofed prefixes and a hardware address are told",
            [Workload("w0", "10.0.0.1").But(s => s with { Mac = new MacAddress(0xeeeeeeeeeeee), AllowSpoofedSourcePrefixes = [Cidr.Parse("192.0.2.0/24")] })],
            OneAlone),
    ];
}
