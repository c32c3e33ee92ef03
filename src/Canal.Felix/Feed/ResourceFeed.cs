using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Felix.Feed;

/// <summary>
/// Turns what the watcher tells into resources for the calculator. A value that cannot be understood counts as absent, but for a FelixConfiguration, which
/// goes on saying what it said: without it what it polices would be policed no more. It is reported when it turns bad and when it is good again, not in between.
/// </summary>
internal sealed class ResourceFeed(PolicyCalculator calculator, ClusterNetwork network) : WatchFeed
{
    private readonly BlockFeed blocks = new(network);
    private readonly StringPool strings = new();
    private readonly SnapshotMarks<ResourceKey> marks = new();
    private readonly Dictionary<ResourceKey, string> bad = [];
    private readonly int[] counts = new int[Enum.GetValues<ResourceKind>().Length];
    private readonly List<FeedReport> reports = [];

    /// <summary>Cluster-wide and per-host parameters, as they are in etcd.</summary>
    public Dictionary<string, FelixConfiguration> FelixConfigurations { get; } = new(StringComparer.Ordinal);

    /// <summary>The Nodes, for the labels that select a FelixConfiguration; only this host's is kept.</summary>
    public Node? Node { get; private set; }

    /// <summary>The cluster's BGPConfiguration, for the addresses by which workloads call their host; null when there is none.</summary>
    public BgpConfiguration? Bgp { get; private set; }

    /// <summary>ClusterInformation says that the datastore may be used. As in Calico, a missing resource or a missing flag does not say so.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Something was read that may change <see cref="FelixConfigurations"/>, <see cref="Node"/> or <see cref="Bgp"/>; the reader resets it.</summary>
    public bool ParametersChanged { get; set; } = true;

    /// <summary>This host.</summary>
    public required string NodeName { get; init; }

    /// <summary>How many there are in etcd, good and bad.</summary>
    public int Count(ResourceKind kind) => counts[(int)kind];

    /// <summary>What operators should hear, since the last call.</summary>
    public IReadOnlyList<FeedReport> TakeReports()
    {
        if (reports.Count == 0) return [];
        List<FeedReport> taken = [.. reports];
        reports.Clear();
        return taken;
    }

    /// <inheritdoc/>
    protected override void BeginSnapshot()
    {
        marks.Begin();
        blocks.BeginSnapshot();
    }

    /// <inheritdoc/>
    protected override void EndSnapshot()
    {
        foreach (ResourceKey key in marks.Complete())
        {
            counts[(int)key.Kind]--;
            Forget(key);
        }
        blocks.EndSnapshot();
    }

    /// <inheritdoc/>
    protected override void Put(EtcdEntry entry)
    {
        if (blocks.Put(entry, reports)) return;
        if (!ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _, strings)) return;
        if (marks.Mark(key)) counts[(int)key.Kind]++;
        Decoded decoded = ResourceCodec.Decode(key, entry.Value, strings);
        bool stays = decoded.Resource is null && key.Kind == ResourceKind.FelixConfiguration && FelixConfigurations.ContainsKey(key.Name);
        Report(key, decoded, stays);
        if (!stays) Apply(key, decoded.Resource);
    }

    /// <inheritdoc/>
    protected override void Delete(EtcdEntry entry)
    {
        if (blocks.Delete(entry)) return;
        if (ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _, strings)) Forget(key);
    }

    private void Forget(ResourceKey key)
    {
        if (marks.Remove(key)) counts[(int)key.Kind]--;
        bad.Remove(key);
        Apply(key, null);
    }

    private void Apply(ResourceKey key, Resource? resource)
    {
        network.Apply(key, resource);
        switch (key.Kind)
        {
            case ResourceKind.ClusterInformation when key.Name == "default":
                IsReady = resource is ClusterInformation { DatastoreReady: true };
                break;
            case ResourceKind.FelixConfiguration:
                if (resource is FelixConfiguration configuration) FelixConfigurations[key.Name] = configuration;
                else FelixConfigurations.Remove(key.Name);
                ParametersChanged = true;
                break;
            case ResourceKind.Node when key.Name == NodeName:
                Node = resource as Node;
                ParametersChanged = true;
                calculator.Apply(key, resource);
                break;
            case ResourceKind.BGPConfiguration when key.Name == "default":
                Bgp = resource as BgpConfiguration;
                ParametersChanged = true;
                break;
            default:
                calculator.Apply(key, resource);
                break;
        }
    }

    private void Report(ResourceKey key, Decoded decoded, bool stays)
    {
        if (decoded.Problems.IsEmpty)
        {
            if (bad.Remove(key)) reports.Add(new FeedReport(key, FeedReportKind.Healed, ""));
            return;
        }
        string text = string.Join("; ", decoded.Problems);
        if (bad.TryGetValue(key, out string? before) && before == text) return;
        bad[key] = text;
        reports.Add(new FeedReport(key, stays ? FeedReportKind.Kept : decoded.Resource is null ? FeedReportKind.Ignored : FeedReportKind.Doubtful, text));
    }
}
