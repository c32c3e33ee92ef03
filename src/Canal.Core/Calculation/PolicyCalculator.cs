using System.Runtime.InteropServices;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Labels;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// Computes from the cluster's resources what one node's dataplane must hold. <see cref="Apply"/> takes resources in any order, any number of times;
/// <see cref="TakeChanges"/> gives what became different. The result is a function of the present resources, never of their history; references to
/// things that do not exist (yet) have a defined result. Incremental in two places, selector matching and member counts; elsewhere dirty things are
/// computed anew and compared by value.
/// </summary>
public sealed class PolicyCalculator
{
    private readonly LocalNode localNode;
    private readonly IpSetTable sets;
    private readonly ActivePolicies active;
    private readonly CompiledEvaluation evaluation;
    private readonly LocalPolicies policies = new();
    private readonly LocalPeerings peerings;
    private readonly ProfileUses profileUses = new();
    private readonly LocalEndpoints endpoints;
    private readonly LocalHostEndpoints hosts;
    private readonly string nodeName;
    private readonly Dictionary<ResourceKey, int> items = [];
    private readonly Stack<int> freeItems = [];
    private readonly Dictionary<string, Tier> tiers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Profile> profiles = new(StringComparer.Ordinal) { [Profile.DefaultAllowName] = Profile.DefaultAllow };
    private readonly ProblemList problems = new();

    /// <summary>A calculator that knows nothing yet.</summary>
    /// <param name="nodeName">The node whose endpoints are local.</param>
    public PolicyCalculator(string nodeName)
    {
        localNode = new LocalNode(nodeName);
        peerings = new LocalPeerings(nodeName);
        sets = new IpSetTable();
        active = new ActivePolicies(sets);
        evaluation = new CompiledEvaluation(active, sets);
        endpoints = new LocalEndpoints(profileUses);
        hosts = new LocalHostEndpoints(profileUses, problems);
        this.nodeName = nodeName;
    }

    /// <summary>Workload endpoints of this node.</summary>
    public int LocalEndpointCount => endpoints.Count;

    /// <summary>Host endpoints of this node.</summary>
    public int HostEndpointCount => hosts.Count;

    /// <summary>Policies and profiles in force on this node.</summary>
    public int ActivePolicyCount => active.Count;

    /// <summary>How many of these are profiles.</summary>
    public int ActiveProfileCount => active.ProfileCount;

    /// <summary>Sets in use.</summary>
    public int SetCount => sets.Count;

    /// <summary>A resource appeared or changed (value given) or vanished (null).</summary>
    public void Apply(ResourceKey key, Resource? resource)
    {
        switch (key.Kind)
        {
            case ResourceKind.WorkloadEndpoint: ApplyWorkload(key, resource as WorkloadEndpoint); break;
            case ResourceKind.HostEndpoint: ApplyHost(key, resource as HostEndpoint); break;
            case ResourceKind.NetworkSet: ApplyNetworkSet(key, resource as NetworkSet); break;
            case ResourceKind.GlobalNetworkSet: ApplyGlobalNetworkSet(key, resource as GlobalNetworkSet); break;
            case ResourceKind.NetworkPolicy: ApplyPolicy(key, (resource as NetworkPolicy)?.Spec); break;
            case ResourceKind.GlobalNetworkPolicy: ApplyPolicy(key, (resource as GlobalNetworkPolicy)?.Spec); break;
            case ResourceKind.StagedNetworkPolicy: ApplyPolicy(key, Counted((resource as StagedNetworkPolicy)?.Spec)); break;
            case ResourceKind.StagedGlobalNetworkPolicy: ApplyPolicy(key, Counted((resource as StagedGlobalNetworkPolicy)?.Spec)); break;
            case ResourceKind.StagedKubernetesNetworkPolicy: ApplyPolicy(key, Counted((resource as StagedKubernetesNetworkPolicy)?.Spec)); break;
            case ResourceKind.Tier: ApplyTier(key.Name, resource as Tier); break;
            case ResourceKind.Profile: ApplyProfile(key, resource as Profile); break;
            case ResourceKind.BGPPeer: problems.Set(key, ProblemList.Part.Head, peerings.SetPeer(key.Name, resource as BgpPeer)); break;
            case ResourceKind.Node when key.Name == nodeName: peerings.SetNode(resource?.Metadata.Labels); break;
            default: break; // The other kinds are not about policy.
        }
    }

    /// <summary>What became different since the last call. Cost in proportion to what changed.</summary>
    public DesiredChanges TakeChanges()
    {
        DesiredChanges changes = new();
        HashSet<ResourceKey> touched = [.. policies.DirtyPolicies];
        foreach (ResourceKey key in policies.DirtyPolicies) Recompile(key);
        foreach (string profile in profileUses.Dirty) touched.Add(RecompileProfile(profile));
        touched.UnionWith(sets.ReshapedUsers);
        foreach (ResourceKey key in touched) active.TakeChange(key, changes);
        endpoints.TakeChanges(policies, peerings, active, tiers, changes);
        hosts.TakeChanges(policies, active, tiers, changes);
        sets.TakeChanges(changes.Sets);
        policies.DirtyPolicies.Clear();
        policies.DirtyEndpoints.Clear();
        peerings.DirtyEndpoints.Clear();
        profileUses.Dirty.Clear();
        sets.ReshapedUsers.Clear();
        return changes;
    }

    /// <summary>What was found wrong, since the last call, with resources that are treated as absent for it. Each thing is told once for as long as it lasts.</summary>
    public IReadOnlyList<CalculationProblem> TakeProblems() => problems.Take();

    /// <summary>All members of a set in use, for a dataplane that reads its state anew; null for any other set.</summary>
    public IpSetDelta? Members(IpSetSpec set) => sets.Everything(set);

    /// <summary>
    /// Whether what the dataplane was told lets a packet of a new flow pass, and because of what; null when neither a tier nor a profile decided, which at a
    /// workload denies.
    /// </summary>
    public Decision? Decide(EquatableArray<TierPolicies> tiers, EquatableArray<string> profiles, Direction direction, Packet packet) =>
        evaluation.Decide(tiers, profiles, direction, packet);

    /// <summary>The policies and profiles in force whose rules look a set up.</summary>
    public IReadOnlyCollection<ResourceKey> UsersOf(IpSetSpec set) => sets.UsersOf(set);

    /// <summary>Where the workloads of all nodes are, this one's too.</summary>
    public IEnumerable<WorkloadPlace> Workloads()
    {
        foreach ((ResourceKey key, int id) in items)
            if (key.Kind == ResourceKind.WorkloadEndpoint && WorkloadEndpointName.TryParse(key.Name, out WorkloadEndpointName name)) yield return new WorkloadPlace(key, name.Node, sets.AddressesOf(id));
    }

    private void ApplyWorkload(ResourceKey key, WorkloadEndpoint? endpoint)
    {
        bool named = endpoint is null || LocalNode.IsWhole(key.Name);
        problems.Set(key, ProblemList.Part.Head, named ? null : "its name has not the four parts node, orchestrator, workload and endpoint");
        if (endpoint is null || !named || endpoint.Spec.IpNetworks.IsEmpty)
        {
            RemoveItem(key);
            return;
        }
        int id = ItemId(key);
        LabelMap labels = EndpointLabels.Of(endpoint);
        sets.SetItem(id, labels, endpoint.Spec.Profiles, Contribution.Of(EndpointAddresses.Of(endpoint.Spec).AsSpan(), endpoint.Spec.Ports.AsSpan()));
        if (!localNode.Has(key.Name))
        {
            RemoveLocal(id);
            return;
        }
        policies.SetEndpoint(id, labels, endpoint.Spec.Profiles);
        peerings.SetEndpoint(id, labels, endpoint.Spec.Profiles);
        endpoints.Set(id, endpoint);
    }

    private void ApplyHost(ResourceKey key, HostEndpoint? endpoint)
    {
        if (endpoint is null)
        {
            RemoveItem(key);
            return;
        }
        int id = ItemId(key);
        sets.SetItem(id, endpoint.Metadata.Labels, endpoint.Profiles, Contribution.Of([.. endpoint.ExpectedIps.Select(ip => new Cidr(ip))], endpoint.Ports.AsSpan()));
        if (endpoint.Node != nodeName)
        {
            RemoveLocal(id);
            return;
        }
        policies.SetEndpoint(id, endpoint.Metadata.Labels, endpoint.Profiles);
        hosts.Set(id, endpoint);
    }

    private void ApplyNetworkSet(ResourceKey key, NetworkSet? set)
    {
        if (set is null) RemoveItem(key);
        else sets.SetItem(ItemId(key), EndpointLabels.Of(set), [EndpointLabels.NamespaceProfile(key.Namespace ?? "")], Contribution.Of(set.Nets.AsSpan(), default));
    }

    private void ApplyGlobalNetworkSet(ResourceKey key, GlobalNetworkSet? set)
    {
        if (set is null) RemoveItem(key);
        else sets.SetItem(ItemId(key), set.Metadata.Labels, [], Contribution.Of(set.Nets.AsSpan(), default));
    }

    private void ApplyPolicy(ResourceKey key, PolicySpec? spec)
    {
        string? problem = null;
        Selector? selector = spec is null ? null : PolicyCompiler.SelectorOf(key, spec, out problem);
        if (spec is not null && PolicyCompiler.Contradiction(spec) is string contradiction) (selector, problem) = (null, contradiction);
        problems.Set(key, ProblemList.Part.Head, problem);
        if (selector is null) problems.Set(key, ProblemList.Part.Rules, null);
        if (selector is null) policies.RemovePolicy(key);
        else policies.SetPolicy(key, spec!, selector);
    }

    /// <summary>A staged policy that stands for a deletion, or for nothing, would decide nothing.</summary>
    private static PolicySpec? Counted(PolicySpec? spec) => spec?.StagedAction is StagedAction.Set or StagedAction.Learn ? spec : null;

    private void ApplyTier(string name, Tier? tier)
    {
        if (tiers.GetValueOrDefault(name) == tier) return;
        if (tier is null) tiers.Remove(name);
        else tiers[name] = tier;
        policies.TierChanged(name);
    }

    private void ApplyProfile(ResourceKey key, Profile? profile)
    {
        if (key.Name == Profile.DefaultAllowName) return; // Hard-wired: what a stored object of that name says does not count.
        if (profile is null) profiles.Remove(key.Name);
        else profiles[key.Name] = profile;
        sets.SetParent(key.Name, profile?.LabelsToApply);
        policies.SetParent(key.Name, profile?.LabelsToApply);
        peerings.SetParent(key.Name, profile?.LabelsToApply);
        profileUses.Dirty.Add(key.Name);
    }

    private void Recompile(ResourceKey key)
    {
        string? problem = null;
        PolicySpec? spec = policies.ActiveSpec(key);
        CompiledPolicy? compiled = spec is null ? null : PolicyCompiler.Compile(key, spec, out problem);
        if (spec is not null) problems.Set(key, ProblemList.Part.Rules, problem);
        if (active.Contains(key) != compiled is not null) policies.ListingChanged(key);
        if (compiled is null) active.Remove(key);
        else active.Set(compiled);
    }

    private ResourceKey RecompileProfile(string name)
    {
        ResourceKey key = new ResourceKey(ResourceKind.Profile, null, name);
        string? problem = null;
        CompiledPolicy? compiled = profiles.TryGetValue(name, out Profile? profile) && profileUses.Has(name) ? PolicyCompiler.Compile(profile, out problem) : null;
        if (profile is null || profileUses.Has(name)) problems.Set(key, ProblemList.Part.Rules, problem);
        if (active.Contains(key) != compiled is not null) NoteProfileListing(name);
        if (compiled is null) active.Remove(key);
        else active.Set(compiled);
        return key;
    }

    private void NoteProfileListing(string name)
    {
        endpoints.ProfileChanged(name);
        hosts.ProfileChanged(name);
    }

    private int ItemId(ResourceKey key)
    {
        int next = items.Count;
        ref int id = ref CollectionsMarshal.GetValueRefOrAddDefault(items, key, out bool known);
        if (!known) id = freeItems.Count > 0 ? freeItems.Pop() : next;
        return id;
    }

    private void RemoveItem(ResourceKey key)
    {
        if (!items.Remove(key, out int id)) return;
        sets.RemoveItem(id);
        RemoveLocal(id);
        freeItems.Push(id);
    }

    private void RemoveLocal(int id)
    {
        policies.RemoveEndpoint(id);
        peerings.RemoveEndpoint(id);
        endpoints.Remove(id);
        hosts.Remove(id);
    }
}
