using System.Text;
using Canal.Core;
using Canal.Core.Access;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.BirdConfigRenderer.Feed;

/// <summary>
/// Turns what the watcher tells into resources. A value that is refused changes nothing: the one before it stays in force. One that never was good counts as
/// absent, but for filters, which then let nothing pass, and for this host's own Node, without which nothing is rendered at all.
/// </summary>
internal sealed class BgpFeed(string nodeName) : WatchFeed
{
    private readonly StringPool strings = new();
    private readonly SnapshotMarks<string> marks = new();
    private readonly Dictionary<ResourceKey, string> refused = [];
    private readonly List<FeedReport> reports = [];
    private readonly SortedDictionary<Cidr, string> refusedAffinities = [];
    private readonly List<AffinityReport> affinityReports = [];
    private readonly Dictionary<string, Node> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BgpConfiguration> configurations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BgpPeer> peers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BgpFilter> filters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IpPool> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<Cidr, AffinityState> affinities = [];
    private readonly Dictionary<string, CalicoNodeStatus> statuses = new(StringComparer.Ordinal);

    /// <summary>Something that a configuration follows from has changed; the reader resets it.</summary>
    public bool IsDirty { get; set; } = true;

    /// <summary>
    /// What is refused, never was good since this program started, and would change much if it counted as absent: this host's own Node and the settings
    /// that every session follows from.
    /// </summary>
    public IEnumerable<ResourceKey> MissedSettings => refused.Keys.Where(k => !Has(k) && IsSetting(k));

    /// <summary>The same of what has a session in BIRD's file, which an earlier run wrote when it still was good.</summary>
    public IEnumerable<ResourceKey> MissedNeighbours(string file) => refused.Keys.Where(k => !Has(k) && HasSession(k, file));

    /// <summary>This host has a Node.</summary>
    public bool HasNode => nodes.ContainsKey(nodeName);

    /// <summary>Requests for reports about this node.</summary>
    public IReadOnlyCollection<CalicoNodeStatus> Statuses => [.. statuses.Values.Where(s => s.Node == nodeName)];

    /// <summary>What is refused at present, for whoever asks.</summary>
    public IReadOnlyDictionary<ResourceKey, string> Refused => refused;

    /// <summary>Claims to blocks that cannot be read, and why.</summary>
    public IReadOnlyDictionary<Cidr, string> RefusedAffinities => refusedAffinities;

    /// <summary>The ranges to watch.</summary>
    public static KeyRange[] Ranges(string node) =>
    [
        .. EtcdRoles.BgpKinds.Select(kind => KeyRange.Prefix(ResourceKinds.Of(kind).Prefix)),
        KeyRange.Prefix(IpamKey.Affinities(BlockOwner.Host(node), IpFamily.V4)),
        KeyRange.Prefix(IpamKey.Affinities(BlockOwner.Host(node), IpFamily.V6)),
    ];

    /// <summary>The resources as they are, which the planner takes with what files hold.</summary>
    public BgpInputs Inputs() => new()
    {
        NodeName = nodeName,
        Nodes = nodes,
        Configurations = configurations,
        Peers = peers,
        Filters = filters,
        RefusedFilters = refused.Keys.Where(k => k.Kind == ResourceKind.BGPFilter && !filters.ContainsKey(k.Name)).Select(k => k.Name).ToHashSet(),
        Pools = pools,
        Affinities = affinities,
    };

    /// <summary>What operators should hear, since the last call.</summary>
    public List<FeedReport> TakeReports()
    {
        List<FeedReport> taken = [.. reports];
        reports.Clear();
        return taken;
    }

    /// <summary>The same about claims to blocks.</summary>
    public List<AffinityReport> TakeAffinityReports()
    {
        List<AffinityReport> taken = [.. affinityReports];
        affinityReports.Clear();
        return taken;
    }

    /// <inheritdoc/>
    protected override void BeginSnapshot() => marks.Begin();

    /// <inheritdoc/>
    protected override void EndSnapshot()
    {
        foreach (string key in marks.Complete()) Delete(key);
    }

    /// <inheritdoc/>
    protected override void Delete(EtcdEntry entry) => Delete(entry.KeyText);

    /// <inheritdoc/>
    protected override void Put(EtcdEntry entry)
    {
        marks.Mark(entry.KeyText);
        if (IpamKey.TryParse(entry.Key.Span, out IpamKey affinity)) PutAffinity(affinity, entry.Value.Span);
        else if (ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _, strings)) PutResource(key, entry.Value);
    }

    private void PutAffinity(IpamKey key, ReadOnlySpan<byte> value)
    {
        Decoded<IpamAffinity> decoded = IpamCodec.DecodeAffinity(value);
        if (decoded.Value is { } affinity)
        {
            if (refusedAffinities.Remove(key.Cidr)) affinityReports.Add(new AffinityReport(key.Cidr, "", false));
            affinities[key.Cidr] = affinity.State;
            IsDirty = true;
            return;
        }
        string reason = string.Join("; ", decoded.Problems);
        if (refusedAffinities.TryGetValue(key.Cidr, out string? before) && before == reason) return;
        refusedAffinities[key.Cidr] = reason;
        affinityReports.Add(new AffinityReport(key.Cidr, reason, affinities.ContainsKey(key.Cidr)));
    }

    private void PutResource(ResourceKey key, ReadOnlyMemory<byte> value)
    {
        Decoded decoded = ResourceCodec.Decode(key, value, strings);
        EquatableArray<Problem> problems = decoded.Resource is null ? decoded.Problems : BgpAdmission.Check(decoded.Resource);
        if (problems.IsEmpty)
        {
            if (refused.Remove(key)) reports.Add(new FeedReport(key, "", false));
            Set(key, decoded.Resource);
            return;
        }
        string reason = string.Join("; ", problems);
        if (refused.TryGetValue(key, out string? before) && before == reason) return;
        refused[key] = reason;
        IsDirty = true;
        reports.Add(new FeedReport(key, reason, Has(key)));
    }

    private void Delete(string etcdKey)
    {
        marks.Remove(etcdKey);
        byte[] bytes = Encoding.UTF8.GetBytes(etcdKey);
        if (IpamKey.TryParse(bytes, out IpamKey affinity))
        {
            refusedAffinities.Remove(affinity.Cidr);
            IsDirty |= affinities.Remove(affinity.Cidr);
        }
        else if (ResourceKey.TryParse(bytes, out ResourceKey key, out _))
        {
            refused.Remove(key);
            Set(key, null);
        }
    }

    private bool IsSetting(ResourceKey key) => key.Kind switch
    {
        ResourceKind.Node => key.Name == nodeName,
        ResourceKind.BGPConfiguration => key.Name == "default" || key.Name == $"node.{nodeName}",
        _ => false,
    };

    /// <summary>As <see cref="BgpSession.Description"/> has it.</summary>
    private static bool HasSession(ResourceKey key, string file) => key.Kind switch
    {
        ResourceKind.Node => file.Contains($"description \"node {key.Name}\";", StringComparison.Ordinal) || file.Contains($"description \"node {key.Name}, ", StringComparison.Ordinal),
        ResourceKind.BGPPeer => file.Contains($"BGPPeer {key.Name}\";", StringComparison.Ordinal),
        _ => false,
    };

    private bool Has(ResourceKey key) => key.Kind switch
    {
        ResourceKind.Node => nodes.ContainsKey(key.Name),
        ResourceKind.BGPConfiguration => configurations.ContainsKey(key.Name),
        ResourceKind.BGPPeer => peers.ContainsKey(key.Name),
        ResourceKind.BGPFilter => filters.ContainsKey(key.Name),
        ResourceKind.IPPool => pools.ContainsKey(key.Name),
        _ => false,
    };

    private void Set(ResourceKey key, Resource? resource)
    {
        switch (key.Kind)
        {
            case ResourceKind.Node: Set(nodes, key.Name, resource); break;
            case ResourceKind.BGPConfiguration: Set(configurations, key.Name, resource); break;
            case ResourceKind.BGPPeer: Set(peers, key.Name, resource); break;
            case ResourceKind.BGPFilter: Set(filters, key.Name, resource); break;
            case ResourceKind.IPPool: Set(pools, key.Name, resource); break;
            case ResourceKind.CalicoNodeStatus when resource is CalicoNodeStatus status: statuses[key.Name] = status; break;
            case ResourceKind.CalicoNodeStatus: statuses.Remove(key.Name); break;
            default: break;
        }
    }

    private void Set<T>(Dictionary<string, T> table, string name, Resource? resource) where T : Resource
    {
        IsDirty = true;
        if (resource is T typed) table[name] = typed;
        else table.Remove(name);
    }
}
