using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;

namespace Canal.Datastore;

/// <summary>What to read from etcd at once, and of what absence is to be noted.</summary>
internal sealed class IpamReading
{
    private readonly List<KeyRange> ranges = [];
    private readonly Dictionary<string, IpamKey> keys = [];

    public static IpamReading Pools => Of([ResourceKinds.Of(ResourceKind.IPPool).Prefix], [], []);

    public static IpamReading For(AddressRequest request, IEnumerable<Cidr> likely) => Of(
        AddressAssignment.Prefixes(request), AddressAssignment.Keys(request).Concat(likely.Select(IpamKey.Block)), AddressAssignment.Resources(request));

    public static IpamReading For(SpecificRequest request) => Of(
        [ResourceKinds.Of(ResourceKind.IPPool).Prefix], request.HandleId is { } handle ? [IpamKey.Config, IpamKey.Handle(handle)] : [IpamKey.Config], []);

    public static IpamReading For(IEnumerable<IpamKey> keys) => Of([], keys, []);

    public static IpamReading ForClaims(BlockOwner owner) => Of([IpamKey.Affinities(owner, IpFamily.V4), IpamKey.Affinities(owner, IpFamily.V6)], [], []);

    public static IpamReading ForWritten(IEnumerable<IpamWrite> writes)
    {
        IpamReading reading = new();
        foreach (IpamWrite write in writes) reading.ranges.Add(KeyRange.Single(write.Key));
        return reading;
    }

    public async Task<IpamPicture> ReadAsync(EtcdStore etcd, CancellationToken stop)
    {
        IpamPicture picture = new();
        await ReadAsync(etcd, picture, stop);
        return picture;
    }

    public async Task ReadAsync(EtcdStore etcd, IpamPicture picture, CancellationToken stop)
    {
        HashSet<string> absent = [.. keys.Keys];
        foreach (KeyRange[] some in ranges.Chunk(EtcdStore.MostRanges))
        {
            foreach (EtcdEntry entry in (await etcd.SnapshotAsync(some, stop)).Entries)
            {
                absent.Remove(entry.KeyText);
                picture.Add(entry.Key.Span, entry.Value, entry.ModRevision);
            }
        }
        foreach (string key in absent) picture.AddAbsent(keys[key]);
    }

    private static IpamReading Of(IEnumerable<string> prefixes, IEnumerable<IpamKey> keys, IEnumerable<ResourceKey> resources)
    {
        IpamReading reading = new();
        foreach (string prefix in prefixes) reading.ranges.Add(KeyRange.Prefix(prefix));
        foreach (ResourceKey resource in resources) reading.ranges.Add(KeyRange.Single(resource.ToEtcdKey()));
        foreach (IpamKey key in keys)
        {
            if (reading.keys.TryAdd(key.ToEtcdKey(), key)) reading.ranges.Add(KeyRange.Single(key.ToEtcdKey()));
        }
        return reading;
    }
}
