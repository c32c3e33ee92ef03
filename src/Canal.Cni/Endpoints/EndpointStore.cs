using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Workloads;

namespace Canal.Cni;

/// <summary>One container's WorkloadEndpoint in etcd, and the profile of its network.</summary>
internal sealed class EndpointStore
{
    private readonly string node;
    private readonly CniCall call;
    private readonly EndpointRecord record;

    public EndpointStore(Cluster cluster, CniCall call, Workload workload)
    {
        (node, this.call, Workload, Identity) = (cluster.Node, call, workload, EndpointIdentity.Of(call, workload, cluster.Node));
        // Calico's plugin makes a profile for a network that names no kind of policy.
        bool wantsProfile = CniJson.Text(CniJson.Object(call.Config, "policy"), "type").Length == 0 && !call.Config.ContainsKey("profiles");
        record = new EndpointRecord(cluster.Etcd, cluster.ReadAsync, Identity.Key, wantsProfile ? call.NetworkName : null);
    }

    public Workload Workload { get; }

    public EndpointIdentity Identity { get; }

    public Task ReadAsync(CancellationToken stop) => record.ReadAsync(stop);

    /// <summary>What the endpoint has already, if it is this very container's.</summary>
    public IReadOnlyList<IpAddress> AddressesOfThisContainer()
    {
        if (record.Endpoint is not { } endpoint || endpoint.Spec.ContainerId != call.ContainerId) return [];
        return [.. endpoint.Spec.IpNetworks.Select(network => network.Address)];
    }

    /// <summary>Fails when the endpoint is not there, or has other addresses.</summary>
    public void Check(IReadOnlyList<IpAddress> addresses)
    {
        if (record.Stored is null) throw new CniException(CniCode.Different, $"{Identity.Key} does not exist");
        if (!AddressesOfThisContainer().ToHashSet().SetEquals(addresses))
            throw new CniException(CniCode.Different, $"{Identity.Key} has other addresses: {string.Join(", ", AddressesOfThisContainer())}");
    }

    /// <summary>Writes the endpoint, over what was there: fields that others have set stay.</summary>
    public async Task PutAsync(IReadOnlyList<IpAddress> addresses, MacAddress mac, CancellationToken stop)
    {
        if (!await record.PutAsync(document => Describe(document, addresses, mac), stop))
            throw new CniException(CniCode.TryLater, $"others changed {Identity.Key} each time it was written");
    }

    private void Describe(ResourceDocument document, IReadOnlyList<IpAddress> addresses, MacAddress mac)
    {
        document.Labels = Workload.LabelsOf(call);
        JsonObject spec = document.EnsureSpec();
        spec["orchestrator"] = Workload.Orchestrator;
        spec["node"] = node;
        spec["containerID"] = call.ContainerId;
        if (Workload.Pod.Length > 0) spec["pod"] = Workload.Pod;
        spec["endpoint"] = call.IfName;
        spec["ipNetworks"] = CniJson.Array(addresses.Select(address => new Cidr(address).ToString()));
        spec["profiles"] = CniJson.Array(Profiles());
        spec["interfaceName"] = Identity.HostInterface;
        spec["mac"] = mac.ToString();
    }

    private IEnumerable<string> Profiles()
    {
        if (call.Config.ContainsKey("profiles")) return CniJson.Texts(call.Config, "profiles");
        bool ofNamespace = CniJson.Text(CniJson.Object(call.Config, "policy"), "type") == "k8s";
        return ofNamespace ? [$"kns.{Workload.Namespace}", $"ksa.{Workload.Namespace}.default"] : [call.NetworkName];
    }
}
