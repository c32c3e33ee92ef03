using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Felix.Feed;

/// <summary>
/// Turns what the watcher tells into resources for the calculator. Owns the table of known keys, so that a new snapshot sweeps what vanished. A value that
/// cannot be understood counts as absent; it is reported when it turns bad and when it is good again, not in between.
/// </summary>
internal sealed class ResourceFeed(PolicyCalculator calculator, ClusterNetwork network)
{
    private readonly BlockFeed blocks = new(network);
    private readonly StringPool strings = new();
    private readonly Dictionary<ResourceKey, bool> seen = [];
    private readonly Dictionary<ResourceKey, string> bad = [];
    private readonly List<FeedReport> reports = [];
    private bool generation;

    /// <summary>Cluster-wide and per-host parameters, as they are in etcd.</summary>
    public Dictionary<string, FelixConfiguration> FelixConfigurations { get; } = new(StringComparer.Ordinal);

    /// <summary>The Nodes, for the labels that select a FelixConfiguration; only this host's is kept.</summary>
    public Node? Node { get; private set; }

    /// <summary>The first snapshot is complete: before that nothing may be programmed.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>A snapshot is being read: what is known is a mixture of two states of the cluster, and nothing may be programmed from it.</summary>
    public bool IsMidSnapshot { get; private set; }

    /// <summary>ClusterInformation says that the datastore may be used. As in Calico, a missing resource or a missing flag does not say so.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Revision up to which everything is known.</summary>
    public long Revision { get; private set; }

    /// <summary>Something was read that may change <see cref="FelixConfigurations"/> or <see cref="Node"/>; the reader resets it.</summary>
    public bool ParametersChanged { get; set; } = true;

    /// <summary>This host.</summary>
    public required string NodeName { get; init; }

    /// <summary>Takes a batch in.</summary>
    public void Accept(WatchBatch batch)
    {
        switch (batch)
        {
            case WatchBatch.SnapshotBegin:
                generation = !generation;
                if (IsMidSnapshot) Recolour();
                IsMidSnapshot = true;
                break;
            case WatchBatch.SnapshotPage page:
                foreach (EtcdEntry entry in page.Entries.Span) Put(entry);
                break;
            case WatchBatch.SnapshotComplete complete:
                Sweep();
                (IsMidSnapshot, IsComplete, Revision) = (false, true, complete.Revision);
                break;
            case WatchBatch.Events events:
                foreach (WatchEvent change in events.Changes.Span)
                {
                    if (change.IsDelete) Delete(change.Entry);
                    else Put(change.Entry);
                }
                Revision = events.Revision;
                break;
            default:
                break; // Connected and Lost are for the log.
        }
    }

    /// <summary>What operators should hear, since the last call.</summary>
    public IReadOnlyList<FeedReport> TakeReports()
    {
        if (reports.Count == 0) return [];
        List<FeedReport> taken = [.. reports];
        reports.Clear();
        return taken;
    }

    private void Put(EtcdEntry entry)
    {
        if (blocks.Put(entry, generation, reports)) return;
        if (!ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _, strings)) return;
        seen[key] = generation;
        Decoded decoded = ResourceCodec.Decode(key, entry.Value, strings);
        Report(key, decoded);
        Apply(key, decoded.Resource);
    }

    private void Delete(EtcdEntry entry)
    {
        if (blocks.Delete(entry)) return;
        if (ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _, strings)) Forget(key);
    }

    private void Forget(ResourceKey key)
    {
        seen.Remove(key);
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
                break;
            default:
                calculator.Apply(key, resource);
                break;
        }
    }

    private void Report(ResourceKey key, Decoded decoded)
    {
        if (decoded.Problems.IsEmpty)
        {
            if (bad.Remove(key)) reports.Add(new FeedReport(key, FeedReportKind.Healed, ""));
            return;
        }
        string text = string.Join("; ", decoded.Problems);
        if (bad.TryGetValue(key, out string? before) && before == text) return;
        bad[key] = text;
        reports.Add(new FeedReport(key, decoded.Resource is null ? FeedReportKind.Ignored : FeedReportKind.Doubtful, text));
    }

    private void Sweep()
    {
        List<ResourceKey> gone = [];
        foreach ((ResourceKey key, bool colour) in seen)
            if (colour != generation) gone.Add(key);
        foreach (ResourceKey key in gone) Forget(key);
        blocks.Sweep(generation);
    }

    /// <summary>The snapshot before this one broke off: what it marked must not pass for seen by the next.</summary>
    private void Recolour()
    {
        foreach (ResourceKey key in seen.Keys.ToArray()) seen[key] = !generation;
        blocks.Recolour(generation);
    }
}
