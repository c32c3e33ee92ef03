using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>
/// Decides one packet from resources alone, the plain way: it evaluates every selector on every endpoint and shares nothing with the calculator or the
/// dataplanes, so that it can judge both. Slow on purpose; also what an operator's tool asks "why".
/// </summary>
public sealed class PolicyEvaluator
{
    private readonly Dictionary<ResourceKey, Resource> resources = [];
    private readonly List<AddressOwner> owners = [];

    /// <summary>An evaluator of one state of the cluster.</summary>
    public PolicyEvaluator(IEnumerable<Resource> cluster)
    {
        foreach (Resource resource in cluster) resources[resource.Key] = resource;
        foreach (Resource resource in resources.Values)
            if (AddressOwner.Of(resource, LabelsOfProfile) is AddressOwner owner) owners.Add(owner);
    }

    /// <summary>Decides a new flow's packet at one workload endpoint; an endpoint that does not exist lets nothing pass. Steps, if not null, is told of every rule that is looked at.</summary>
    public Decision Decide(ResourceKey endpoint, Direction direction, Packet packet, Action<TraceStep>? steps = null)
    {
        if (resources.GetValueOrDefault(endpoint) is not WorkloadEndpoint workload || !AddressOwner.IsEndpoint(workload)) return new Decision(false, "", null, -1);
        return DecideTiers(workload, PolicyStage.Normal, direction, packet, steps) ?? DecideProfiles(workload.Spec.Profiles, direction, packet, steps);
    }

    /// <summary>
    /// Decides a new flow's packet at one stage of one host endpoint; null when that stage leaves it to later ones, or to whoever else has a say. Failsafe
    /// ports and what else no policy can forbid are not policy's and not asked here. Before DNAT the node's endpoint of all interfaces is asked in the place of
    /// one that has no policy there.
    /// </summary>
    public Decision? Decide(ResourceKey hostEndpoint, PolicyStage stage, Direction direction, Packet packet, Action<TraceStep>? steps = null)
    {
        if (resources.GetValueOrDefault(hostEndpoint) is not HostEndpoint host) return null;
        if (stage == PolicyStage.Untracked && host.InterfaceName == HostEndpoint.AllInterfaces) return null;
        if (stage == PolicyStage.PreDnat && TiersFor(host, stage, direction).Count == 0) host = AllInterfacesAt(host.Node) ?? host;
        Decision? decision = DecideTiers(host, stage, direction, packet, steps);
        return decision is null && stage == PolicyStage.Normal ? DecideProfiles(host.Profiles, direction, packet, steps) : decision;
    }

    private HostEndpoint? AllInterfacesAt(string node) => resources.Values.OfType<HostEndpoint>()
        .Where(h => h.Node == node && h.InterfaceName == HostEndpoint.AllInterfaces).MinBy(h => h.Key.Name, Utf8Order.Instance);

    private Decision? DecideTiers(Resource endpoint, PolicyStage stage, Direction direction, Packet packet, Action<TraceStep>? steps)
    {
        foreach ((string name, Tier? tier, List<(ResourceKey Key, PolicySpec Spec)> policies) in TiersFor(endpoint, stage, direction))
        {
            bool ends = stage is PolicyStage.Normal or PolicyStage.Forward && tier?.DefaultAction != TierAction.Pass;
            Decision? decision = DecideTier(name, ends, policies, direction, packet, steps);
            if (decision is not null) return decision;
        }
        return null;
    }

    private Decision? DecideTier(string name, bool ends, List<(ResourceKey Key, PolicySpec Spec)> policies, Direction direction, Packet packet, Action<TraceStep>? steps)
    {
        foreach ((ResourceKey key, PolicySpec spec) in policies)
        {
            EquatableArray<Rule> rules = direction == Direction.Ingress ? spec.Ingress : spec.Egress;
            int index = FirstDecidingRule(name, key, rules, packet, steps);
            if (index < 0) continue;
            return rules[index].Action == RuleAction.Pass ? null : new Decision(rules[index].Action == RuleAction.Allow, name, key, index);
        }
        steps?.Invoke(new TraceStep(name, null, -1, ends ? RuleAction.Deny : RuleAction.Pass, null));
        return ends ? new Decision(false, name, null, -1) : null;
    }

    private Decision DecideProfiles(EquatableArray<string> profiles, Direction direction, Packet packet, Action<TraceStep>? steps)
    {
        foreach (string name in profiles)
        {
            if (ProfileNamed(name) is not Profile profile || PolicyCompiler.Compile(profile, out _) is null) continue;
            EquatableArray<Rule> rules = direction == Direction.Ingress ? profile.Ingress : profile.Egress;
            int index = FirstDecidingRule("", profile.Key, rules, packet, steps);
            if (index >= 0 && rules[index].Action != RuleAction.Pass) return new Decision(rules[index].Action == RuleAction.Allow, "", profile.Key, index);
        }
        steps?.Invoke(new TraceStep("", null, -1, RuleAction.Deny, null));
        return new Decision(false, "", null, -1);
    }

    private int FirstDecidingRule(string tier, ResourceKey policy, EquatableArray<Rule> rules, Packet packet, Action<TraceStep>? steps)
    {
        // A profile's rules are of no namespace.
        string policyNamespace = policy.Namespace ?? "";
        for (int i = 0; i < rules.Count; i++)
        {
            string? mismatch = RuleEvaluation.Mismatch(rules[i], policyNamespace, packet, owners);
            steps?.Invoke(new TraceStep(tier, policy, i, rules[i].Action, mismatch));
            if (mismatch is null && rules[i].Action != RuleAction.Log) return i;
        }
        if (rules.IsEmpty) steps?.Invoke(new TraceStep(tier, policy, -1, RuleAction.Pass, null));
        return -1;
    }

    private List<(string Name, Tier? Tier, List<(ResourceKey Key, PolicySpec Spec)> Policies)> TiersFor(Resource endpoint, PolicyStage stage, Direction direction)
    {
        PolicyTypes wanted = direction == Direction.Ingress ? PolicyTypes.Ingress : PolicyTypes.Egress;
        List<(ResourceKey Key, PolicySpec Spec)> selected = [];
        foreach (Resource resource in resources.Values)
        {
            PolicySpec? spec = (resource as NetworkPolicy)?.Spec ?? (resource as GlobalNetworkPolicy)?.Spec;
            if (spec is not null && spec.Types.HasFlag(wanted) && IsAsked(spec, stage, direction) && Selects(resource.Key, spec, endpoint))
                selected.Add((resource.Key, spec));
        }
        return [.. selected
            .GroupBy(p => p.Spec.Tier)
            .Select(g => (g.Key, TierNamed(g.Key), g.Order(Comparer<(ResourceKey Key, PolicySpec Spec)>.Create(
                (a, b) => PolicyOrder.ComparePolicies(a.Key, a.Spec.Order, b.Key, b.Spec.Order))).ToList()))
            .Order(Comparer<(string Name, Tier? Tier, List<(ResourceKey, PolicySpec)>)>.Create((a, b) => PolicyOrder.CompareTiers(a.Name, a.Tier, b.Name, b.Tier)))];
    }

    private static bool IsAsked(PolicySpec spec, PolicyStage stage, Direction direction) => stage switch
    {
        PolicyStage.Untracked => spec.DoNotTrack,
        PolicyStage.PreDnat => spec.PreDnat && direction == Direction.Ingress,
        PolicyStage.Forward => !spec.DoNotTrack && !spec.PreDnat && spec.ApplyOnForward,
        _ => !spec.DoNotTrack && !spec.PreDnat,
    };

    private bool Selects(ResourceKey key, PolicySpec spec, Resource endpoint) =>
        PolicyCompiler.Contradiction(spec) is null && PolicyCompiler.SelectorOf(key, spec, out _) is Selector selector && PolicyCompiler.Compile(key, spec, out _) is not null
        && AddressOwner.Of(endpoint, LabelsOfProfile) is AddressOwner owner && owner.Is(selector);

    private Tier? TierNamed(string name) => resources.GetValueOrDefault(new ResourceKey(ResourceKind.Tier, null, name)) as Tier;

    private Profile? ProfileNamed(string name) =>
        name == Profile.DefaultAllowName ? Profile.DefaultAllow : resources.GetValueOrDefault(new ResourceKey(ResourceKind.Profile, null, name)) as Profile;

    private LabelMap? LabelsOfProfile(string name) => ProfileNamed(name)?.LabelsToApply;
}
