using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Calculation;

internal static partial class NamedStates
{
    private static string W0Profiles(string profiles) => $"caliw0 is h1-cni-w0-eth0: in -, out -, profiles {profiles}";

    private static NamedState[] Profiles() =>
    [
        State("a profile that nobody names", [W0, Open()], OneAlone),
        State("a profile that is missing", [Workload("w0", "10.0.0.1", profiles: "open")], OneAlone),
        State("it is there", [Workload("w0", "10.0.0.1", profiles: "open"), Open()], W0Profiles("open"), "profile open"),
        State("its rules changed", [Workload("w0", "10.0.0.1", profiles: "open"), NewProfile("open", [Allow(Entity("role == 'a'"))])],
            W0Profiles("open"), "profile open", "set role == \"a\":"),
        State("two profiles in the endpoint's order", [Workload("w0", "10.0.0.1", profiles: "closed,open"), Open(), Closed()],
            W0Profiles("closed open"), "profile closed", "profile open"),
        State("the other order", [Workload("w0", "10.0.0.1", profiles: "open,closed"), Open(), Closed()], W0Profiles("open closed"), "profile closed", "profile open"),
        State("the first is missing", [Workload("w0", "10.0.0.1", profiles: "open,closed"), Closed()], W0Profiles("closed"), "profile closed"),
        State("the profile that allows everything is there without being stored", [Workload("w0", "10.0.0.1", profiles: "projectcalico-default-allow")],
            W0Profiles("projectcalico-default-allow"), "profile projectcalico-default-allow"),
        State("what is stored in its name does not count",
            [Workload("w0", "10.0.0.1", profiles: "projectcalico-default-allow"), NewProfile("projectcalico-default-allow", [Deny(Entity("has(a)"))], labels: "a=b"), GlobalPolicy("p", "has(a)", ingress: [])],
            W0Profiles("projectcalico-default-allow"), "profile projectcalico-default-allow"),
        State("a profile of endpoints elsewhere", [W0, Workload("w1", "10.0.0.2", profiles: "open", node: "h2"), Open()], OneAlone),
        State("a profile with a selector that is none counts as missing, its labels do not",
            [Workload("w0", "10.0.0.1", profiles: "bad"), NewProfile("bad", [Allow(), Allow(Entity("a ="))], labels: "a=b"), GlobalPolicy("p", "has(a)", ingress: [])],
            W0In("default[p]"), "policy p"),
    ];

    private static NamedState[] InheritedLabels() =>
    [
        State("a label inherited from a profile selects", [Workload("w0", "10.0.0.1", profiles: "b"), NewProfile("b", labels: "role=b"), FromA],
            "caliw0 is h1-cni-w0-eth0: in default[p], out -, profiles b", "policy p", "profile b", "set role == \"a\":"),
        State("the profile gives another", [Workload("w0", "10.0.0.1", profiles: "b"), NewProfile("b", labels: "role=c"), FromA], W0Profiles("b"), "profile b"),
        State("the endpoint's own label comes first", [Workload("w0", "10.0.0.1", "role=a", profiles: "b"), NewProfile("b", labels: "role=b"), FromA], W0Profiles("b"), "profile b"),
        State("the first profile that has it comes first", [Workload("w0", "10.0.0.1", profiles: "x,a,b"), NewProfile("a", labels: "role=a"), NewProfile("b", labels: "role=b"), FromA],
            W0Profiles("a b"), "profile a", "profile b"),
        State("the first is gone", [Workload("w0", "10.0.0.1", profiles: "x,a,b"), NewProfile("b", labels: "role=b"), FromA],
            "caliw0 is h1-cni-w0-eth0: in default[p], out -, profiles b", "policy p", "profile b", "set role == \"a\":"),
        State("members by inherited labels, here and elsewhere",
            [
                Workload("w0", "10.0.0.1", "role=b"), Workload("w1", "10.0.0.2", profiles: "a"), Workload("w2", "10.0.0.3", profiles: "a", node: "h2"),
                Host("h", "10.0.0.4", profiles: "a", node: "h2"), NewProfile("a", labels: "role=a"), FromA,
            ],
            "caliw0 is h1-cni-w0-eth0: in default[p], out -, profiles -", "caliw1 is h1-cni-w1-eth0: in -, out -, profiles a",
            "policy p", "profile a", "set role == \"a\": 10.0.0.2 10.0.0.3 10.0.0.4"),
        State("a namespace's labels come by its profile",
            [
                W0, Workload("w1", "10.0.0.2", profiles: "kns.x", ns: "x"), Workload("w2", "10.0.0.3", ns: "x"), Networks("x", "s", "192.0.2.0/24"), NamespaceProfile("x", "team=t"),
                GlobalPolicy("p", ingress: [Allow(Entity(namespaceSelector: "team == 't'"))]),
            ],
            W0In("default[p]"), "caliw1 is h1-cni-w1-eth0: in default[p], out -, profiles kns.x", "caliw2 is h1-cni-w2-eth0: in default[p], out -, profiles -",
            "policy p", "profile kns.x", "set pcns.team == \"t\": 10.0.0.2 192.0.2.0/24"),
        State("an endpoint cannot give them to itself",
            [
                W0, Workload("w1", "10.0.0.2", "pcns.team=t,pcsa.team=t"), Workload("w2", "10.0.0.3", "projectcalico.org/serviceaccount=own", serviceAccount: "real"),
                GlobalPolicy("p", "!has(none)", ingress: [Allow(Entity(namespaceSelector: "team == 't'")), Allow(Entity(serviceAccountSelector: "team == 't'")), Allow(Entity(serviceAccounts: "own,real"))]),
            ],
            W0In("default[p]"), "caliw1 is h1-cni-w1-eth0: in default[p], out -, profiles -", "caliw2 is h1-cni-w2-eth0: in default[p], out -, profiles -", "policy p",
            "set pcns.team == \"t\":", "set pcsa.team == \"t\":", "set projectcalico.org/serviceaccount in {\"own\", \"real\"}: 10.0.0.3"),
        State("a policy for service accounts",
            [
                Workload("w0", "10.0.0.1", serviceAccount: "a", profiles: "ksa.a"), Workload("w1", "10.0.0.2"), NewProfile("ksa.a", labels: "pcsa.team=t"),
                GlobalPolicy("p", ingress: []).But(s => s with { ServiceAccountSelector = "team == 't'" }),
            ],
            "caliw0 is h1-cni-w0-eth0: in default[p], out -, profiles ksa.a", "caliw1 is h1-cni-w1-eth0: in -, out -, profiles -", "policy p", "profile ksa.a"),
    ];
}
