using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Mends what <see cref="IpamAudit"/> finds between IPAM's own values. What the blocks say is true: they are what assignments compare.</summary>
public static class IpamRepair
{
    /// <summary>A handle says of these blocks what they hold of it, and does not exist when that is nothing. False: it is right already, or a block cannot be read.</summary>
    public static IpamPlan<bool> Handle(string handleId, IReadOnlyCollection<Cidr> blocks, IpamPicture picture)
    {
        IpamDraft draft = new(picture);
        if (!picture.TryGet(handleId, out Seen<IpamHandle> handle)) draft.Need(IpamKey.Handle(handleId));
        foreach (Cidr cidr in blocks)
            if (!draft.TryGet(cidr, out _, out _)) draft.Need(IpamKey.Block(cidr));
        if (draft.HasNeeds) return draft.Plan(false);
        bool changes = false;
        foreach (Cidr cidr in blocks)
        {
            draft.TryGet(cidr, out IpamBlock? block, out bool absent);
            if (block is null && !absent) continue;
            int has = block is null ? 0 : new BlockDraft(block).OrdinalsOf(handleId).Count, says = Says(handle.Value, cidr);
            if (has == says) continue;
            draft.Count(handleId, cidr, has - says);
            GuardBlock(draft, cidr, picture);
            changes = true;
        }
        return changes ? draft.Plan(true) : new IpamPlan<bool> { Outcome = false };
    }

    /// <summary>The owner has a claim to the block that is its, and none to one that is not. False: that is so already, or the block cannot be read.</summary>
    public static IpamPlan<bool> Claim(BlockOwner owner, Cidr cidr, IpamPicture picture)
    {
        IpamDraft draft = new(picture);
        if (!draft.TryGet(cidr, out IpamBlock? block, out bool absent)) draft.Need(IpamKey.Block(cidr));
        if (!picture.TryGet(owner, cidr, out Seen<IpamAffinity> claim)) draft.Need(IpamKey.Affinity(owner, cidr));
        if (draft.HasNeeds) return draft.Plan(false);
        bool ours = block?.Affinity == owner;
        if ((block is null && !absent) || ours != claim.IsAbsent) return new IpamPlan<bool> { Outcome = false };
        if (ours) draft.Confirm(owner, cidr);
        else draft.DeleteAffinity(owner, cidr);
        GuardBlock(draft, cidr, picture);
        return draft.Plan(true);
    }

    private static int Says(IpamHandle? handle, Cidr block)
    {
        foreach (HandleCount count in handle?.Blocks ?? default)
            if (count.Block == block) return count.Count;
        return 0;
    }

    private static void GuardBlock(IpamDraft draft, Cidr cidr, IpamPicture picture)
    {
        picture.TryGet(cidr, out Seen<IpamBlock> seen);
        draft.Guard(IpamKey.Block(cidr).ToEtcdKey(), seen.Revision);
    }
}
