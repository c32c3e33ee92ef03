using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Ipam;

/// <summary>etcd as a map: carries out plans as the store does, and counts the round trips.</summary>
internal sealed class IpamWorld
{
    private readonly SortedDictionary<string, (byte[] Value, long Revision)> entries = new(StringComparer.Ordinal);
    private long revision;

    public DateTimeOffset Clock { get; set; } = new(2026, 5, 4, 9, 30, 0, TimeSpan.Zero);

    public int RoundTrips { get; private set; }

    public IEnumerable<string> Keys => entries.Keys;

    public string? Text(string key) => entries.TryGetValue(key, out (byte[] Value, long Revision) entry) ? Encoding.UTF8.GetString(entry.Value) : null;

    public void Put(string key, string value) => entries[key] = (Encoding.UTF8.GetBytes(value), ++revision);

    public void Put(IpamBlock block) => entries[IpamKey.Block(block.Cidr).ToEtcdKey()] = (IpamWriter.Encode(block), ++revision);

    public void Remove(string key) => entries.Remove(key);

    public void Pool(string name, string cidr, int size, string more = "") =>
        Put($"{ResourceKey.Root}ippools/{name}", $$"""{"kind":"IPPool","metadata":{"name":"{{name}}"},"spec":{"blockSize":{{size}},"cidr":"{{cidr}}" {{more}} } }""");

    public void Config(string json) => Put(IpamKey.Config.ToEtcdKey(), json);

    public IpamBlock? Block(string cidr) => Text(IpamKey.Block(Cidr.Parse(cidr)).ToEtcdKey()) is { } text ? IpamCodec.DecodeBlock(Encoding.UTF8.GetBytes(text)).Value : null;

    public IpamHandle? Handle(string id) => Text(IpamKey.Handle(id).ToEtcdKey()) is { } text ? IpamCodec.DecodeHandle(Encoding.UTF8.GetBytes(text)).Value : null;

    public string? Affinity(string node, string cidr) => Text(IpamKey.Affinity(BlockOwner.Host(node), Cidr.Parse(cidr)).ToEtcdKey());

    public static AddressRequest Request(string node, int v4, int v6 = 0, string? handle = null) => new()
    {
        Owner = BlockOwner.Host(node),
        HandleId = handle,
        Attributes = LabelMap.Create(new KeyValuePair<string, string>("node", node)),
        Ipv4 = v4,
        Ipv6 = v6,
        Now = default,
    };

    public Assignment Assign(AddressRequest request, params Cidr[] likely)
    {
        request = request with { Now = new IpamTime(Clock) };
        Assignment all = new();
        while (true)
        {
            AddressRequest rest = request with { Ipv4 = request.Ipv4 - all.Ipv4.Count, Ipv6 = request.Ipv6 - all.Ipv6.Count };
            IEnumerable<IpamKey> keys = AddressAssignment.Keys(rest).Concat(likely.Select(IpamKey.Block));
            all = all.With(Run([.. AddressAssignment.Prefixes(rest), .. AddressAssignment.Resources(rest).Select(key => key.ToEtcdKey())], keys, picture => AddressAssignment.Plan(rest, picture)));
            if ((all.Ipv4.Count >= request.Ipv4 || all.Ipv4Shortage is not null) && (all.Ipv6.Count >= request.Ipv6 || all.Ipv6Shortage is not null)) return all;
        }
    }

    public SpecificOutcome Assign(string node, string address, string? handle = null)
    {
        SpecificRequest request = new() { Owner = BlockOwner.Host(node), Address = IpAddress.Parse(address), HandleId = handle, Now = new IpamTime(Clock) };
        return Run([ResourceKinds.Of(ResourceKind.IPPool).Prefix], [IpamKey.Config], picture => SpecificAssignment.Plan(request, picture));
    }

    public Release Release(string handle)
    {
        Release all = new() { More = true };
        while (all.More)
        {
            Release next = Run([], [IpamKey.Handle(handle)], picture => AddressRelease.Plan(handle, picture));
            all = all.With(next) with { More = next.More };
        }
        return all;
    }

    public Release Release(params ReleaseTarget[] targets) => Run([], targets.SelectMany(AddressRelease.Keys), picture => AddressRelease.Plan(targets, picture));

    public AffinityResult Claim(string node, string block) =>
        Run([], [], picture => BlockAffinity.Claim(BlockOwner.Host(node), Cidr.Parse(block), new IpamTime(Clock), picture))!.Value;

    public AffinityResult GiveUp(string node, string block, bool mustBeEmpty) =>
        Run([], [], picture => BlockAffinity.Release(BlockOwner.Host(node), Cidr.Parse(block), mustBeEmpty, picture))!.Value;

    private T Run<T>(IEnumerable<string> prefixes, IEnumerable<IpamKey> keys, Func<IpamPicture, IpamPlan<T>> plan)
    {
        IpamPicture picture = new();
        RoundTrips++;
        foreach (string prefix in prefixes) Read(picture, prefix);
        foreach (IpamKey key in keys) Read(picture, key);
        IpamPlan<T> next = plan(picture);
        while (!next.Needs.IsEmpty)
        {
            RoundTrips += (next.Needs.Count + 127) / 128;
            foreach (IpamKey key in next.Needs) Read(picture, key);
            next = plan(picture);
        }
        if (!next.Writes.IsEmpty) Commit(next.Writes, next.Guards);
        return next.Outcome!;
    }

    private void Read(IpamPicture picture, string prefix)
    {
        foreach ((string key, (byte[] value, long at)) in entries)
            if (key.StartsWith(prefix, StringComparison.Ordinal)) picture.Add(Encoding.UTF8.GetBytes(key), value, at);
    }

    private void Read(IpamPicture picture, IpamKey key)
    {
        if (entries.TryGetValue(key.ToEtcdKey(), out (byte[] Value, long Revision) entry)) picture.Add(Encoding.UTF8.GetBytes(key.ToEtcdKey()), entry.Value, entry.Revision);
        else picture.AddAbsent(key);
    }

    private void Commit(EquatableArray<IpamWrite> writes, EquatableArray<IpamGuard> guards)
    {
        RoundTrips++;
        Assert.True(writes.Count + guards.Count <= 128, "more operations than a transaction takes");
        Assert.Equal(writes.Count, writes.Select(write => write.Key).Distinct().Count());
        foreach (IpamGuard guard in guards) Assert.Equal(guard.Revision, RevisionOf(guard.Key));
        revision++;
        foreach (IpamWrite write in writes)
        {
            Assert.Equal(write.SeenRevision, RevisionOf(write.Key));
            if (write.Value is { } value) entries[write.Key] = (value, revision);
            else entries.Remove(write.Key);
        }
    }

    private long RevisionOf(string key) => entries.TryGetValue(key, out (byte[] Value, long Revision) entry) ? entry.Revision : 0;

    /// <summary>What must hold whatever happened: no ordinal both free and assigned, handles count what blocks hold, claims and blocks agree.</summary>
    public void Check()
    {
        Dictionary<string, Dictionary<Cidr, int>> held = [];
        foreach (string key in entries.Keys.Where(key => key.StartsWith(IpamKey.Blocks, StringComparison.Ordinal)))
        {
            IpamBlock block = IpamCodec.DecodeBlock(entries[key].Value).Value!;
            for (int i = 0; i < block.Allocations.Count; i++)
                Assert.Equal(block.Allocations[i] is null, block.Unallocated.Contains(i));
            Assert.Equal(block.Unallocated.Count, block.Unallocated.Distinct().Count());
            Assert.All(Enumerable.Range(0, block.Attributes.Count), at => Assert.Contains(at, block.Allocations));
            Assert.Equal(block.Attributes.Count, block.Attributes.Distinct().Count());
            foreach (int? at in block.Allocations)
            {
                if (at is not { } index || block.Attributes[index].HandleId is not { } handle) continue;
                if (!held.TryGetValue(handle, out Dictionary<Cidr, int>? counts)) held[handle] = counts = [];
                counts[block.Cidr] = counts.GetValueOrDefault(block.Cidr) + 1;
            }
            if (block.Affinity is { Kind: BlockOwnerKind.Host } owner) Assert.Contains("confirmed", Affinity(owner.Name, block.Cidr.ToString()), StringComparison.Ordinal);
        }
        string handles = $"{IpamKey.Root}handle/";
        foreach (string key in entries.Keys.Where(key => key.StartsWith(handles, StringComparison.Ordinal)))
        {
            string id = key[handles.Length..];
            Assert.True(held.Remove(id, out Dictionary<Cidr, int>? counts), $"{id} has nothing");
            Assert.Equal(counts!.OrderBy(c => c.Key).Select(c => new HandleCount(c.Key, c.Value)), Handle(id)!.Blocks);
        }
        Assert.Empty(held);
    }
}
