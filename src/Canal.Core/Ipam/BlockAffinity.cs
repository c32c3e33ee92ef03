using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Claims whole blocks and gives them up, without assigning addresses.</summary>
public static class BlockAffinity
{
    /// <summary>The blocks of a range; the problem when it is not in a pool or smaller than one of its blocks.</summary>
    public static IEnumerable<Cidr> BlocksOf(Cidr range, IpamPicture picture, out string? problem)
    {
        IpPool? pool = picture.Pools.Select(entry => entry.Value.Value)
            .FirstOrDefault(pool => pool is not null && pool.Cidr.Contains(range) && PoolChoice.Unusable(pool) is null);
        problem = pool is null ? $"{range} is in no pool that addresses are assigned from"
            : range.Length > pool.BlockSize ? $"{range} is smaller than a block of pool {pool.Key.Name}, /{pool.BlockSize}" : null;
        return problem is null ? Enumerable.Range(0, (int)UInt128.Min(range.CountOf(pool!.BlockSize), int.MaxValue)).Select(i => range.PartAt((UInt128)i, pool.BlockSize)) : [];
    }

    public static IpamPlan<AffinityResult?> Claim(BlockOwner owner, Cidr cidr, IpamTime now, IpamPicture picture)
    {
        IpamDraft draft = Start(owner, cidr, picture, out IpamBlock? block, out bool absent);
        if (draft.HasNeeds) return draft.Plan<AffinityResult?>(null);
        if (absent) draft.Put(BlockDraft.New(cidr, owner, now));
        else if (block?.Affinity != owner) return new IpamPlan<AffinityResult?> { Outcome = AffinityResult.NotOurs };
        draft.Confirm(owner, cidr);
        return draft.Plan<AffinityResult?>(AffinityResult.Done);
    }

    /// <summary>Gives a block up. One with addresses in it stays, as nobody's, unless it <paramref name="mustBeEmpty"/>.</summary>
    public static IpamPlan<AffinityResult?> Release(BlockOwner owner, Cidr cidr, bool mustBeEmpty, IpamPicture picture)
    {
        IpamDraft draft = Start(owner, cidr, picture, out IpamBlock? block, out bool absent);
        if (draft.HasNeeds) return draft.Plan<AffinityResult?>(null);
        bool ours = block?.Affinity == owner;
        if (ours && !new BlockDraft(block!).IsEmpty && mustBeEmpty) return new IpamPlan<AffinityResult?> { Outcome = AffinityResult.NotEmpty };
        if (ours) GiveUp(block!, draft);
        draft.DeleteAffinity(owner, cidr);
        return draft.Plan<AffinityResult?>(ours || absent ? AffinityResult.Done : AffinityResult.NotOurs);
    }

    private static void GiveUp(IpamBlock block, IpamDraft draft)
    {
        BlockDraft changed = new(block) { Affinity = null, ClaimTime = null };
        if (changed.IsEmpty) draft.Delete(block.Cidr);
        else draft.Put(changed.ToBlock());
    }

    private static IpamDraft Start(BlockOwner owner, Cidr cidr, IpamPicture picture, out IpamBlock? block, out bool absent)
    {
        IpamDraft draft = new(picture);
        if (!draft.TryGet(cidr, out block, out absent)) draft.Need(IpamKey.Block(cidr));
        if (!picture.TryGet(owner, cidr, out _)) draft.Need(IpamKey.Affinity(owner, cidr));
        return draft;
    }
}
