using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Nodes;
using Canal.Core.Resources;

namespace Canal.Datastore;

/// <summary>
/// Completes a host's Node: makes it when there is none, fills in what is missing, and never changes what is there, so that no two writers fight. Each write
/// compares the Node as it was read.
/// </summary>
public sealed class NodeStore(EtcdStore etcd, TimeProvider time)
{
    private const int MostTries = 20;

    /// <summary>
    /// Makes the Node when there is none, and fills in the host's addresses. Returns whether anything was written, and the Node as it is then.
    /// </summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">The Node cannot be read, or others were faster each time; a sentence.</exception>
    public async Task<(bool Written, NodeDraft Node)> RegisterAsync(string node, IReadOnlyList<InterfaceAddress> addresses, CancellationToken stop)
    {
        (NodeDraft? complete, bool written) = await CompleteAsync(node, create: true, draft =>
        {
            foreach (InterfaceAddress address in addresses) draft.SetHostAddress(address);
        }, stop).ConfigureAwait(false);
        return (written, complete!);
    }

    /// <summary>
    /// Gives the host an address for a tunnel where its Node has none; returns it, or null when the Node has one by now, or is gone. What an earlier start
    /// assigned and did not write down is used first; what nobody will use is given back.
    /// </summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">There is no pool that the tunnel carries, no free address, or the Node cannot be read; a sentence.</exception>
    public async Task<IpAddress?> AddTunnelAddressAsync(string node, TunnelAddress tunnel, IpamStore ipam, CancellationToken stop)
    {
        string key = new ResourceKey(ResourceKind.Node, null, node).ToEtcdKey();
        if ((await etcd.GetAsync(key, stop).ConfigureAwait(false)).Entry is not { } entry) return null;
        NodeDraft now = Read(key, node, entry);
        if (IpAddress.TryParse(now.TunnelAddressOf(tunnel), out _)) return null;
        // Otherwise an address would be assigned and given back again and again.
        if (!now.CanTakeTunnelAddress(tunnel)) throw new IpamException($"{key}: {string.Join('.', ["spec", .. tunnel.Path])} is not an address, or has no place");
        IpAddress address = await AssignAsync(node, tunnel, ipam, stop).ConfigureAwait(false);
        (NodeDraft? draft, bool written) = await CompleteAsync(node, create: false, draft => draft.SetTunnelAddress(tunnel, address), stop).ConfigureAwait(false);
        if (written) return address;
        if (draft?.TunnelAddressOf(tunnel) != address.ToString()) await ipam.ReleaseAsync([new ReleaseTarget(address, tunnel.Handle(node))], stop).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Makes these the host's public keys of WireGuard, empty for none, in a Node that is there. Returns whether anything was written; what another wrote is
    /// replaced, because only the host has the private ones.
    /// </summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">The Node cannot be read, or others were faster each time; a sentence.</exception>
    public async Task<bool> PublishKeysAsync(string node, string v4, string v6, CancellationToken stop) =>
        (await CompleteAsync(node, create: false, draft => draft.SetWireGuardKeys(v4, v6), stop).ConfigureAwait(false)).Written;

    private async Task<IpAddress> AssignAsync(string node, TunnelAddress tunnel, IpamStore ipam, CancellationToken stop)
    {
        foreach (IpAddress held in await ipam.HeldAsync(tunnel.Handle(node), stop).ConfigureAwait(false)) return held;
        Cidr[] pools = await PoolsAsync(node, tunnel, stop).ConfigureAwait(false);
        if (pools.Length == 0) throw new IpamException($"no enabled pool gives this host a {tunnel.Type}");
        Assignment assigned = await ipam.AssignAsync(new AddressRequest
        {
            Owner = BlockOwner.Host(node),
            HandleId = tunnel.Handle(node),
            Attributes = LabelMap.Create([new("node", node), new("type", tunnel.Type)]),
            Ipv4 = tunnel.Family == IpFamily.V4 ? 1 : 0,
            Ipv6 = tunnel.Family == IpFamily.V6 ? 1 : 0,
            Pools = pools.ToEquatableArray(),
            Use = PoolUses.Tunnel,
            Now = ipam.Now,
        }, [], stop).ConfigureAwait(false);
        foreach (AssignedAddress one in tunnel.Family == IpFamily.V4 ? assigned.Ipv4 : assigned.Ipv6) return one.Address;
        throw new IpamException($"no address is left for a {tunnel.Type}: {(tunnel.Family == IpFamily.V4 ? assigned.Ipv4Shortage : assigned.Ipv6Shortage)?.Kind}");
    }

    /// <summary>The networks of the pools that the tunnel carries and that select the node.</summary>
    private async Task<Cidr[]> PoolsAsync(string node, TunnelAddress tunnel, CancellationToken stop)
    {
        ResourceKey key = new(ResourceKind.Node, null, node);
        IReadOnlyList<EtcdEntry> entries = (await etcd.SnapshotAsync([KeyRange.Prefix(ResourceKinds.Of(ResourceKind.IPPool).Prefix), KeyRange.Single(key.ToEtcdKey())], stop).ConfigureAwait(false)).Entries;
        List<IpPool> pools = [];
        LabelMap labels = default;
        foreach (EtcdEntry entry in entries)
        {
            if (!ResourceKey.TryParse(entry.Key.Span, out ResourceKey read, out _)) continue;
            Resource? resource = ResourceCodec.Decode(read, entry.Value).Resource;
            if (resource is IpPool pool && tunnel.IsCarriedBy(pool)) pools.Add(pool);
            if (resource is Node own) labels = own.Metadata.Labels;
        }
        return [.. pools.Where(pool => TunnelAddress.Selects(pool, labels)).Select(pool => pool.Cidr)];
    }

    private async Task<(NodeDraft? Draft, bool Written)> CompleteAsync(string node, bool create, Action<NodeDraft> complete, CancellationToken stop)
    {
        string key = new ResourceKey(ResourceKind.Node, null, node).ToEtcdKey();
        for (int tries = 0; tries < MostTries; tries++)
        {
            EtcdEntry? entry = (await etcd.GetAsync(key, stop).ConfigureAwait(false)).Entry;
            if (entry is null && !create) return (null, false);
            NodeDraft draft = Read(key, node, entry);
            complete(draft);
            if (!draft.IsChanged) return (draft, false);
            EtcdTransaction write = new EtcdTransaction().IfModRevision(key, entry?.ModRevision ?? 0).Put(key, draft.ToStoredBytes());
            if ((await etcd.CommitAsync(write, stop).ConfigureAwait(false)).Succeeded) return (draft, true);
        }
        throw new IpamException($"{key}: others changed it each of {MostTries} times");
    }

    private NodeDraft Read(string key, string node, EtcdEntry? entry)
    {
        if (entry is not { } found) return NodeDraft.New(node, Guid.NewGuid().ToString(), time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        return NodeDraft.Of(found.Value.Span, out Problem problem) ?? throw new IpamException($"{key}: {problem}");
    }
}
