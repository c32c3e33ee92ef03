using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Workloads;

/// <summary>One container's WorkloadEndpoint in etcd and, where it is to have one, the profile of its network.</summary>
/// <param name="etcd">Where they are written.</param>
/// <param name="read">Reads keys at one revision, and refuses while the cluster is not ready: see <see cref="ReadAsync(EtcdStore, IEnumerable{ResourceKey}, CancellationToken)"/>.</param>
/// <param name="key">The endpoint.</param>
/// <param name="network">Name of the profile; null for none.</param>
internal sealed class EndpointRecord(EtcdStore etcd, Func<IEnumerable<ResourceKey>, CancellationToken, Task<Dictionary<string, EtcdEntry>>> read, ResourceKey key, string? network)
{
    private const int MostTries = 20;
    private long revision;
    private bool hasProfile;

    /// <summary>What is stored; null for nothing, or nothing readable.</summary>
    public ResourceDocument? Stored { get; private set; }

    /// <summary>What is stored, as an endpoint.</summary>
    public WorkloadEndpoint? Endpoint => Stored?.Decode(key).Resource as WorkloadEndpoint;

    private ResourceKey? Profile => network is null ? null : new ResourceKey(ResourceKind.Profile, null, network);

    /// <summary>Reads keys at one revision; null while the datastore is locked, as for a migration.</summary>
    /// <returns>What there is, by key.</returns>
    public static async Task<Dictionary<string, EtcdEntry>?> ReadAsync(EtcdStore etcd, IEnumerable<ResourceKey> keys, CancellationToken stop)
    {
        ResourceKey ready = new(ResourceKind.ClusterInformation, null, "default");
        EtcdSnapshot snapshot = await etcd.SnapshotAsync(keys.Append(ready).Select(key => KeyRange.Single(key.ToEtcdKey())), stop);
        Dictionary<string, EtcdEntry> found = snapshot.Entries.ToDictionary(entry => entry.KeyText);
        bool isReady = found.TryGetValue(ready.ToEtcdKey(), out EtcdEntry entry) && ResourceCodec.Decode(ready, entry.Value).Resource is ClusterInformation { DatastoreReady: true };
        return isReady ? found : null;
    }

    public async Task ReadAsync(CancellationToken stop)
    {
        Dictionary<string, EtcdEntry> found = await read(Profile is { } profile ? [key, profile] : [key], stop);
        hasProfile = Profile is { } own && found.ContainsKey(own.ToEtcdKey());
        bool exists = found.TryGetValue(key.ToEtcdKey(), out EtcdEntry entry);
        revision = exists ? entry.ModRevision : 0;
        Stored = exists ? ResourceDocument.Parse(entry.Value.Span, out _) : null;
    }

    /// <summary>Writes the endpoint over what was read: fields that others have set stay. The profile is made with it, and never changed again.</summary>
    /// <param name="describe">Sets what the endpoint is; called again when others were faster.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>False when others changed it each of the many times it was tried.</returns>
    public async Task<bool> PutAsync(Action<ResourceDocument> describe, CancellationToken stop)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            ResourceDocument document = Stored?.Clone() ?? New(ResourceKind.WorkloadEndpoint, key.Name);
            document.Namespace = key.Namespace!;
            describe(document);
            EtcdTransaction transaction = new EtcdTransaction().IfModRevision(key.ToEtcdKey(), revision).Put(key.ToEtcdKey(), document.ToStoredBytes());
            if (Profile is { } profile && !hasProfile) transaction.IfAbsent(profile.ToEtcdKey()).Put(profile.ToEtcdKey(), Open(profile.Name).ToStoredBytes());
            if ((await etcd.CommitAsync(transaction, stop)).Succeeded) return true;
            await ReadAsync(stop);
        }
        return false;
    }

    // Containers of one network reach each other, and go anywhere, until a policy says otherwise.
    private static ResourceDocument Open(string name)
    {
        ResourceDocument profile = New(ResourceKind.Profile, name);
        JsonObject spec = profile.EnsureSpec(), from = new() { ["selector"] = $"has({name})" };
        spec["ingress"] = new JsonArray((JsonNode)new JsonObject { ["action"] = "Allow", ["source"] = from, ["destination"] = new JsonObject() });
        spec["egress"] = new JsonArray((JsonNode)new JsonObject { ["action"] = "Allow", ["source"] = new JsonObject(), ["destination"] = new JsonObject() });
        spec["labelsToApply"] = new JsonObject { [name] = "" };
        return profile;
    }

    private static ResourceDocument New(ResourceKind kind, string name)
    {
        ResourceDocument document = ResourceDocument.From(new JsonObject { ["kind"] = ResourceKinds.Of(kind).Name, ["apiVersion"] = ResourceCodec.ApiVersion });
        document.Name = name;
        document.Uid = Guid.NewGuid().ToString();
        document.CreationTimestamp = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        return document;
    }
}
