using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Assigns an address that somebody asks for by name. Reservations do not forbid it: reserving is how such addresses are kept free.</summary>
public static class SpecificAssignment
{
    /// <summary>Plans it. The picture needs pools and settings.</summary>
    public static IpamPlan<SpecificOutcome> Plan(SpecificRequest request, IpamPicture picture)
    {
        if (picture.ConfigProblem is { } problem) return Refuse(SpecificResult.Configuration, problem);
        (string poolName, Seen<IpPool> pool) = FindPool(request.Address, picture);
        if (pool.Value is not { } usable) return Refuse(SpecificResult.NotInPool, $"{request.Address} is in no pool that addresses are assigned from");
        Cidr cidr = new(request.Address, usable.BlockSize);
        IpamDraft draft = new(picture);
        if (!draft.TryGet(cidr, out IpamBlock? block, out bool absent)) draft.Need(IpamKey.Block(cidr));
        if (!picture.TryGet(request.Owner, cidr, out _)) draft.Need(IpamKey.Affinity(request.Owner, cidr));
        if (request.HandleId is { } handle && !picture.TryGet(handle, out Seen<IpamHandle> _)) draft.Need(IpamKey.Handle(handle));
        if (draft.HasNeeds) return draft.Plan<SpecificOutcome>(null!);
        if (block is null && !absent) return Refuse(SpecificResult.Configuration, $"the block {cidr} in etcd cannot be read");
        draft.Guard(new ResourceKey(ResourceKind.IPPool, null, poolName).ToEtcdKey(), pool.Revision);
        return Take(request, picture, draft, block ?? BlockDraft.New(cidr, request.Owner, request.Now));
    }

    /// <summary>Whether an assignment is in force: for the writer whose answer was lost.</summary>
    public static bool Holds(SpecificOutcome outcome, SpecificRequest request, IpamPicture picture) =>
        outcome.Assigned is { } assigned && picture.TryGet(assigned.Block, out Seen<IpamBlock> seen) && seen.Value is { } block
        && new BlockDraft(block) is { } draft && (int)assigned.Block.OffsetOf(assigned.Address) is var ordinal
        && draft.SequenceOf(ordinal) == assigned.Sequence && draft.Find(ordinal) is { } attribute
        && attribute.HandleId == request.HandleId && attribute.Secondary == request.Attributes;

    private static IpamPlan<SpecificOutcome> Take(SpecificRequest request, IpamPicture picture, IpamDraft draft, IpamBlock block)
    {
        if (picture.Config.StrictAffinity && block.Affinity != request.Owner)
            return Refuse(SpecificResult.StrictAffinity, $"{request.Address} is in block {block.Cidr} of {block.Affinity?.ToString() ?? "nobody"}, and strict_affinity is on");
        BlockDraft changed = new(block);
        if (changed.Take(request.Address, new IpamAttribute { HandleId = request.HandleId, Secondary = request.Attributes }) is not { } assigned)
        {
            string? holder = changed.Find((int)block.Cidr.OffsetOf(request.Address))?.HandleId;
            return Refuse(SpecificResult.Taken, $"{request.Address} is assigned already{(holder is null ? "" : $", to {holder}")}");
        }
        draft.Count(request.HandleId, block.Cidr, 1);
        draft.Put(changed.ToBlock());
        if (block.Affinity == request.Owner) draft.Confirm(request.Owner, block.Cidr);
        return draft.Plan(new SpecificOutcome(SpecificResult.Assigned, assigned, ""));
    }

    private static (string Name, Seen<IpPool> Pool) FindPool(IpAddress address, IpamPicture picture)
    {
        foreach ((string name, Seen<IpPool> seen) in picture.Pools)
            if (seen.Value is { } pool && pool.Cidr.Contains(address) && PoolChoice.Unusable(pool) is null) return (name, seen);
        return default;
    }

    private static IpamPlan<SpecificOutcome> Refuse(SpecificResult result, string message) => new() { Outcome = new SpecificOutcome(result, null, message) };
}
