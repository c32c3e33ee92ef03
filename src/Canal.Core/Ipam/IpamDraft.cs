using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Changes gathered over a picture, to be written all at once or not at all.</summary>
internal sealed class IpamDraft(IpamPicture picture)
{
    /// <summary>Where a plan stops adding: etcd takes 128 operations in a transaction unless it was started otherwise.</summary>
    public const int MostWrites = 90;

    private readonly Dictionary<Cidr, (Seen<IpamBlock> Seen, IpamBlock? Block)> blocks = [];
    private readonly Dictionary<(BlockOwner Owner, Cidr Block), (Seen<IpamAffinity> Seen, IpamAffinity? Affinity)> affinities = [];
    private readonly Dictionary<string, (Seen<IpamHandle> Seen, SortedDictionary<Cidr, int> Counts)> handles = [];
    private readonly SortedDictionary<string, long> guards = new(StringComparer.Ordinal);
    private readonly List<IpamKey> needs = [];

    public bool IsFull => blocks.Count + affinities.Count + handles.Count >= MostWrites;

    public bool HasNeeds => needs.Count > 0;

    /// <summary>The block as it will be; false when it was not read. Null: there is none, or none that can be read.</summary>
    public bool TryGet(Cidr cidr, out IpamBlock? block, out bool absent)
    {
        bool known = picture.TryGet(cidr, out Seen<IpamBlock> seen);
        block = blocks.TryGetValue(cidr, out (Seen<IpamBlock> Seen, IpamBlock? Block) changed) ? changed.Block : seen.Value;
        absent = known && block is null && (seen.IsAbsent || blocks.ContainsKey(cidr));
        return known;
    }

    public void Need(IpamKey key)
    {
        if (!needs.Contains(key)) needs.Add(key);
    }

    public void Put(IpamBlock block)
    {
        picture.TryGet(block.Cidr, out Seen<IpamBlock> seen);
        blocks[block.Cidr] = (seen, block);
    }

    public void Delete(Cidr block)
    {
        picture.TryGet(block, out Seen<IpamBlock> seen);
        blocks[block] = (seen, null);
    }

    public void Confirm(BlockOwner owner, Cidr block)
    {
        picture.TryGet(owner, block, out Seen<IpamAffinity> seen);
        if (seen.Value?.State != AffinityState.Confirmed) affinities[(owner, block)] = (seen, new IpamAffinity(AffinityState.Confirmed));
    }

    /// <summary>Deletes a claim that was read; one that was not there needs nothing.</summary>
    public void DeleteAffinity(BlockOwner owner, Cidr block)
    {
        if (picture.TryGet(owner, block, out Seen<IpamAffinity> seen) && !seen.IsAbsent) affinities[(owner, block)] = (seen, null);
    }

    /// <summary>Adds to, or takes from, what a handle has in a block. The handle must have been read.</summary>
    public void Count(string? handleId, Cidr block, int change)
    {
        if (handleId is null || change == 0) return;
        SortedDictionary<Cidr, int> counts = CountsOf(handleId);
        int count = Math.Max(0, counts.GetValueOrDefault(block) + change);
        if (count == 0) counts.Remove(block);
        else counts[block] = count;
    }

    /// <summary>The handle has nothing any more.</summary>
    public void DeleteHandle(string handleId) => CountsOf(handleId).Clear();

    public void Guard(string key, long revision) => guards[key] = revision;

    private SortedDictionary<Cidr, int> CountsOf(string handleId)
    {
        if (handles.TryGetValue(handleId, out (Seen<IpamHandle> Seen, SortedDictionary<Cidr, int> Counts) changed)) return changed.Counts;
        if (!picture.TryGet(handleId, out Seen<IpamHandle> seen)) throw new InvalidOperationException($"handle {handleId} was not read");
        SortedDictionary<Cidr, int> counts = [];
        foreach (HandleCount count in seen.Value?.Blocks ?? default) counts[count.Block] = count.Count;
        handles[handleId] = (seen, counts);
        return counts;
    }

    /// <summary>The plan: what to read if anything is missing, else what to write.</summary>
    public IpamPlan<T> Plan<T>(T outcome) => HasNeeds
        ? new IpamPlan<T> { Needs = needs.ToEquatableArray() }
        : new IpamPlan<T> { Writes = Writes().ToEquatableArray(), Guards = guards.Select(guard => new IpamGuard(guard.Key, guard.Value)).ToEquatableArray(), Outcome = outcome };

    private List<IpamWrite> Writes()
    {
        List<IpamWrite> writes = [];
        foreach ((Cidr cidr, (Seen<IpamBlock> seen, IpamBlock? block)) in blocks)
            Add(writes, IpamKey.Block(cidr), seen.Revision, block is null ? null : IpamWriter.Encode(block));
        foreach (((BlockOwner owner, Cidr cidr), (Seen<IpamAffinity> seen, IpamAffinity? affinity)) in affinities)
            Add(writes, IpamKey.Affinity(owner, cidr), seen.Revision, affinity is null ? null : IpamWriter.Encode(affinity));
        foreach ((string id, (Seen<IpamHandle> seen, SortedDictionary<Cidr, int> counts)) in handles)
            Add(writes, IpamKey.Handle(id), seen.Revision, counts.Count == 0 ? null : Encode(counts));
        return writes;
    }

    private static byte[] Encode(SortedDictionary<Cidr, int> counts) =>
        IpamWriter.Encode(new IpamHandle(counts.Select(count => new HandleCount(count.Key, count.Value)).ToEquatableArray()));

    private static void Add(List<IpamWrite> writes, IpamKey key, long revision, byte[]? value)
    {
        // Deleting what is not there is nothing to do.
        if (value is not null || revision != 0) writes.Add(new IpamWrite(key.ToEtcdKey(), revision, value));
    }
}
