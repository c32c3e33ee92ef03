using Canal.Core.Labels;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// Which policies select which local endpoints. A policy is active while it selects at least one (or asks to be programmed everywhere).
/// </summary>
internal sealed class LocalPolicies
{
    private const string NeededOnEveryNode = "AssumeNeededOnEveryNode";

    private readonly SelectorIndex index = new();
    private readonly List<MatchChange> matchChanges = [];
    private readonly Dictionary<ResourceKey, Entry> policies = [];
    private readonly List<Entry?> bySelector = [];
    private readonly Stack<int> freeIds = [];
    private readonly Dictionary<int, HashSet<Entry>> byEndpoint = [];

    /// <summary>Endpoints whose list of policies, or the order of it, may have changed; the caller empties it.</summary>
    public HashSet<int> DirtyEndpoints { get; } = [];

    /// <summary>Policies whose rules or activity may have changed; the caller empties it.</summary>
    public HashSet<ResourceKey> DirtyPolicies { get; } = [];

    /// <summary>Puts a policy in or replaces it.</summary>
    /// <param name="key">The policy.</param>
    /// <param name="spec">Its content.</param>
    /// <param name="selector">The effective selector of the policy.</param>
    public void SetPolicy(ResourceKey key, PolicySpec spec, Selector selector)
    {
        if (policies.TryGetValue(key, out Entry? entry) && entry.Selector == selector)
        {
            bool sameListing = IsListedAlike(entry.Spec, spec);
            entry.Spec = spec;
            if (!sameListing) DirtyEndpoints.UnionWith(entry.Endpoints);
        }
        else
        {
            RemovePolicy(key);
            AddPolicy(key, spec, selector);
        }
        DirtyPolicies.Add(key);
    }

    /// <summary>Takes a policy out; nothing happens when it is not there.</summary>
    public void RemovePolicy(ResourceKey key)
    {
        if (!policies.Remove(key, out Entry? entry)) return;
        index.RemoveSelector(entry.SelectorId, matchChanges);
        matchChanges.Clear();
        foreach (int endpoint in entry.Endpoints) byEndpoint[endpoint].Remove(entry);
        DirtyEndpoints.UnionWith(entry.Endpoints);
        bySelector[entry.SelectorId] = null;
        freeIds.Push(entry.SelectorId);
        DirtyPolicies.Add(key);
    }

    /// <summary>Puts a local endpoint in or replaces its labels.</summary>
    public void SetEndpoint(int id, LabelMap labels, EquatableArray<string> profiles)
    {
        byEndpoint.TryAdd(id, []);
        index.SetItem(id, labels.AsSpan(), profiles.AsSpan(), matchChanges);
        ApplyMatches();
        DirtyEndpoints.Add(id);
    }

    /// <summary>Takes a local endpoint out; nothing happens when it is not there.</summary>
    public void RemoveEndpoint(int id)
    {
        if (!byEndpoint.ContainsKey(id)) return;
        index.RemoveItem(id, matchChanges);
        ApplyMatches();
        byEndpoint.Remove(id);
        DirtyEndpoints.Remove(id);
    }

    /// <summary>Sets the labels inherited from a profile; null when the profile is gone.</summary>
    public void SetParent(string name, LabelMap? labels)
    {
        if (labels is { } known) index.SetParent(name, known.AsSpan(), matchChanges);
        else index.RemoveParent(name, matchChanges);
        ApplyMatches();
    }

    /// <summary>The tier appeared, changed or vanished: the endpoints that its policies select are dirty.</summary>
    public void TierChanged(string tier)
    {
        foreach (Entry entry in policies.Values)
            if (entry.Spec.Tier == tier) DirtyEndpoints.UnionWith(entry.Endpoints);
    }

    /// <summary>The policy came into or fell out of force: the endpoints it selects are dirty.</summary>
    public void ListingChanged(ResourceKey key)
    {
        if (policies.TryGetValue(key, out Entry? entry)) DirtyEndpoints.UnionWith(entry.Endpoints);
    }

    /// <summary>The policy's content while it is active, else null.</summary>
    public PolicySpec? ActiveSpec(ResourceKey key) =>
        policies.TryGetValue(key, out Entry? entry) && (entry.Endpoints.Count > 0 || entry.Spec.PerformanceHints.Contains(NeededOnEveryNode)) ? entry.Spec : null;

    /// <summary>The tiers that have a policy in force for the endpoint at this stage in this direction, in order.</summary>
    public EquatableArray<TierPolicies> TiersFor(int endpoint, Direction direction, PolicyStage stage, IReadOnlyDictionary<string, Tier> tiers, ActivePolicies active)
    {
        PolicyTypes wanted = direction == Direction.Ingress ? PolicyTypes.Ingress : PolicyTypes.Egress;
        Dictionary<string, List<Entry>> byTier = new(StringComparer.Ordinal);
        foreach (Entry entry in byEndpoint[endpoint])
        {
            if (!entry.Spec.Types.HasFlag(wanted) || !IsAsked(entry.Spec, direction, stage) || !active.Contains(entry.Key)) continue;
            if (!byTier.TryGetValue(entry.Spec.Tier, out List<Entry>? list)) byTier.Add(entry.Spec.Tier, list = []);
            list.Add(entry);
        }
        List<string> names = [.. byTier.Keys];
        names.Sort((a, b) => PolicyOrder.CompareTiers(a, tiers.GetValueOrDefault(a), b, tiers.GetValueOrDefault(b)));
        List<TierPolicies> ordered = new(names.Count);
        foreach (string name in names) ordered.Add(TierOf(name, byTier[name], EndOf(tiers.GetValueOrDefault(name), stage)));
        return ordered.ToEquatableArray();
    }

    private static bool IsListedAlike(PolicySpec one, PolicySpec other) =>
        one.Tier == other.Tier && one.Order == other.Order && one.Types == other.Types && one.DoNotTrack == other.DoNotTrack && one.PreDnat == other.PreDnat
        && one.ApplyOnForward == other.ApplyOnForward;

    private static bool IsAsked(PolicySpec spec, Direction direction, PolicyStage stage) => stage switch
    {
        PolicyStage.Forward => spec.ApplyOnForward && PolicyCompiler.StageOf(spec) == PolicyStage.Normal,
        PolicyStage.PreDnat => direction == Direction.Ingress && PolicyCompiler.StageOf(spec) == PolicyStage.PreDnat,
        _ => PolicyCompiler.StageOf(spec) == stage,
    };

    /// <summary>What neither untracked nor preDNAT policy decides, later stages do.</summary>
    private static TierAction EndOf(Tier? tier, PolicyStage stage) =>
        stage is PolicyStage.Untracked or PolicyStage.PreDnat ? TierAction.Pass : tier?.DefaultAction ?? TierAction.Deny;

    private static TierPolicies TierOf(string name, List<Entry> policies, TierAction end)
    {
        policies.Sort((a, b) => PolicyOrder.ComparePolicies(a.Key, a.Spec.Order, b.Key, b.Spec.Order));
        if (policies.TrueForAll(p => PolicyCompiler.IsStaged(p.Key.Kind))) end = TierAction.Pass;
        return new TierPolicies(name, end, policies.Select(p => p.Key).ToEquatableArray());
    }

    private void AddPolicy(ResourceKey key, PolicySpec spec, Selector selector)
    {
        int id = freeIds.Count > 0 ? freeIds.Pop() : bySelector.Count;
        if (id == bySelector.Count) bySelector.Add(null);
        Entry entry = new(key, spec, selector, id);
        policies.Add(key, entry);
        bySelector[id] = entry;
        index.SetSelector(id, selector, matchChanges);
        ApplyMatches();
    }

    private void ApplyMatches()
    {
        foreach (MatchChange change in matchChanges)
        {
            Entry entry = bySelector[change.Selector]!;
            // How many endpoints a policy selects changes its rules only at the first and the last.
            if (change.Kind == MatchChangeKind.Started)
            {
                if (entry.Endpoints.Count == 0) DirtyPolicies.Add(entry.Key);
                entry.Endpoints.Add(change.Item);
                byEndpoint[change.Item].Add(entry);
            }
            else
            {
                entry.Endpoints.Remove(change.Item);
                byEndpoint[change.Item].Remove(entry);
                if (entry.Endpoints.Count == 0) DirtyPolicies.Add(entry.Key);
            }
            DirtyEndpoints.Add(change.Item);
        }
        matchChanges.Clear();
    }

    private sealed class Entry(ResourceKey key, PolicySpec spec, Selector selector, int selectorId)
    {
        public ResourceKey Key { get; } = key;
        public PolicySpec Spec { get; set; } = spec;
        public Selector Selector { get; } = selector;
        public int SelectorId { get; } = selectorId;
        public HashSet<int> Endpoints { get; } = [];
    }
}
