using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Workloads;

namespace Canal.Cni;

/// <summary>GC: deletes what belongs to this node and network and to no valid attachment.</summary>
internal sealed class Collection(Cluster cluster, CniCall call)
{
    private readonly HashSet<string> valid = [.. CniJson.Objects(call.Config, "cni.dev/valid-attachments").Select(attachment => CniJson.Text(attachment, "containerID"))];

    /// <summary>Deletes endpoints: those whose profile is the network's, and those whose address had its handle.</summary>
    public async Task DeleteEndpointsAsync(CancellationToken stop)
    {
        foreach ((ResourceKey key, WorkloadEndpoint endpoint) in await EndpointsAsync(stop))
        {
            string id = endpoint.Spec.ContainerId;
            if (valid.Contains(id) || id.Length == 0 || !await IsOfNetworkAsync(endpoint, stop)) continue;
            await cluster.DeleteAsync(new PendingDelete(id, key, $"{call.NetworkName}.{id}"), stop);
        }
    }

    /// <summary>Releases addresses of handles that have no container any more.</summary>
    public async Task ReleaseAddressesAsync(CancellationToken stop)
    {
        string prefix = $"{call.NetworkName}.";
        foreach (IpamHandleEntry handle in await HandlesAsync(prefix, stop))
        {
            if (valid.Contains(handle.Id[prefix.Length..]) || !await IsOfNodeAsync(handle, stop)) continue;
            await cluster.Ipam.ReleaseAsync(handle.Id, stop);
        }
    }

    private async Task<List<(ResourceKey, WorkloadEndpoint)>> EndpointsAsync(CancellationToken stop)
    {
        List<(ResourceKey, WorkloadEndpoint)> found = [];
        await foreach (EtcdPage page in cluster.Etcd.ListAsync(KeyRange.Prefix(ResourceKinds.Of(ResourceKind.WorkloadEndpoint).Prefix), stop))
            foreach (EtcdEntry entry in page.Entries.ToArray())
                if (ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _) && ResourceCodec.Decode(key, entry.Value).Resource is WorkloadEndpoint endpoint
                    && endpoint.Spec.Node == cluster.Node && endpoint.Spec.Orchestrator is "cni" or "k8s") found.Add((key, endpoint));
        return found;
    }

    private async Task<bool> IsOfNetworkAsync(WorkloadEndpoint endpoint, CancellationToken stop) => endpoint.Spec.Profiles.Contains(call.NetworkName)
        || (await cluster.Etcd.GetAsync(IpamKey.Handle($"{call.NetworkName}.{endpoint.Spec.ContainerId}").ToEtcdKey(), stop)).Entry is not null;

    private async Task<List<IpamHandleEntry>> HandlesAsync(string prefix, CancellationToken stop)
    {
        List<IpamHandleEntry> found = [];
        await foreach (EtcdPage page in cluster.Etcd.ListAsync(KeyRange.Prefix(IpamKey.Handle(prefix).ToEtcdKey()), stop))
            foreach (EtcdEntry entry in page.Entries.ToArray())
                if (IpamKey.TryParse(entry.Key.Span, out IpamKey key) && IpamCodec.DecodeHandle(entry.Value.Span).Value is { } handle) found.Add(new IpamHandleEntry(key.HandleId!, handle));
        return found;
    }

    // The handle does not say whose it is; the addresses' attributes do.
    private async Task<bool> IsOfNodeAsync(IpamHandleEntry handle, CancellationToken stop)
    {
        foreach (HandleCount count in handle.Handle.Blocks.ToArray())
        {
            if ((await cluster.Etcd.GetAsync(IpamKey.Block(count.Block).ToEtcdKey(), stop)).Entry is not { } entry) continue;
            IpamAttribute? attribute = IpamCodec.DecodeBlock(entry.Value.Span).Value?.Attributes.FirstOrDefault(one => one.HandleId == handle.Id);
            return attribute?.Secondary["node"] == cluster.Node;
        }
        return false;
    }

    private sealed record IpamHandleEntry(string Id, IpamHandle Handle);
}
