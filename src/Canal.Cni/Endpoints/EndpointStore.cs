using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Cni;

/// <summary>One container's WorkloadEndpoint in etcd, and the profile of its network.</summary>
internal sealed class EndpointStore(Cluster cluster, CniCall call, Workload workload)
{
    private const int MostTries = 20;
    private ResourceDocument? stored;
    private long revision;
    private bool hasProfile;

    public Workload Workload => workload;

    public EndpointIdentity Identity { get; } = EndpointIdentity.Of(call, workload, cluster.Node);

    private ResourceKey ProfileKey => new(ResourceKind.Profile, null, call.NetworkName);

    /// <summary>Calico's plugin makes a profile for a network that names no kind of policy, and never changes it again.</summary>
    private bool WantsProfile => CniJson.Text(CniJson.Object(call.Config, "policy"), "type").Length == 0 && !call.Config.ContainsKey("profiles");

    public async Task ReadAsync(CancellationToken stop)
    {
        Dictionary<string, EtcdEntry> found = await cluster.ReadAsync([Identity.Key, ProfileKey], stop);
        hasProfile = found.ContainsKey(ProfileKey.ToEtcdKey());
        bool exists = found.TryGetValue(Identity.Key.ToEtcdKey(), out EtcdEntry entry);
        revision = exists ? entry.ModRevision : 0;
        stored = exists ? ResourceDocument.Parse(entry.Value.Span, out _) : null;
    }

    /// <summary>What the endpoint has already, if it is this very container's.</summary>
    public IReadOnlyList<IpAddress> AddressesOfThisContainer()
    {
        if (stored?.Decode(Identity.Key).Resource is not WorkloadEndpoint endpoint || endpoint.Spec.ContainerId != call.ContainerId) return [];
        return [.. endpoint.Spec.IpNetworks.Select(network => network.Address)];
    }

    /// <summary>Fails when the endpoint is not there, or has other addresses.</summary>
    public void Check(IReadOnlyList<IpAddress> addresses)
    {
        if (stored is null) throw new CniException(CniCode.Different, $"{Identity.Key} does not exist");
        if (!AddressesOfThisContainer().ToHashSet().SetEquals(addresses))
            throw new CniException(CniCode.Different, $"{Identity.Key} has other addresses: {string.Join(", ", AddressesOfThisContainer())}");
    }

    /// <summary>Writes the endpoint, over what was there: fields that others have set stay.</summary>
    public async Task PutAsync(IReadOnlyList<IpAddress> addresses, MacAddress mac, CancellationToken stop)
    {
        for (int tries = 1; tries <= MostTries; tries++)
        {
            string key = Identity.Key.ToEtcdKey();
            EtcdTransaction transaction = new EtcdTransaction().IfModRevision(key, revision).Put(key, Document(addresses, mac).ToStoredBytes());
            if (WantsProfile && !hasProfile) transaction.IfAbsent(ProfileKey.ToEtcdKey()).Put(ProfileKey.ToEtcdKey(), Profile().ToStoredBytes());
            if ((await cluster.Etcd.CommitAsync(transaction, stop)).Succeeded) return;
            await ReadAsync(stop);
        }
        throw new CniException(CniCode.TryLater, $"others changed {Identity.Key} each of {MostTries} times");
    }

    private ResourceDocument Document(IReadOnlyList<IpAddress> addresses, MacAddress mac)
    {
        ResourceDocument document = stored?.Clone() ?? New(ResourceKind.WorkloadEndpoint, Identity.Key.Name);
        document.Namespace = workload.Namespace;
        document.Labels = workload.LabelsOf(call);
        JsonObject spec = document.EnsureSpec();
        spec["orchestrator"] = workload.Orchestrator;
        spec["node"] = cluster.Node;
        spec["containerID"] = call.ContainerId;
        if (workload.Pod.Length > 0) spec["pod"] = workload.Pod;
        spec["endpoint"] = call.IfName;
        spec["ipNetworks"] = CniJson.Array(addresses.Select(address => new Cidr(address).ToString()));
        spec["profiles"] = CniJson.Array(Profiles());
        spec["interfaceName"] = Identity.HostInterface;
        spec["mac"] = mac.ToString();
        return document;
    }

    private IEnumerable<string> Profiles()
    {
        if (call.Config.ContainsKey("profiles")) return CniJson.Texts(call.Config, "profiles");
        bool ofNamespace = CniJson.Text(CniJson.Object(call.Config, "policy"), "type") == "k8s";
        return ofNamespace ? [$"kns.{workload.Namespace}", $"ksa.{workload.Namespace}.default"] : [call.NetworkName];
    }

    // Containers of one network reach each other, and go anywhere, until a policy says otherwise.
    private ResourceDocument Profile()
    {
        ResourceDocument profile = New(ResourceKind.Profile, call.NetworkName);
        JsonObject spec = profile.EnsureSpec(), from = new() { ["selector"] = $"has({call.NetworkName})" };
        spec["ingress"] = new JsonArray((JsonNode)new JsonObject { ["action"] = "Allow", ["source"] = from, ["destination"] = new JsonObject() });
        spec["egress"] = new JsonArray((JsonNode)new JsonObject { ["action"] = "Allow", ["source"] = new JsonObject(), ["destination"] = new JsonObject() });
        spec["labelsToApply"] = new JsonObject { [call.NetworkName] = "" };
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
