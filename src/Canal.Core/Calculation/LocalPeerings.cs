using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// Which local endpoints speak BGP with their host, and by which BGPPeer: of those for this node whose localWorkloadSelector selects the endpoint, the first
/// by name. What else is in a BGPPeer is for whoever configures BIRD.
/// </summary>
internal sealed class LocalPeerings(string nodeName)
{
    private readonly SelectorIndex index = new();
    private readonly List<MatchChange> matchChanges = [];
    private readonly Dictionary<string, Entry> peers = new(StringComparer.Ordinal);
    private readonly List<string> names = [];
    private readonly Stack<int> freeIds = [];
    private readonly Dictionary<int, SortedSet<string>> byEndpoint = [];
    private Dictionary<string, string>? nodeLabels;

    /// <summary>Endpoints whose peering may have changed; the caller empties it.</summary>
    public HashSet<int> DirtyEndpoints { get; } = [];

    /// <summary>The BGPPeer of an endpoint; empty for none.</summary>
    public string PeerOf(int endpoint) => byEndpoint.TryGetValue(endpoint, out SortedSet<string>? found) && found.Count > 0 ? found.Min! : "";

    /// <summary>This host's labels; null while it has no Node, when no nodeSelector selects it.</summary>
    public void SetNode(LabelMap? labels)
    {
        nodeLabels = labels?.ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal);
        foreach ((string name, Entry entry) in peers) Update(name, entry);
    }

    /// <summary>A BGPPeer appeared or changed; null when it is gone. Returns why it counts as absent, or null.</summary>
    public string? SetPeer(string name, BgpPeer? peer)
    {
        Entry? entry = null;
        string? wrong = peer is null || peer.LocalWorkloadSelector.Length == 0 ? null : Read(peer, out entry);
        if (peers.Remove(name, out Entry? before) && before.Id is { } id) Deactivate(id);
        if (entry is null) return wrong;
        peers.Add(name, entry);
        Update(name, entry);
        return null;
    }

    /// <summary>Puts a local endpoint in or replaces its labels.</summary>
    public void SetEndpoint(int id, LabelMap labels, EquatableArray<string> profiles)
    {
        byEndpoint.TryAdd(id, new SortedSet<string>(StringComparer.Ordinal));
        index.SetItem(id, labels.AsSpan(), profiles.AsSpan(), matchChanges);
        ApplyMatches();
    }

    /// <summary>Takes a local endpoint out; nothing happens when it is not there.</summary>
    public void RemoveEndpoint(int id)
    {
        if (!byEndpoint.ContainsKey(id)) return;
        index.RemoveItem(id, matchChanges);
        matchChanges.Clear();
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

    private static string? Read(BgpPeer peer, out Entry? entry)
    {
        entry = null;
        if (!Selector.TryParse(peer.LocalWorkloadSelector, out Selector? workloads, out SelectorError? error)) return $"spec.localWorkloadSelector: {Problem.Quote(peer.LocalWorkloadSelector)} is not a selector: {error}";
        Selector? nodes = null;
        if (peer.NodeSelector.Length > 0 && !Selector.TryParse(peer.NodeSelector, out nodes, out error)) return $"spec.nodeSelector: {Problem.Quote(peer.NodeSelector)} is not a selector: {error}";
        entry = new Entry(workloads, peer.Node, nodes);
        return null;
    }

    private void Update(string name, Entry entry)
    {
        bool wanted = entry.Node.Length > 0 ? entry.Node == nodeName : entry.Nodes is null || (nodeLabels is not null && entry.Nodes.Evaluate(nodeLabels));
        if (wanted && entry.Id is null)
        {
            entry.Id = Activate(name, entry.Workloads);
        }
        else if (!wanted && entry.Id is { } id)
        {
            Deactivate(id);
            entry.Id = null;
        }
    }

    private int Activate(string name, Selector workloads)
    {
        int id = freeIds.Count > 0 ? freeIds.Pop() : names.Count;
        if (id == names.Count) names.Add(name);
        else names[id] = name;
        index.SetSelector(id, workloads, matchChanges);
        ApplyMatches();
        return id;
    }

    private void Deactivate(int id)
    {
        index.RemoveSelector(id, matchChanges);
        ApplyMatches();
        freeIds.Push(id);
    }

    private void ApplyMatches()
    {
        foreach (MatchChange change in matchChanges)
        {
            SortedSet<string> found = byEndpoint[change.Item];
            if (change.Kind == MatchChangeKind.Started) found.Add(names[change.Selector]);
            else found.Remove(names[change.Selector]);
            DirtyEndpoints.Add(change.Item);
        }
        matchChanges.Clear();
    }

    /// <summary>A BGPPeer with localWorkloadSelector; with an id while it is for this node.</summary>
    private sealed class Entry(Selector workloads, string node, Selector? nodes)
    {
        public Selector Workloads { get; } = workloads;
        public string Node { get; } = node;
        public Selector? Nodes { get; } = nodes;
        public int? Id { get; set; }
    }
}
