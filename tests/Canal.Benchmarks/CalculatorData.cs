using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Benchmarks;

/// <summary>
/// A cluster for benchmarks, as records: so many endpoints, 200 of them local, and policies with five ingress rules each, every rule with a selector;
/// one policy in five is active here. One sentinel policy with a set that endpoints can be made to join. Texts that repeat are shared, as when read from etcd.
/// </summary>
internal sealed class CalculatorData(int endpoints, int policies)
{
    public const string LocalNode = "host-a";
    private const int Local = 200;

    private readonly HashSet<string> texts = [];
    private readonly int apps = Math.Max(1, policies / 5);
    private readonly int services = Math.Max(25, endpoints / 40);

    /// <summary>Everything: tier, profile, policies, endpoints. Made anew at each enumeration.</summary>
    public IEnumerable<Resource> Resources()
    {
        yield return new Tier { Key = new(ResourceKind.Tier, null, "default"), Metadata = new() { Name = "default" }, Order = 1000000, DefaultAction = TierAction.Deny };
        yield return new Profile { Key = new(ResourceKind.Profile, null, "bench"), Metadata = new() { Name = "bench" }, Egress = [new Rule { Action = RuleAction.Allow }] };
        for (int j = 0; j < policies; j++) yield return Policy(j);
        yield return Sentinel("198.18.0.1");
        for (int i = 0; i < endpoints; i++) yield return Endpoint(i);
    }

    /// <summary>Endpoint number <paramref name="i"/>; the first 200 are local.</summary>
    public WorkloadEndpoint Endpoint(int i, bool joins = false) =>
        Workload(NodeOf(i), $"c{i:D8}", IpAddress.FromV4((uint)((10 << 24) + (64 << 16) + i + 1)), $"cali{i:D6}", LabelsOf(i, joins));

    /// <summary>One more local endpoint, selected by the policies of an app.</summary>
    public WorkloadEndpoint ExtraLocal(int n) =>
        Workload(LocalNode, $"extra{n:D5}", IpAddress.FromV4((uint)((10 << 24) + (201 << 16) + n)), $"calix{n:D5}", [new("app", Shared($"app-{n % apps}")), new("svc", "none")]);

    /// <summary>Policy number <paramref name="j"/>, of which one port can be made another.</summary>
    public GlobalNetworkPolicy Policy(int j, int otherPort = 0)
    {
        string[] selectors = SelectorsOf(j);
        Rule[] rules = new Rule[selectors.Length];
        for (int k = 0; k < rules.Length; k++) rules[k] = AllowFrom(new EntityRule { Selector = selectors[k] }, (ushort)((10000 + 5 * j + k + (k == 2 ? otherPort : 0)) % 65536));
        return Policy($"bench-{j:D5}", j + 1, $"app == 'app-{j % apps}'", rules);
    }

    public GlobalNetworkPolicy Sentinel(string net) => Policy("sentinel", 0, "sentinel == 'yes'",
    [
        AllowFrom(new EntityRule { Nets = [Cidr.Parse(net)], HasNets = true }, 9001),
        AllowFrom(new EntityRule { Selector = "benchjoin == 'x'" }, 9002),
    ]);

    public string[] SelectorsOf(int j) =>
    [
        $"svc == 'svc-{7 * j % services}'",
        $"svc == 'svc-{(11 * j + 1) % services}' && zone == 'z-{j % 4}'",
        $"app == 'app-{(j + 1) % apps}'",
        $"svc in {{'svc-{(13 * j + 2) % services}', 'svc-{(13 * j + 3) % services}'}}",
        $"has(public) && zone == 'z-{j % 4}'",
    ];

    /// <summary>The numbers of the policies that select a local endpoint.</summary>
    public IEnumerable<int> ActivePolicies()
    {
        HashSet<int> local = [.. Enumerable.Range(0, Math.Min(Local, endpoints)).Select(i => i % apps)];
        return Enumerable.Range(0, policies).Where(j => local.Contains(j % apps));
    }

    public List<KeyValuePair<string, string>> LabelsOf(int i, bool joins = false)
    {
        List<KeyValuePair<string, string>> labels = [new("app", Shared($"app-{i % apps}")), new("svc", Shared($"svc-{i % services}")), new("zone", Shared($"z-{i / 7 % 4}"))];
        if (i % 10 == 0) labels.Add(new("public", ""));
        if (i < 2) labels.Add(new("sentinel", "yes"));
        if (joins) labels.Add(new("benchjoin", "x"));
        return labels;
    }

    public string NodeOf(int i) => i < Local ? LocalNode : Shared($"host-r{(i - Local) / 100:D5}");

    private string Shared(string text)
    {
        if (texts.TryGetValue(text, out string? known)) return known;
        texts.Add(text);
        return text;
    }

    private static WorkloadEndpoint Workload(string node, string container, IpAddress address, string @interface, List<KeyValuePair<string, string>> labels)
    {
        labels.Add(new(WellKnownLabels.Namespace, "default"));
        labels.Add(new(WellKnownLabels.Orchestrator, "cni"));
        ResourceKey key = new(ResourceKind.WorkloadEndpoint, "default", $"{node.Replace("-", "--", StringComparison.Ordinal)}-cni-{container}-eth0");
        return new WorkloadEndpoint
        {
            Key = key,
            Metadata = new Metadata { Name = key.Name, Namespace = "default", Labels = LabelMap.Create(labels) },
            Spec = new WorkloadEndpointSpec
            {
                Orchestrator = "cni",
                Node = node,
                ContainerId = container,
                Endpoint = "eth0",
                IpNetworks = [new Cidr(address)],
                Profiles = ["bench"],
                InterfaceName = @interface,
                Mac = new MacAddress(0xeeeeeeeeeeee),
            },
        };
    }

    private static Rule AllowFrom(EntityRule source, ushort port) =>
        new() { Action = RuleAction.Allow, Protocol = Protocol.Tcp, Source = source, Destination = new EntityRule { Ports = [new Port(port)] } };

    private static GlobalNetworkPolicy Policy(string name, double order, string selector, Rule[] ingress) => new()
    {
        Key = new(ResourceKind.GlobalNetworkPolicy, null, name),
        Metadata = new Metadata { Name = name },
        Spec = new PolicySpec { Order = order, Selector = selector, Types = PolicyTypes.Ingress, Ingress = ingress.ToEquatableArray() },
    };
}
