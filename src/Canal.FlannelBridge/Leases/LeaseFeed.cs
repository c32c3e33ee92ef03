using System.Text;
using Canal.Core.Flannel;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.FlannelBridge.Leases;

/// <summary>
/// The network's configuration and its leases as etcd tells them. What is no lease is left out and told: real flanneld takes a single such key for an
/// empty network. A configuration that cannot be used changes nothing: the one before it stays in force.
/// </summary>
internal sealed class LeaseFeed(string prefix) : WatchFeed
{
    private const int MostTold = 100;

    private readonly SnapshotMarks<string> marks = new();
    private readonly Dictionary<string, HeldLease> leases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> refused = new(StringComparer.Ordinal);
    private readonly List<(string Key, string Reason)> reports = [];

    /// <summary>The configuration in force; null before there was a good one.</summary>
    public FlannelNetwork? Network { get; private set; }

    /// <summary>Its text.</summary>
    public string Config { get; private set; } = "";

    /// <summary>All leases by key.</summary>
    public IReadOnlyDictionary<string, HeldLease> Leases => leases;

    /// <summary>What cannot be used, by key.</summary>
    public IReadOnlyDictionary<string, string> Refused => refused;

    /// <summary>How many snapshots were complete.</summary>
    public int Snapshots { get; private set; }

    /// <summary>Leases changed; the reader resets it.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Nothing is known to be half of something.</summary>
    public bool IsWhole => IsComplete && !IsMidSnapshot;

    private string ConfigKey => $"{prefix}/config";

    private string SubnetPrefix => $"{prefix}/subnets/";

    /// <summary>The key that leases a subnet.</summary>
    public static string KeyOf(string prefix, FlannelSubnet subnet) => $"{prefix}/subnets/{subnet}";

    /// <summary>
    /// What to watch. Without the slash at its end, as real flanneld does: what it stumbles over is to be found.
    /// </summary>
    public static KeyRange[] Ranges(string prefix) => [KeyRange.Single($"{prefix}/config"), KeyRange.Prefix($"{prefix}/subnets")];

    /// <summary>What operators should hear, since the last call; with an empty reason, that it is over.</summary>
    public List<(string Key, string Reason)> TakeReports()
    {
        List<(string, string)> taken = [.. reports];
        reports.Clear();
        return taken;
    }

    protected override void BeginSnapshot() => marks.Begin();

    protected override void EndSnapshot()
    {
        foreach (string key in marks.Complete()) Forget(key);
        Snapshots++;
        if (Network is null && !refused.ContainsKey(ConfigKey)) Refuse(ConfigKey, "there is no such key: the network is not configured yet");
    }

    protected override void Put(EtcdEntry entry)
    {
        string key = entry.KeyText;
        marks.Mark(key);
        try
        {
            if (key == ConfigKey) (Network, Config) = (FlannelNetworkReader.Read(entry.Value), Encoding.UTF8.GetString(entry.Value.Span));
            else leases[key] = LeaseOf(key, SubnetPrefix, entry);
            IsDirty = true;
            if (refused.Remove(key)) reports.Add((key, ""));
        }
        catch (FlannelFormatException e)
        {
            IsDirty |= leases.Remove(key);
            Refuse(key, key == ConfigKey && Network is not null ? $"{e.Message}; the configuration before it stays in force" : e.Message);
        }
    }

    protected override void Delete(EtcdEntry entry)
    {
        marks.Remove(entry.KeyText);
        Forget(entry.KeyText);
    }

    private void Forget(string key)
    {
        IsDirty |= leases.Remove(key);
        if (key == ConfigKey) Refuse(key, "the key was deleted; the configuration stays in force");
        else if (refused.Remove(key)) reports.Add((key, ""));
    }

    private void Refuse(string key, string reason)
    {
        if (refused.TryGetValue(key, out string? before) && before == reason) return;
        refused[key] = reason;
        if (reports.Count < MostTold) reports.Add((key, reason));
    }

    /// <summary>The lease in an entry of etcd.</summary>
    /// <exception cref="FlannelFormatException">It is none.</exception>
    public static HeldLease LeaseOf(string key, string subnetPrefix, EtcdEntry entry)
    {
        if (!key.StartsWith(subnetPrefix, StringComparison.Ordinal) || !FlannelSubnet.TryParse(key, out FlannelSubnet subnet) || $"{subnetPrefix}{subnet}" != key)
            throw new FlannelFormatException($"{Problem.Quote(key)} is not the name of a lease; real flanneld may take the whole network for empty because of it");
        return new HeldLease(key, subnet, FlannelLease.Read(entry.Value.ToArray()), entry.ModRevision, entry.CreateRevision, entry.Lease);
    }
}
