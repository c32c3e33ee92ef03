using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Nodes;
using Canal.Core.Resources;

namespace Canal.Datastore;

/// <summary>
/// Completes a host's Node: makes it when there is none, and fills in what is missing. What is there stays, so that no two writers fight, but for a tunnel's
/// address that the pools do not allow. Each write compares the Node as it was read.
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
    /// Makes the address that the Node has for a tunnel right: assigns one where one is wanted and missing, another in place of one that is in no right pool or is
    /// somebody else's, and takes away what no pool wants. Null when nothing is to be done, or the Node is gone. What an earlier start assigned and did not write
    /// down is used first; what nobody will use is given back. The address before stays assigned, since this host and others still have it: it is one of
    /// <see cref="StrayTunnelAddressesAsync"/> from then on.
    /// </summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">There is no pool that the tunnel carries, no free address, or what is to be known cannot be read; a sentence.</exception>
    public async Task<TunnelChange?> FitTunnelAddressAsync(string node, TunnelAddress tunnel, TunnelDemand demand, IpamStore ipam, CancellationToken stop)
    {
        if (await PictureAsync(node, stop).ConfigureAwait(false) is not (NodeDraft seen, TunnelPools pools)) return null;
        string text = seen.TunnelAddressOf(tunnel);
        IpAddress? now = AddressOf(seen, tunnel);
        // Otherwise an address would be assigned and given back again and again.
        if (now is null && demand == TunnelDemand.Wanted && !seen.CanTakeTunnelAddress(tunnel)) throw new IpamException($"{KeyOf(node)}: {string.Join('.', ["spec", .. tunnel.Path])} is not an address, or has no place");
        switch (pools.Decide(tunnel, demand, now))
        {
            case TunnelStep.Verify when await IsOwnAsync(node, tunnel, now!.Value, ipam, stop).ConfigureAwait(false): return null;
            case TunnelStep.Verify or TunnelStep.Assign:
                IpAddress address = await AssignAsync(node, tunnel, pools, now, ipam, stop).ConfigureAwait(false);
                return await ReplaceAsync(node, tunnel, text, address, ipam, stop).ConfigureAwait(false) ? new TunnelChange(tunnel, now, address) : null;
            case TunnelStep.Remove:
                return await ReplaceAsync(node, tunnel, text, null, ipam, stop).ConfigureAwait(false) ? new TunnelChange(tunnel, now, null) : null;
            default:
                if (now is { } lost && !pools.Cover(lost)) throw new IpamException($"{lost}, this host's {tunnel.Type}, is in no pool, and {Shortage(pools)} gives it another");
                return null;
        }
    }

    /// <summary>What is assigned to the host for a tunnel and its Node does not have. Where there is no Node nothing is: it may come again.</summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">The Node cannot be read; a sentence.</exception>
    public async Task<IReadOnlyList<ReleaseTarget>> StrayTunnelAddressesAsync(string node, TunnelAddress tunnel, IpamStore ipam, CancellationToken stop)
    {
        // The Node is read last: an address that another assigns after this is not in the list.
        List<ReleaseTarget> held = await ipam.AssignmentsAsync(tunnel.Handle(node), stop).ConfigureAwait(false);
        if (held.Count == 0 || (await etcd.GetAsync(KeyOf(node), stop).ConfigureAwait(false)).Entry is not { } entry) return [];
        NodeDraft now = Read(KeyOf(node), node, entry);
        IpAddress? used = AddressOf(now, tunnel);
        // What cannot be read may be any of them.
        return used is null && now.TunnelAddressOf(tunnel).Length > 0 ? [] : [.. held.Where(one => one.Address != used)];
    }

    /// <summary>
    /// Makes these the host's public keys of WireGuard, empty for none, in a Node that is there. Returns whether anything was written; what another wrote is
    /// replaced, because only the host has the private ones.
    /// </summary>
    /// <exception cref="EtcdException">etcd cannot be asked.</exception>
    /// <exception cref="IpamException">The Node cannot be read, or others were faster each time; a sentence.</exception>
    public async Task<bool> PublishKeysAsync(string node, string v4, string v6, CancellationToken stop) =>
        (await CompleteAsync(node, create: false, draft => draft.SetWireGuardKeys(v4, v6), stop).ConfigureAwait(false)).Written;

    /// <summary>Whether an address in a right pool is this host's. One that nobody has becomes it: a workload could be given it otherwise.</summary>
    private static async Task<bool> IsOwnAsync(string node, TunnelAddress tunnel, IpAddress address, IpamStore ipam, CancellationToken stop)
    {
        if (await ipam.AssignmentAsync(address, stop).ConfigureAwait(false) is { } assigned) return tunnel.IsAssigned(assigned, node);
        SpecificOutcome outcome = await ipam.AssignAsync(new SpecificRequest
        {
            Owner = BlockOwner.Host(node),
            Address = address,
            HandleId = tunnel.Handle(node),
            Attributes = AttributesOf(node, tunnel),
            Now = ipam.Now,
        }, stop).ConfigureAwait(false);
        // Where it cannot be assigned to this host it cannot be to its workloads either.
        return outcome.Result != SpecificResult.Taken;
    }

    private static async Task<IpAddress> AssignAsync(string node, TunnelAddress tunnel, TunnelPools pools, IpAddress? now, IpamStore ipam, CancellationToken stop)
    {
        foreach (IpAddress held in await ipam.HeldAsync(tunnel.Handle(node), stop).ConfigureAwait(false))
            if (held != now && pools.AreRightFor(tunnel, held)) return held;
        EquatableArray<Cidr> right = pools.For(tunnel).Select(pool => pool.Cidr).ToEquatableArray();
        if (right.IsEmpty) throw new IpamException($"{Shortage(pools)} gives this host a {tunnel.Type}");
        Assignment assigned = await ipam.AssignAsync(new AddressRequest
        {
            Owner = BlockOwner.Host(node),
            HandleId = tunnel.Handle(node),
            Attributes = AttributesOf(node, tunnel),
            Ipv4 = tunnel.Family == IpFamily.V4 ? 1 : 0,
            Ipv6 = tunnel.Family == IpFamily.V6 ? 1 : 0,
            Pools = right,
            Use = PoolUses.Tunnel,
            Now = ipam.Now,
        }, [], stop).ConfigureAwait(false);
        foreach (AssignedAddress one in tunnel.Family == IpFamily.V4 ? assigned.Ipv4 : assigned.Ipv6) return one.Address;
        throw new IpamException($"no address is left for a {tunnel.Type}: {(tunnel.Family == IpFamily.V4 ? assigned.Ipv4Shortage : assigned.Ipv6Shortage)?.Kind}");
    }

    private static LabelMap AttributesOf(string node, TunnelAddress tunnel) => LabelMap.Create([new("node", node), new("type", tunnel.Type)]);

    private static string Shortage(TunnelPools pools) =>
        pools.Unreadable.Count == 0 ? "no enabled pool" : $"no enabled pool that can be read (IPPool {string.Join(", ", pools.Unreadable)} cannot)";

    /// <summary>Whether the Node has the other address now, or none (null). One that was assigned for nothing, because somebody else changed the Node meanwhile, is given back.</summary>
    private async Task<bool> ReplaceAsync(string node, TunnelAddress tunnel, string before, IpAddress? address, IpamStore ipam, CancellationToken stop)
    {
        (NodeDraft? draft, bool written) = await CompleteAsync(node, create: false, draft =>
        {
            if (before.Length == 0 && address is { } first) draft.SetTunnelAddress(tunnel, first);
            else draft.ReplaceTunnelAddress(tunnel, before, address);
        }, stop).ConfigureAwait(false);
        if (!written && address is { } unused && (draft is null || AddressOf(draft, tunnel) != unused))
            await ipam.ReleaseAsync([new ReleaseTarget(unused, tunnel.Handle(node))], stop).ConfigureAwait(false);
        return written;
    }

    /// <summary>The Node and the pools at one moment; null without a Node.</summary>
    /// <exception cref="IpamException">The cluster says that its data is not to be used: it may be half of what there was.</exception>
    private async Task<(NodeDraft, TunnelPools)?> PictureAsync(string node, CancellationToken stop)
    {
        ResourceKey own = new(ResourceKind.Node, null, node), cluster = new(ResourceKind.ClusterInformation, null, "default");
        KeyRange[] ranges = [KeyRange.Prefix(ResourceKinds.Of(ResourceKind.IPPool).Prefix), KeyRange.Single(own.ToEtcdKey()), KeyRange.Single(cluster.ToEtcdKey())];
        List<IpPool> pools = [];
        List<string> unreadable = [];
        (NodeDraft? draft, LabelMap labels, bool isReady) = (null, default, false);
        foreach (EtcdEntry entry in (await etcd.SnapshotAsync(ranges, stop).ConfigureAwait(false)).Entries)
        {
            if (!ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _)) continue;
            Resource? resource = ResourceCodec.Decode(key, entry.Value).Resource;
            if (key == own) (draft, labels) = (Read(KeyOf(node), node, entry), (resource ?? throw new IpamException($"{KeyOf(node)}: cannot be read")).Metadata.Labels);
            else if (resource is IpPool pool) pools.Add(pool);
            else if (key.Kind == ResourceKind.IPPool) unreadable.Add(key.Name);
            else isReady = resource is ClusterInformation { DatastoreReady: true };
        }
        if (draft is null) return null;
        return isReady ? (draft, new TunnelPools(pools, labels, unreadable)) : throw new IpamException("the cluster says that its data is not ready to be used");
    }

    private static IpAddress? AddressOf(NodeDraft draft, TunnelAddress tunnel) => IpAddress.TryParse(draft.TunnelAddressOf(tunnel), out IpAddress address) ? address : null;

    private static string KeyOf(string node) => new ResourceKey(ResourceKind.Node, null, node).ToEtcdKey();

    private async Task<(NodeDraft? Draft, bool Written)> CompleteAsync(string node, bool create, Action<NodeDraft> complete, CancellationToken stop)
    {
        string key = KeyOf(node);
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
