using System.Text;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Labels;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Testing;

/// <summary>
/// What one node's dataplane must hold, computed from all resources at once by evaluating every selector on every endpoint. It judges the incremental
/// calculator and shares nothing with it but records and the reading of selectors.
/// </summary>
public sealed class NaiveCalculator
{
    private readonly Dictionary<ResourceKey, Resource> cluster = [];
    private readonly List<Owner> owners = [];
    private readonly List<WorkloadEndpoint> local = [];
    private readonly List<HostEndpoint> hosts = [];
    private readonly string node;
    private readonly Dictionary<ResourceKey, (PolicySpec Spec, Selector Selector)> valid = [];

    /// <summary>Computes everything.</summary>
    public NaiveCalculator(string node, IEnumerable<Resource> resources)
    {
        this.node = node;
        foreach (Resource resource in resources) cluster[resource.Key] = resource;
        ResourceKey defaultAllow = Profile.DefaultAllow.Key;
        cluster[defaultAllow] = Profile.DefaultAllow;
        foreach (Resource resource in cluster.Values)
        {
            if (OwnerOf(resource) is { } owner) owners.Add(owner);
            if (resource is WorkloadEndpoint workload && IsEndpoint(workload, out WorkloadEndpointName name) && name.Node == node) local.Add(workload);
            if (resource is HostEndpoint host && host.Node == node) hosts.Add(host);
        }
        AddPolicies();
        AddProfiles();
        foreach (IpSetSpec set in Policies.Values.SelectMany(SetsOf)) Sets.TryAdd(set, MembersOf(set));
        foreach (ResourceKey key in Policies.Keys.ToArray()) Policies[key] = Shaped(Policies[key]);
        foreach (IGrouping<string, WorkloadEndpoint> candidates in local.GroupBy(w => w.Spec.InterfaceName))
            Endpoints[candidates.Key] = PolicyOf(candidates.Order(Comparer<WorkloadEndpoint>.Create(CompareIdentity)).First());
        foreach (HostEndpoint host in hosts) HostEndpoints[host.Key.Name] = PolicyOf(host);
    }

    /// <summary>By interface.</summary>
    public Dictionary<string, EndpointPolicy> Endpoints { get; } = [];

    /// <summary>By name.</summary>
    public Dictionary<string, HostEndpointPolicy> HostEndpoints { get; } = [];

    /// <summary>Policies and profiles in force.</summary>
    public Dictionary<ResourceKey, CompiledPolicy> Policies { get; } = [];

    public Dictionary<IpSetSpec, SetMembers> Sets { get; } = [];

    private static bool IsEndpoint(WorkloadEndpoint endpoint, out WorkloadEndpointName name) =>
        WorkloadEndpointName.TryParse(endpoint.Key.Name, out name) && !endpoint.Spec.IpNetworks.IsEmpty;

    private static int CompareIdentity(WorkloadEndpoint left, WorkloadEndpoint right)
    {
        if (!IsEndpoint(left, out WorkloadEndpointName l) | !IsEndpoint(right, out WorkloadEndpointName r)) return 0;
        return FirstDifference(Bytes(l.Orchestrator, r.Orchestrator), Bytes($"{left.Key.Namespace}/{l.Workload}", $"{right.Key.Namespace}/{r.Workload}"), Bytes(l.Endpoint, r.Endpoint));
    }

    private Owner? OwnerOf(Resource resource)
    {
        static bool Prefixed(string label) => label.StartsWith("pcns.", StringComparison.Ordinal) || label.StartsWith("pcsa.", StringComparison.Ordinal);
        Dictionary<string, string> labels = [];
        foreach ((string name, string value) in resource.Metadata.Labels)
            if (resource is not WorkloadEndpoint || !Prefixed(name)) labels[name] = value;
        switch (resource)
        {
            case WorkloadEndpoint w when IsEndpoint(w, out _):
                if (w.Spec.ServiceAccountName.Length > 0) labels["projectcalico.org/serviceaccount"] = w.Spec.ServiceAccountName;
                return new Owner(Inherit(labels, w.Spec.Profiles), [.. w.Spec.IpNetworks.Select(n => new Cidr(n.Address))], w.Spec.Ports);
            case HostEndpoint h:
                return new Owner(Inherit(labels, h.Profiles), [.. h.ExpectedIps.Select(ip => new Cidr(ip))], h.Ports);
            case NetworkSet s:
                labels["projectcalico.org/namespace"] = s.Key.Namespace!;
                return new Owner(Inherit(labels, [$"kns.{s.Key.Namespace}"]), [.. s.Nets], default);
            case GlobalNetworkSet s:
                return new Owner(labels, [.. s.Nets], default);
            default:
                return null;
        }
    }

    private Dictionary<string, string> Inherit(Dictionary<string, string> labels, EquatableArray<string> profiles)
    {
        foreach (string profile in profiles)
            foreach ((string name, string value) in (cluster.GetValueOrDefault(ProfileKey(profile)) as Profile)?.LabelsToApply ?? default) labels.TryAdd(name, value);
        return labels;
    }

    private void AddPolicies()
    {
        foreach ((ResourceKey key, Resource resource) in cluster)
        {
            PolicySpec? spec = (resource as NetworkPolicy)?.Spec ?? (resource as GlobalNetworkPolicy)?.Spec ?? (resource as StagedNetworkPolicy)?.Spec ?? (resource as StagedGlobalNetworkPolicy)?.Spec
                ?? (resource as StagedKubernetesNetworkPolicy)?.Spec;
            if (spec is null || spec.StagedAction is StagedAction.Delete or StagedAction.Ignore || !CanStand(spec) || SelectorOf(key, spec) is not { } selector) continue;
            CompiledRule[]? ingress = spec.Types.HasFlag(PolicyTypes.Ingress) ? Compile(spec.Ingress, key.Namespace) : [];
            CompiledRule[]? egress = spec.Types.HasFlag(PolicyTypes.Egress) ? Compile(spec.Egress, key.Namespace) : [];
            if (ingress is null || egress is null) continue;
            valid[key] = (spec, selector);
            if (local.Concat<Resource>(hosts).Any(e => selector.Evaluate(OwnerOf(e)!.Labels)) || spec.PerformanceHints.Contains("AssumeNeededOnEveryNode"))
                Policies[key] = new CompiledPolicy(key, spec.Tier, ingress.ToEquatableArray(), egress.ToEquatableArray())
                {
                    Types = spec.Types,
                    Stage = spec.DoNotTrack ? PolicyStage.Untracked : spec.PreDnat ? PolicyStage.PreDnat : PolicyStage.Normal,
                };
        }
    }

    private static bool CanStand(PolicySpec spec)
    {
        if (spec.PreDnat && (spec.DoNotTrack || !spec.Egress.IsEmpty || !spec.Types.HasFlag(PolicyTypes.Ingress))) return false;
        return spec.ApplyOnForward || !(spec.DoNotTrack || spec.PreDnat);
    }

    private void AddProfiles()
    {
        foreach (string name in local.SelectMany(w => w.Spec.Profiles).Concat(hosts.SelectMany(h => h.Profiles)).Distinct())
        {
            if (cluster.GetValueOrDefault(ProfileKey(name)) is Profile profile && Compile(profile.Ingress, null) is { } ingress && Compile(profile.Egress, null) is { } egress)
                Policies[profile.Key] = new CompiledPolicy(profile.Key, "", ingress.ToEquatableArray(), egress.ToEquatableArray());
        }
    }

    private static Selector? SelectorOf(ResourceKey key, PolicySpec spec)
    {
        Selector? selector;
        if (key.Namespace is null) EffectiveSelector.TryForGlobalNetworkPolicy(spec.Selector, spec.NamespaceSelector, spec.ServiceAccountSelector, out selector, out _);
        else EffectiveSelector.TryForNetworkPolicy(key.Namespace, spec.Selector, spec.ServiceAccountSelector, out selector, out _);
        return selector;
    }

    private static CompiledRule[]? Compile(EquatableArray<Rule> rules, string? ns)
    {
        List<CompiledRule> compiled = [];
        foreach (Rule rule in rules)
        {
            if (Compile(rule.Source, rule.Protocol?.Number, ns) is not { } source || Compile(rule.Destination, rule.Protocol?.Number, ns) is not { } destination) return null;
            compiled.Add(new CompiledRule(compiled.Count, rule.Action)
            {
                Family = rule.IpVersion,
                Protocol = rule.Protocol?.Number,
                NotProtocol = rule.NotProtocol?.Number,
                Icmp = rule.Icmp is { Type: null } ? null : rule.Icmp,
                NotIcmp = rule.NotIcmp is { Type: null } ? null : rule.NotIcmp,
                Source = source,
                Destination = destination,
                Note = string.Join(' ', rule.Annotations.Select(a => $"{a.Key}={a.Value}")),
            });
        }
        return [.. compiled];
    }

    private static EntityMatch? Compile(EntityRule entity, byte? protocol, string? ns)
    {
        RuleEntitySelectors fields = new(entity.Selector, entity.NotSelector, entity.NamespaceSelector,
            [.. entity.ServiceAccounts?.Names ?? default], entity.ServiceAccounts?.Selector ?? "");
        if (!EffectiveSelector.TryForRuleEntity(ns ?? "", fields, out RuleMatchSets? sets, out _)) return null;
        SetMatch Named(Port port) => new(IpSetSpec.NamedPort(sets.Match ?? Selector.All, port.Name!, protocol), SetShape.None);
        bool onlyNamedPorts = !entity.Ports.IsEmpty && entity.Ports.All(p => p.IsNamed);
        bool impossible = entity.Services is not null || (entity.HasNotNets && entity.NotNets.IsEmpty);
        return new EntityMatch
        {
            Nets = impossible ? default(EquatableArray<Cidr>) : entity.HasNets ? entity.Nets : null,
            NotNets = entity.NotNets,
            Set = sets.Match is null || onlyNamedPorts ? null : new SetMatch(IpSetSpec.Addresses(sets.Match), SetShape.None),
            NotSet = sets.NotMatch is null ? null : new SetMatch(IpSetSpec.Addresses(sets.NotMatch), SetShape.None),
            Ports = entity.Ports.Where(p => !p.IsNamed).Select(p => p.Range).ToEquatableArray(),
            NamedPorts = entity.Ports.Where(p => p.IsNamed).Select(Named).ToEquatableArray(),
            NotPorts = entity.NotPorts.Where(p => !p.IsNamed).Select(p => p.Range).ToEquatableArray(),
            NotNamedPorts = entity.NotPorts.Where(p => p.IsNamed).Select(Named).ToEquatableArray(),
        };
    }

    private static IEnumerable<IpSetSpec> SetsOf(CompiledPolicy policy) => policy.Ingress.Concat(policy.Egress)
        .SelectMany(r => new[] { r.Source, r.Destination })
        .SelectMany(e => new[] { e.Set, e.NotSet }.Concat(e.NamedPorts).Concat(e.NotNamedPorts))
        .OfType<SetMatch>().Select(m => m.Set);

    private SetMembers MembersOf(IpSetSpec set)
    {
        SetMembers members = new();
        foreach (Owner owner in owners.Where(o => set.Selector.Evaluate(o.Labels)))
        {
            IEnumerable<EndpointPort> ports = owner.Ports.Where(p => p.Name == set.PortName && (set.Protocol is null ? p.Protocol.Number is 6 or 17 or 132 : p.Protocol.Number == set.Protocol));
            foreach (Cidr address in owner.Addresses)
            {
                if (set.Kind == IpSetKind.NamedPort) members.Ports.UnionWith(ports.Where(_ => address.IsSingleAddress).Select(p => new PortMember(address.Address, p.Protocol.Number!.Value, p.Number)));
                else if (address.IsSingleAddress) members.Addresses.Add(address.Address);
                else members.Prefixes.Add(address);
            }
        }
        members.Prefixes.RemoveWhere(p => members.Prefixes.Any(other => other != p && other.Contains(p)));
        return members;
    }

    private CompiledPolicy Shaped(CompiledPolicy policy)
    {
        SetMatch? Match(SetMatch? m) => m is null ? null : m with { Shape = ShapeOf(m.Set) };
        EntityMatch Entity(EntityMatch e) => e with
        {
            Set = Match(e.Set),
            NotSet = Match(e.NotSet),
            NamedPorts = e.NamedPorts.Select(m => Match(m)!).ToEquatableArray(),
            NotNamedPorts = e.NotNamedPorts.Select(m => Match(m)!).ToEquatableArray(),
        };
        EquatableArray<CompiledRule> Rules(EquatableArray<CompiledRule> rules) =>
            rules.Select(r => r with { Source = Entity(r.Source), Destination = Entity(r.Destination) }).ToEquatableArray();
        return policy with { Ingress = Rules(policy.Ingress), Egress = Rules(policy.Egress) };
    }

    private SetShape ShapeOf(IpSetSpec set)
    {
        SetShape shape = SetShape.V4Addresses;
        if (owners.Exists(o => o.Addresses.Any(a => a.Family == IpFamily.V6))) shape |= SetShape.V6Addresses;
        if (Sets[set].Prefixes.Any(p => p.Family == IpFamily.V4)) shape |= SetShape.V4Prefixes;
        if (Sets[set].Prefixes.Any(p => p.Family == IpFamily.V6)) shape |= SetShape.V6Prefixes;
        return shape;
    }

    private EndpointPolicy PolicyOf(WorkloadEndpoint endpoint) => new(endpoint.Key, endpoint.Spec.InterfaceName)
    {
        Mac = endpoint.Spec.Mac,
        Addresses = endpoint.Spec.IpNetworks.Select(n => new Cidr(n.Address)).ToEquatableArray(),
        SpoofedPrefixes = endpoint.Spec.AllowSpoofedSourcePrefixes,
        BgpPeer = cluster.Values.OfType<BgpPeer>().Where(p => IsPeer(p, endpoint)).Select(p => p.Key.Name).Order(StringComparer.Ordinal).FirstOrDefault(""),
        Ingress = TiersOf(endpoint, PolicyTypes.Ingress, IsTracked),
        Egress = TiersOf(endpoint, PolicyTypes.Egress, IsTracked),
        Profiles = endpoint.Spec.Profiles.Where(p => Policies.ContainsKey(ProfileKey(p))).ToEquatableArray(),
    };

    private bool IsPeer(BgpPeer peer, WorkloadEndpoint endpoint)
    {
        Node? self = cluster.GetValueOrDefault(new ResourceKey(ResourceKind.Node, null, node)) as Node;
        bool isForThisNode = peer.Node.Length > 0 ? peer.Node == node : peer.NodeSelector.Length == 0 || (self is not null && Selects(peer.NodeSelector, self.Metadata.Labels.ToDictionary(l => l.Key, l => l.Value)));
        bool isGood = peer.NodeSelector.Length == 0 || Selector.TryParse(peer.NodeSelector, out _, out _);
        return isForThisNode && isGood && peer.LocalWorkloadSelector.Length > 0 && Selects(peer.LocalWorkloadSelector, OwnerOf(endpoint)!.Labels);
    }

    private static bool Selects(string text, Dictionary<string, string> labels) => Selector.TryParse(text, out Selector? selector, out _) && selector.Evaluate(labels);

    private HostEndpointPolicy PolicyOf(HostEndpoint endpoint)
    {
        StageTiers Stage(Func<PolicySpec, bool> asked, bool ends = true) => new(TiersOf(endpoint, PolicyTypes.Ingress, asked, ends), TiersOf(endpoint, PolicyTypes.Egress, asked, ends));
        return new HostEndpointPolicy(endpoint.Key)
        {
            InterfaceName = endpoint.InterfaceName,
            ExpectedIps = endpoint.ExpectedIps,
            Normal = Stage(IsTracked),
            Forward = Stage(spec => IsTracked(spec) && spec.ApplyOnForward),
            Untracked = endpoint.InterfaceName == "*" ? StageTiers.None : Stage(spec => spec.DoNotTrack, ends: false),
            PreDnat = Stage(spec => spec.PreDnat, ends: false) with { Egress = default },
            Profiles = endpoint.Profiles.Where(p => Policies.ContainsKey(ProfileKey(p))).ToEquatableArray(),
        };
    }

    private static bool IsTracked(PolicySpec spec) => !spec.DoNotTrack && !spec.PreDnat;

    private EquatableArray<TierPolicies> TiersOf(Resource endpoint, PolicyTypes direction, Func<PolicySpec, bool> asked, bool ends = true)
    {
        Dictionary<string, string> labels = OwnerOf(endpoint)!.Labels;
        List<(ResourceKey Key, PolicySpec Spec)> policies = [];
        foreach ((ResourceKey key, (PolicySpec spec, Selector selector)) in valid)
            if (spec.Types.HasFlag(direction) && asked(spec) && selector.Evaluate(labels)) policies.Add((key, spec));
        policies.Sort((l, r) => FirstDifference(OrderOf(l.Spec.Order).CompareTo(OrderOf(r.Spec.Order)), Bytes(TieBreaker(l.Key), TieBreaker(r.Key))));
        List<string> tiers = [.. policies.Select(p => p.Spec.Tier).Distinct()];
        tiers.Sort((l, r) => FirstDifference((TierOf(l) is null).CompareTo(TierOf(r) is null), OrderOf(TierOf(l)?.Order).CompareTo(OrderOf(TierOf(r)?.Order)), Bytes(l, r)));
        return tiers.Select(t => new TierPolicies(t, ends && policies.Exists(p => p.Spec.Tier == t && !IsStaged(p.Key)) ? TierOf(t)?.DefaultAction ?? TierAction.Deny : TierAction.Pass, policies.Where(p => p.Spec.Tier == t).Select(p => p.Key).ToEquatableArray())).ToEquatableArray();
    }

    private Tier? TierOf(string name) => cluster.GetValueOrDefault(new ResourceKey(ResourceKind.Tier, null, name)) as Tier;

    private static double OrderOf(double? order) => order ?? double.PositiveInfinity;

    private static bool IsStaged(ResourceKey key) => key.Kind.ToString().StartsWith("Staged", StringComparison.Ordinal);

    private static string TieBreaker(ResourceKey key) => $"{key.Name}/{key.Namespace}/{(IsStaged(key) ? 0 : 1)}{key.Kind}";

    private static ResourceKey ProfileKey(string name) => new(ResourceKind.Profile, null, name);

    private static int FirstDifference(params int[] orders) => orders.FirstOrDefault(o => o != 0);

    private static int Bytes(string left, string right) => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));

    private sealed record Owner(Dictionary<string, string> Labels, Cidr[] Addresses, EquatableArray<EndpointPort> Ports);
}
