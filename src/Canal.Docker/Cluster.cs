using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Workloads;

namespace Canal.Docker;

/// <summary>The cluster's data, and what this host's containers are called in it.</summary>
/// <param name="node">This host.</param>
/// <param name="namespace">Of the endpoints.</param>
/// <param name="etcd">Where they are.</param>
/// <param name="ipam">The pools' addresses.</param>
/// <param name="pending">Deletions.</param>
internal sealed class Cluster(string node, string @namespace, EtcdStore etcd, IpamStore ipam, PendingDeletes pending) : IDisposable
{
    /// <summary>As Calico's driver names it, and every workload of it.</summary>
    public const string Orchestrator = WorkloadEndpointName.Libnetwork;

    // Requests may come at once, and a deletion must not be done a second time when its address is somebody's again.
    private readonly SemaphoreSlim catchingUp = new(1);

    public string Node => node;

    /// <summary>What handles of this host's addresses are or, with a dot and the hardware address of a container, begin with.</summary>
    public string Handle => $"{Orchestrator}.{node}";

    public EtcdStore Etcd => etcd;

    public IpamStore Ipam => ipam;

    public WorkloadEndpointName NameOf(string endpoint) => new(node, Orchestrator, Orchestrator, endpoint);

    public ResourceKey KeyOf(string endpoint) =>
        new(ResourceKind.WorkloadEndpoint, @namespace, NameOf(endpoint).Print(out Problem problem) ?? throw new DriverException($"the endpoint has no name: {problem}"));

    /// <inheritdoc/>
    public void Dispose() => catchingUp.Dispose();

    /// <summary>Reads keys at one revision, and refuses to go on while the datastore is locked, as for a migration.</summary>
    /// <returns>What there is, by key.</returns>
    public async Task<Dictionary<string, EtcdEntry>> ReadAsync(IEnumerable<ResourceKey> keys, CancellationToken stop) => await EndpointRecord.ReadAsync(etcd, keys, stop)
        ?? throw new DriverException("the cluster is not ready: ClusterInformation default does not say datastoreReady; canalctl init makes a new one ready");

    /// <summary>The addresses of this host's containers.</summary>
    public async Task<HashSet<IpAddress>> AddressesInUseAsync(CancellationToken stop)
    {
        HashSet<IpAddress> used = [];
        string prefix = new WorkloadEndpointName(node, Orchestrator, Orchestrator, "").PrintPrefix(out Problem problem) ?? throw new DriverException($"endpoints have no names: {problem}");
        ResourceKey first = new(ResourceKind.WorkloadEndpoint, @namespace, prefix);
        await foreach (EtcdPage page in etcd.ListAsync(KeyRange.Prefix(first.ToEtcdKey()), stop))
            foreach (EtcdEntry entry in page.Entries.ToArray())
                if (ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _) && ResourceCodec.Decode(key, entry.Value).Resource is WorkloadEndpoint endpoint)
                    used.UnionWith(endpoint.Spec.IpNetworks.ToArray().Select(network => network.Address));
        return used;
    }

    /// <summary>Deletes now or, while etcd is away, later.</summary>
    /// <returns>Why it is done later; null when it is done.</returns>
    public Task<string?> DeleteAsync(PendingDelete what, CancellationToken stop) => InTurnAsync(() => pending.DeleteAsync(what, Task.CompletedTask, stop), stop);

    /// <summary>Deletes what could not be deleted before.</summary>
    /// <exception cref="EtcdException">It still cannot.</exception>
    public async Task CatchUpAsync(CancellationToken stop)
    {
        if (!pending.Any) return;
        await InTurnAsync(async () =>
        {
            await pending.CatchUpAsync(stop);
            return true;
        }, stop);
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken stop)
    {
        await catchingUp.WaitAsync(stop);
        try
        {
            return await work();
        }
        finally
        {
            catchingUp.Release();
        }
    }
}
