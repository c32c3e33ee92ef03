using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>
/// Takes away all that is a host's, so that its Node can go: its endpoints, the addresses and blocks that it has, its BGPPeers and its own configurations.
/// Each step finds what an earlier try that was cut short has left.
/// </summary>
internal sealed class NodeRemover(Connection connection, Surroundings around, string node)
{
    private readonly ResourceRemover remover = new(connection, around, ignoreMissing: true);

    /// <summary>Addresses that its endpoints and tunnels say they have; address management may not say whose they are.</summary>
    private readonly HashSet<IpAddress> used = [];

    /// <summary>How much was removed.</summary>
    public int Removed { get; private set; }

    /// <summary>Removes it; what cannot be is told.</summary>
    /// <returns>False when something is left.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        NoteTunnels((await connection.Resources.GetAsync(new ResourceKey(ResourceKind.Node, null, node), stop))?.Document?.Spec);
        // The endpoints before their addresses, and both before the Node: agents of other hosts should not route to blocks whose node is unknown.
        bool good = await RemoveAsync(ResourceKind.WorkloadEndpoint, IsOwnWorkload, stop);
        good &= await RemoveAsync(ResourceKind.HostEndpoint, IsOwn, stop);
        good &= await TryAsync($"the addresses of {node}", () => ReleaseAsync(stop));
        good &= await RemoveAsync(ResourceKind.BGPPeer, IsOwn, stop);
        good &= await RemoveOwnAsync(ResourceKind.BGPConfiguration, stop);
        return good & await RemoveOwnAsync(ResourceKind.FelixConfiguration, stop);
    }

    /// <summary>One thing that cannot be removed does not keep the others; an etcd that does not answer does.</summary>
    private async Task<bool> TryAsync(string what, Func<Task<bool>> remove)
    {
        try
        {
            return await remove();
        }
        catch (Exception error) when (error is IpamException or EtcdException { Failure: EtcdFailure.PermissionDenied })
        {
            around.Say($"{what}: {error.Message}");
            return false;
        }
    }

    private bool IsOwn(StoredResource stored) => Text(stored.Document?.Spec?["node"]) == node;

    /// <summary>One whose value nobody can read tells the node by its name.</summary>
    private bool IsOwnWorkload(StoredResource stored)
    {
        bool isOwn = Text(stored.Document?.Spec?["node"]) is { } told ? told == node : WorkloadEndpointName.TryParse(stored.Key.Name, out WorkloadEndpointName name) && name.Node == node;
        if (isOwn && stored.Document?.Spec?["ipNetworks"] is JsonArray networks)
            foreach (JsonNode? network in networks) Note(Text(network));
        return isOwn;
    }

    private void NoteTunnels(JsonObject? spec)
    {
        foreach (TunnelAddress tunnel in TunnelAddress.All)
        {
            JsonNode? at = spec;
            foreach (string name in tunnel.Path) at = (at as JsonObject)?[name];
            Note(Text(at));
        }
    }

    private void Note(string? text)
    {
        if (text is not null && Cidr.TryParse(text, out Cidr network) && network.IsSingleAddress) used.Add(network.Address);
    }

    private Task<bool> RemoveAsync(ResourceKind kind, Func<StoredResource, bool> isOwn, CancellationToken stop) => TryAsync($"each {kind} of {node}", async () =>
    {
        bool good = true;
        foreach (StoredResource stored in (await connection.Resources.ListAsync(ResourceKinds.Of(kind), null, stop)).Resources.Where(isOwn))
            good &= await TryAsync(stored.Key.ToString(), () => RemoveAsync(stored.Key, stop));
        return good;
    });

    private Task<bool> RemoveOwnAsync(ResourceKind kind, CancellationToken stop)
    {
        ResourceKey own = new(kind, null, $"node.{node}");
        return TryAsync(own.ToString(), async () => await connection.Resources.GetAsync(own, stop) is null || await RemoveAsync(own, stop));
    }

    private async Task<bool> RemoveAsync(ResourceKey key, CancellationToken stop)
    {
        if (!await remover.RemoveAsync(new ResourceArgument(ResourceKinds.Of(key.Kind), key.Namespace, key.Name), null, stop)) return false;
        Removed++;
        return true;
    }

    /// <summary>Addresses that are the node's, wherever they are, and then its blocks.</summary>
    private async Task<bool> ReleaseAsync(CancellationToken stop)
    {
        using IpamStore ipam = new(connection.Etcd, around.Time, Random.Shared);
        BlockOwner owner = BlockOwner.Host(node);
        HashSet<Cidr> blocks = [.. await ipam.ClaimsAsync(owner, stop)];
        List<ReleaseTarget> targets = [];
        foreach (IpamBlock block in await BlocksAsync(stop))
        {
            if (block.Affinity == owner) blocks.Add(block.Cidr);
            targets.AddRange(NodeAddresses.Of(block, node, used));
        }
        Release released = await ipam.ReleaseAsync(targets, stop);
        foreach (Cidr block in blocks) await ipam.ReleaseAsync(owner, block, mustBeEmpty: false, stop);
        return Tell(released, blocks.Count);
    }

    private bool Tell(Release released, int blocks)
    {
        Removed += released.Released.Count + blocks;
        if (released.Released.Count > 0 || blocks > 0) around.Say($"released {released.Released.Count} addresses and {blocks} blocks of {node}");
        foreach (IpAddress address in released.Refused) around.Say($"{address} stays: it was assigned anew meanwhile");
        return released.Refused.IsEmpty;
    }

    private async Task<List<IpamBlock>> BlocksAsync(CancellationToken stop)
    {
        List<IpamBlock> blocks = [];
        await foreach (EtcdPage page in connection.Etcd.ListAsync(KeyRange.Prefix(IpamKey.Blocks), stop))
        {
            foreach (EtcdEntry entry in page.Entries.ToArray())
            {
                if (!IpamKey.TryParse(entry.Key.Span, out IpamKey key)) continue;
                if (IpamCodec.DecodeBlock(entry.Value.Span).Value is { } block && block.Cidr == key.Cidr) blocks.Add(block);
                else around.Say($"{entry.KeyText}: left out: it cannot be understood");
            }
        }
        return blocks;
    }

    private static string? Text(JsonNode? at) => at is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
