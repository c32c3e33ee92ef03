using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Makes addresses free again. A block that is nobody's and has no address left is deleted; an owner's empty block stays the owner's.</summary>
public static class AddressRelease
{
    /// <summary>The blocks an address can be in: it is not needed to know the pools, which may be gone.</summary>
    public static IEnumerable<IpamKey> Keys(ReleaseTarget target)
    {
        int bits = target.Address.Family.Bits;
        for (int length = bits - 12; length <= bits; length++) yield return IpamKey.Block(new Cidr(target.Address, length));
        if (target.HandleId is { } handle) yield return IpamKey.Handle(handle);
    }

    /// <summary>The handle that has an address; null when none has. The picture needs the keys of <see cref="Keys"/>.</summary>
    public static string? HolderOf(IpAddress address, IpamPicture picture) => AssignmentOf(address, picture)?.HandleId;

    /// <summary>What an address is assigned for; null when it is free. The picture needs the keys of <see cref="Keys"/>.</summary>
    public static IpamAttribute? AssignmentOf(IpAddress address, IpamPicture picture)
    {
        foreach (IpamKey key in Keys(new ReleaseTarget(address)))
        {
            if (picture.TryGet(key.Cidr, out Seen<IpamBlock> seen) && seen.Value is { } block)
                return new BlockDraft(block).Find((int)key.Cidr.OffsetOf(address));
        }
        return null;
    }

    /// <summary>Plans the release of single addresses; a few at a time, as each needs the keys of <see cref="Keys"/>.</summary>
    public static IpamPlan<Release> Plan(IEnumerable<ReleaseTarget> targets, IpamPicture picture)
    {
        IpamDraft draft = new(picture);
        List<IpAddress> released = [], unallocated = [], refused = [];
        foreach (ReleaseTarget target in targets)
        {
            Cidr? cidr = BlockOf(target.Address, draft);
            if (draft.HasNeeds) continue;
            (cidr is null ? unallocated : Free(target, cidr.Value, draft, picture) switch
            {
                true => released,
                false => refused,
                null => unallocated,
            }).Add(target.Address);
        }
        return draft.Plan(new Release { Released = released.ToEquatableArray(), Unallocated = unallocated.ToEquatableArray(), Refused = refused.ToEquatableArray() });
    }

    /// <summary>Plans the release of everything a handle has. While the outcome says that there is more, write and plan again.</summary>
    public static IpamPlan<Release> Plan(string handleId, IpamPicture picture)
    {
        IpamDraft draft = new(picture);
        if (!picture.TryGet(handleId, out Seen<IpamHandle> seen)) draft.Need(IpamKey.Handle(handleId));
        List<IpAddress> released = [];
        foreach (HandleCount count in seen.Value?.Blocks ?? default)
        {
            if (draft.IsFull) break;
            if (!draft.TryGet(count.Block, out IpamBlock? block, out _)) draft.Need(IpamKey.Block(count.Block));
            else if (block is not null) Free(handleId, block, draft, released);
            // The count may be wrong; that none is left is certain.
            if (!draft.HasNeeds) draft.Count(handleId, count.Block, -count.Count);
        }
        // An unreadable or empty handle is of no use to anybody.
        if (!draft.HasNeeds && !seen.IsAbsent && (seen.Value?.Blocks ?? default).IsEmpty) draft.DeleteHandle(handleId);
        return draft.Plan(new Release { Released = released.ToEquatableArray(), More = draft.IsFull });
    }

    private static Cidr? BlockOf(IpAddress address, IpamDraft draft)
    {
        Cidr? found = null;
        foreach (IpamKey key in Keys(new ReleaseTarget(address)))
        {
            if (!draft.TryGet(key.Cidr, out IpamBlock? block, out _)) draft.Need(key);
            else if (block is not null) found = key.Cidr;
        }
        return found;
    }

    // True: released; false: somebody else's; null: nobody's.
    private static bool? Free(ReleaseTarget target, Cidr cidr, IpamDraft draft, IpamPicture picture)
    {
        draft.TryGet(cidr, out IpamBlock? block, out _);
        BlockDraft changed = new(block!);
        int ordinal = (int)cidr.OffsetOf(target.Address);
        if (changed.Find(ordinal) is not { } attribute) return null;
        bool same = (target.HandleId is null || target.HandleId == attribute.HandleId)
            && (target.Sequence is null || target.Sequence == changed.SequenceOf(ordinal));
        if (!same) return false;
        if (attribute.HandleId is { } handle && !picture.TryGet(handle, out Seen<IpamHandle> _))
        {
            draft.Need(IpamKey.Handle(handle));
            return true;
        }
        changed.Release(ordinal);
        draft.Count(attribute.HandleId, cidr, -1);
        Put(changed, cidr, draft);
        return true;
    }

    private static void Free(string handleId, IpamBlock block, IpamDraft draft, List<IpAddress> released)
    {
        BlockDraft changed = new(block);
        List<int> ordinals = changed.OrdinalsOf(handleId);
        if (ordinals.Count == 0) return;
        foreach (int ordinal in ordinals)
        {
            changed.Release(ordinal);
            released.Add(block.Cidr.AddressAt((UInt128)ordinal));
        }
        Put(changed, block.Cidr, draft);
    }

    private static void Put(BlockDraft changed, Cidr cidr, IpamDraft draft)
    {
        if (changed is { IsEmpty: true, Affinity: null }) draft.Delete(cidr);
        else draft.Put(changed.ToBlock());
    }
}
