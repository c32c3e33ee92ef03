using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>Reads all of IPAM and who uses its addresses.</summary>
internal static class IpamReader
{
    /// <summary>IPAM before the endpoints: an address that is assigned in between is then no leak. One that is released in between may look like one in use.</summary>
    public static async Task<IpamState> ReadAsync(Connection connection, Surroundings around, CancellationToken stop)
    {
        IpamState state = new();
        await foreach (EtcdPage page in connection.Etcd.ListAsync(KeyRange.Prefix(IpamKey.Root), stop))
        {
            foreach (EtcdEntry entry in page.Entries.ToArray())
                Add(entry, state, around);
        }
        foreach (ResourceKind kind in (ResourceKind[])[ResourceKind.IPPool, ResourceKind.Node, ResourceKind.WorkloadEndpoint])
        {
            foreach (StoredResource stored in (await connection.Resources.ListAsync(ResourceKinds.Of(kind), null, stop)).Resources)
            {
                if (stored.Document?.Decode(stored.Key).Resource is { } resource)
                    state.Add(resource);
                else
                    around.Say($"{stored.Key}: left out: it cannot be understood");
            }
        }
        return state;
    }

    private static void Add(EtcdEntry entry, IpamState state, Surroundings around)
    {
        if (!IpamKey.TryParse(entry.Key.Span, out IpamKey key))
            return;
        bool good = key.Kind switch
        {
            IpamKeyKind.Block => IpamCodec.DecodeBlock(entry.Value.Span).Value is { } block && block.Cidr == key.Cidr && state.Blocks.TryAdd(key.Cidr, block),
            IpamKeyKind.Handle => IpamCodec.DecodeHandle(entry.Value.Span).Value is { } handle && state.Handles.TryAdd(key.HandleId!, handle),
            IpamKeyKind.Affinity => IpamCodec.DecodeAffinity(entry.Value.Span).Value is { } claim && state.Claims.TryAdd((key.Owner, key.Cidr), claim),
            _ => true,
        };
        if (!good)
            around.Say($"{key.ToEtcdKey()}: left out: it cannot be understood");
    }
}
