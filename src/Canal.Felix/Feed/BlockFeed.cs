using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Felix.Feed;

/// <summary>Blocks of addresses, on their way from etcd to the network's routes. As with resources, what cannot be understood counts as absent.</summary>
internal sealed class BlockFeed(ClusterNetwork network)
{
    private readonly SnapshotMarks<Cidr> marks = new();
    private readonly Dictionary<Cidr, string> bad = [];

    /// <summary>Takes an entry in, when it is a block. Returns whether it is.</summary>
    public bool Put(EtcdEntry entry, List<FeedReport> reports)
    {
        if (!IpamKey.TryParse(entry.Key.Span, out IpamKey key)) return false;
        if (key.Kind != IpamKeyKind.Block) return true;
        Decoded<IpamBlock> decoded = IpamCodec.DecodeBlock(entry.Value.Span);
        marks.Mark(key.Cidr);
        Report(key, decoded, reports);
        network.ApplyBlock(key.Cidr, decoded.Value is { } block && block.Cidr == key.Cidr ? block : null);
        return true;
    }

    /// <summary>Forgets an entry, when it is a block. Returns whether it is.</summary>
    public bool Delete(EtcdEntry entry)
    {
        if (!IpamKey.TryParse(entry.Key.Span, out IpamKey key)) return false;
        if (key.Kind == IpamKeyKind.Block) Forget(key.Cidr);
        return true;
    }

    /// <summary>As <see cref="WatchFeed"/>'s.</summary>
    public void BeginSnapshot() => marks.Begin();

    /// <summary>Forgets what the snapshot did not have.</summary>
    public void EndSnapshot()
    {
        foreach (Cidr gone in marks.Complete()) Forget(gone);
    }

    private void Forget(Cidr cidr)
    {
        marks.Remove(cidr);
        bad.Remove(cidr);
        network.ApplyBlock(cidr, null);
    }

    private void Report(IpamKey key, Decoded<IpamBlock> decoded, List<FeedReport> reports)
    {
        string text = decoded.Value is { } block && block.Cidr != key.Cidr ? $"cidr: is {block.Cidr}, which is not what the key says" : string.Join("; ", decoded.Problems);
        if (text == bad.GetValueOrDefault(key.Cidr, "")) return;
        FeedReportKind kind = text.Length == 0 ? FeedReportKind.Healed : FeedReportKind.Ignored;
        if (text.Length == 0) bad.Remove(key.Cidr);
        else bad[key.Cidr] = text;
        reports.Add(new FeedReport(default, kind, text) { Block = key.Cidr });
    }
}
