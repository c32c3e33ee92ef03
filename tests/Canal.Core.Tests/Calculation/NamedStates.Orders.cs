using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Calculation;

internal static partial class NamedStates
{
    private static WorkloadEndpoint W0 => Workload("w0", "10.0.0.1");

    private static string W0In(string tiers) => $"caliw0 is h1-cni-w0-eth0: in {tiers}, out -, profiles -";

    private static GlobalNetworkPolicy In(string name, double? order = null, string tier = "default") => GlobalPolicy(name, ingress: [Allow()], order: order, tier: tier);

    private static NamedState[] PolicyOrders() =>
    [
        State("policies in the order of their names", [W0, In("a", 1), In("b", 2), In("c", 3)], W0In("default[a b c]"), "policy a", "policy b", "policy c"),
        State("policies against the order of their names", [W0, In("a", 3), In("b", 2), In("c", 1)], W0In("default[c b a]"), "policy a", "policy b", "policy c"),
        State("policies of one order", [W0, In("a", 2), In("b", 2), In("c", 2)], W0In("default[a b c]"), "policy a", "policy b", "policy c"),
        State("no order comes last", [W0, In("a"), In("b", 1e300), In("c", -1)], W0In("default[c b a]"), "policy a", "policy b", "policy c"),
        State("fractions of orders", [W0, In("a", 10.5), In("b", 10.25), In("c", 10)], W0In("default[c b a]"), "policy a", "policy b", "policy c"),
        State("among equals a dash and a dot come before the end of a name", [W0, In("a"), In("a-b"), In("a.b"), In("ab")],
            W0In("default[a-b a.b a ab]"), "policy a", "policy a-b", "policy a.b", "policy ab"),
        State("among equals of one name the namespace decides",
            [W0, In("a"), NamespacePolicy("default", "a", ingress: [Allow()]), Workload("w1", "10.0.0.2", ns: "x"), NamespacePolicy("x", "a", ingress: [Allow()])],
            W0In("default[a default/a]"), "caliw1 is h1-cni-w1-eth0: in default[a x/a], out -, profiles -", "policy a", "policy default/a", "policy x/a"),
        State("order beats namespace", [W0, In("a", 2), NamespacePolicy("default", "a", ingress: [Allow()], order: 1)], W0In("default[default/a a]"), "policy a", "policy default/a"),
        State("names beyond ASCII go by their bytes", [W0, In("\uFFEE"), In("\U0001F600")], W0In("default[\uFFEE \U0001F600]"), "policy \uFFEE", "policy \U0001F600"),
    ];

    private static NamedState[] TierOrders() =>
    [
        State("tiers in the order of their names", [W0, NewTier("t1", 1), NewTier("t2", 2), NewTier("t3", 3), In("a", tier: "t1"), In("b", tier: "t2"), In("c", tier: "t3")],
            W0In("t1[a] t2[b] t3[c]"), "policy a", "policy b", "policy c"),
        State("tiers against the order of their names", [W0, NewTier("t1", 3), NewTier("t2", 2), NewTier("t3", 1), In("a", tier: "t1"), In("b", tier: "t2"), In("c", tier: "t3")],
            W0In("t3[c] t2[b] t1[a]"), "policy a", "policy b", "policy c"),
        State("tiers of one order", [W0, NewTier("t1", 2), NewTier("t2", 2), NewTier("t3", 2), In("a", tier: "t1"), In("b", tier: "t2"), In("c", tier: "t3")],
            W0In("t1[a] t2[b] t3[c]"), "policy a", "policy b", "policy c"),
        State("tiers some of which have one order", [W0, NewTier("t1", 3), NewTier("t2", 2), NewTier("t3", 2), In("a", tier: "t1"), In("b", tier: "t2"), In("c", tier: "t3")],
            W0In("t2[b] t3[c] t1[a]"), "policy a", "policy b", "policy c"),
        State("a tier without order comes last", [W0, NewTier("t1"), NewTier("t2", 1e12), In("a", tier: "t1"), In("b", tier: "t2")],
            W0In("t2[b] t1[a]"), "policy a", "policy b"),
        State("a tier that does not exist comes after those that do", [W0, NewTier("t2"), In("a", tier: "t1"), In("b", tier: "t2"), In("c", tier: "t0")],
            W0In("t2[b] t0[c] t1[a]"), "policy a", "policy b", "policy c"),
        State("it exists now and comes first", [W0, NewTier("t1", 1), NewTier("t2"), In("a", tier: "t1"), In("b", tier: "t2"), In("c", tier: "t0")],
            W0In("t1[a] t2[b] t0[c]"), "policy a", "policy b", "policy c"),
        State("it passes what none of its policies decides", [W0, NewTier("t1", 1, TierAction.Pass), NewTier("t2"), In("a", tier: "t1"), In("b", tier: "t2"), In("c", tier: "t0")],
            W0In("t1~[a] t2[b] t0[c]"), "policy a", "policy b", "policy c"),
        State("a tier without policies is not seen", [W0, NewTier("t1", 1), NewTier("t2"), In("b", tier: "t2")], W0In("t2[b]"), "policy b"),
        State("a policy changed its tier", [W0, NewTier("t1", 1), NewTier("t2"), In("b", tier: "t1")], W0In("t1[b]"), "policy b"),
        State("policies in order within tiers", [W0, NewTier("t1", 1), NewTier("t2", 2), In("a", 2, "t1"), In("b", 1, "t1"), In("c", 1, "t2")],
            W0In("t1[b a] t2[c]"), "policy a", "policy b", "policy c"),
    ];

    private static NamedState[] Directions() =>
    [
        State("ingress only", [W0, GlobalPolicy("a", ingress: [Allow()])], W0In("default[a]"), "policy a"),
        State("egress only", [W0, GlobalPolicy("a", egress: [Allow()])], "caliw0 is h1-cni-w0-eth0: in -, out default[a], profiles -", "policy a"),
        State("both directions", [W0, GlobalPolicy("a", ingress: [Allow()], egress: [Deny()])], "caliw0 is h1-cni-w0-eth0: in default[a], out default[a], profiles -", "policy a"),
        State("both directions without rules", [W0, GlobalPolicy("a")], "caliw0 is h1-cni-w0-eth0: in default[a], out default[a], profiles -", "policy a"),
        State("one direction without rules", [W0, GlobalPolicy("a", ingress: [])], W0In("default[a]"), "policy a"),
        State("types overrule lists: sets of the other direction are not made",
            [
                W0,
                GlobalPolicy("a", ingress: [Allow(Entity("role == 'a'"))], egress: [Allow(to: Entity("role == 'b'"))]).But(s => s with { Types = PolicyTypes.Ingress }),
            ],
            W0In("default[a]"), "policy a", "set role == \"a\":"),
        State("a policy before connection tracking governs no workload", [W0, In("a").But(s => s with { DoNotTrack = true, ApplyOnForward = true })], OneAlone, "policy a"),
        State("it comes after connection tracking now", [W0, In("a").But(s => s with { ApplyOnForward = true })], W0In("default[a]"), "policy a"),
        State("a policy before address translation governs no workload", [W0, In("a").But(s => s with { PreDnat = true, ApplyOnForward = true })], OneAlone, "policy a"),
        State("each direction has its own list", [W0, GlobalPolicy("a", egress: [], order: 2), GlobalPolicy("b", ingress: [], egress: [], order: 1), GlobalPolicy("c", ingress: [], order: 3)],
            "caliw0 is h1-cni-w0-eth0: in default[b c], out default[b a], profiles -", "policy a", "policy b", "policy c"),
    ];

    private static NamedState[] Activity() =>
    [
        State("a policy that selects nothing here", [W0, Workload("w1", "10.0.0.2", "role=b", node: "h2"), FromA], OneAlone),
        State("a policy that every node needs", [W0, Workload("w1", "10.0.0.2", "role=a", node: "h2"), FromA.But(s => s with { PerformanceHints = ["AssumeNeededOnEveryNode"] })],
            OneAlone, "policy p", "set role == \"a\": 10.0.0.2"),
        State("the same without an endpoint", [FromA.But(s => s with { PerformanceHints = ["AssumeNeededOnEveryNode"] })], "policy p", "set role == \"a\":"),
        State("a policy that came to select another endpoint", [Workload("w0", "10.0.0.1", "role=b"), Workload("w1", "10.0.0.2", "role=a"), FromA],
            "caliw0 is h1-cni-w0-eth0: in default[p], out -, profiles -", "caliw1 is h1-cni-w1-eth0: in -, out -, profiles -", "policy p", "set role == \"a\": 10.0.0.2"),
        State("a selector that is none", [W0, FromA.But(s => s with { Selector = "role ==" })], OneAlone),
        State("a namespace selector that is none", [W0, In("a").But(s => s with { NamespaceSelector = "(" })], OneAlone),
        State("one of the rules has a selector that is none", [W0, In("a"), GlobalPolicy("b", ingress: [Allow(), Deny(Entity("role in"))])], W0In("default[a]"), "policy a"),
        State("the rule is of a direction that is not governed", [W0, GlobalPolicy("b", ingress: [Allow()], egress: [Deny(Entity("role in"))]).But(s => s with { Types = PolicyTypes.Ingress })],
            W0In("default[b]"), "policy b"),
        State("staged policies",
            [
                W0,
                new StagedGlobalNetworkPolicy { Key = new(ResourceKind.StagedGlobalNetworkPolicy, null, "s"), Metadata = new() { Name = "s" }, Spec = new() { Selector = "all()", Ingress = [Deny()] } },
                new StagedNetworkPolicy { Key = new(ResourceKind.StagedNetworkPolicy, "default", "s"), Metadata = new() { Name = "s", Namespace = "default" }, Spec = new() { Ingress = [Deny()] } },
                new StagedKubernetesNetworkPolicy { Key = new(ResourceKind.StagedKubernetesNetworkPolicy, "default", "s"), Metadata = new() { Name = "s", Namespace = "default" }, Spec = new() { Order = 1000, Ingress = [Deny()] } },
            ],
            "caliw0 is h1-cni-w0-eth0: in default~[default/s s default/s], out default~[default/s s default/s], profiles -", "policy s", "policy default/s", "policy default/s"),
        State("a staged policy and its enforced twin",
            [
                W0, In("s"),
                new StagedGlobalNetworkPolicy { Key = new(ResourceKind.StagedGlobalNetworkPolicy, null, "s"), Metadata = new() { Name = "s" }, Spec = new() { Selector = "all()", Ingress = [Deny()] } },
            ],
            "caliw0 is h1-cni-w0-eth0: in default[s s], out default~[s], profiles -", "policy s", "policy s"),
        State("a policy of a namespace selects there only", [W0, Workload("w1", "10.0.0.2", ns: "x"), NamespacePolicy("x", "p", ingress: [])],
            OneAlone, "caliw1 is h1-cni-w1-eth0: in default[x/p], out -, profiles -", "policy x/p"),
    ];
}
