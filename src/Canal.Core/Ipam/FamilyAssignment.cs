using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>One family's part of a request, over a draft that it shares with the other's.</summary>
internal sealed class FamilyAssignment(AddressRequest request, IpamPicture picture, IpamDraft draft, IpFamily family)
{
    /// <summary>What Calico allows a host that nobody has set a limit for.</summary>
    private const int DefaultMostBlocks = 20;

    /// <summary>How many blocks of a pool are looked at in one reading; they are small, and with the first nearly always the search is over.</summary>
    private const int Window = 32;

    /// <summary>An empty block younger than this may be about to be used.</summary>
    private static readonly TimeSpan LeastAge = TimeSpan.FromMinutes(1);

    private readonly IpamAttribute attribute = new() { HandleId = request.HandleId, Secondary = request.Attributes };
    private readonly List<AssignedAddress> taken = [];
    private List<IpPool> pools = [];
    private List<Cidr> own = [];
    private int owned;
    private bool waiting;

    /// <summary>Why there is less than was asked for and no more to be had; null also while there are needs.</summary>
    public Shortage? Shortage { get; private set; }

    private int Missing => request.Count(family) - taken.Count;

    private bool IsOver => Missing == 0 || Shortage is not null || waiting || draft.IsFull;

    public EquatableArray<AssignedAddress> Taken() => taken.ToEquatableArray();

    public void Run()
    {
        if (Missing == 0) return;
        pools = PoolChoice.Of(request, picture, family, out Shortage? none);
        Shortage = none;
        if (Shortage is not null) return;
        own = picture.ClaimsOf(request.Owner, family).FindAll(block => pools.Exists(pool => pool.Cidr.Contains(block)));
        foreach (Action step in (Action[])[TakeFromOwn, CheckLimits, ReleaseUnselected, ClaimNew, ReclaimEmpty, Borrow, GiveUp])
        {
            if (!IsOver) step();
        }
    }

    // Blocks already read come first: whoever reads ahead the block it took from last time saves a round trip.
    private void TakeFromOwn()
    {
        foreach (Cidr block in own.OrderBy(block => picture.TryGet(block, out _) ? 0 : 1))
        {
            if (Missing == 0 || draft.IsFull) return;
            if (picture.IsReserved(block)) owned++;
            else TakeFromOwn(block);
        }
    }

    private void TakeFromOwn(Cidr cidr)
    {
        if (!draft.TryGet(cidr, out IpamBlock? block, out bool absent))
        {
            Need(IpamKey.Block(cidr));
        }
        else if (absent)
        {
            Claim(cidr);
        }
        else if (block?.Affinity == request.Owner)
        {
            owned++;
            if (Take(block) && HasUnfinishedClaim(cidr)) draft.Confirm(request.Owner, cidr);
        }
        else if (block is not null)
        {
            // Another got the block; what is left of our attempt goes.
            draft.DeleteAffinity(request.Owner, cidr);
        }
    }

    private bool HasUnfinishedClaim(Cidr block) =>
        picture.TryGet(request.Owner, block, out Seen<IpamAffinity> seen) && seen.Value?.State is AffinityState.Pending or AffinityState.PendingDeletion;

    private int MostBlocks => (request.MaxBlocks, picture.Config.MaxBlocksPerHost) switch
    {
        ( > 0 and int asked, > 0 and int configured) => Math.Min(asked, configured),
        (0, 0) => DefaultMostBlocks,
        (int asked, int configured) => Math.Max(asked, configured),
    };

    private void CheckLimits()
    {
        if (owned >= MostBlocks)
            Shortage = new Shortage(ShortageKind.BlockLimit, $"{request.Owner} has {owned} blocks, none with a free address, and may have no more than {MostBlocks}");
        else if (!picture.Config.AutoAllocateBlocks)
            Shortage = new Shortage(ShortageKind.Configuration, $"{request.Owner} has no block with a free address, and auto_allocate_blocks is off");
    }

    // Claims of ours in pools that no longer select the node go back when there is nothing in them.
    private void ReleaseUnselected()
    {
        foreach (Cidr cidr in picture.ClaimsOf(request.Owner, family))
        {
            IpPool? pool = picture.Pools.Select(entry => entry.Value.Value).FirstOrDefault(pool => pool?.Cidr.Contains(cidr) == true);
            if (pool is null || own.Contains(cidr) || PoolChoice.SelectsNode(pool, picture)) continue;
            if (!draft.TryGet(cidr, out IpamBlock? block, out _)) Need(IpamKey.Block(cidr));
            else if (block?.Affinity == request.Owner && new BlockDraft(block).IsEmpty) Drop(cidr);
        }
    }

    private void Drop(Cidr block)
    {
        draft.Delete(block);
        draft.DeleteAffinity(request.Owner, block);
    }

    private void ClaimNew() => Walk((cidr, block, absent) =>
    {
        if (absent && Claim(cidr) && Missing > 0) CheckLimits();
    });

    private bool Claim(Cidr cidr)
    {
        if (!Take(BlockDraft.New(cidr, request.Owner, request.Now))) return false;
        owned++;
        draft.Confirm(request.Owner, cidr);
        return true;
    }

    private void ReclaimEmpty() => Walk((cidr, block, absent) =>
    {
        if (block?.Affinity is not { Kind: BlockOwnerKind.Host } other || other == request.Owner || !new BlockDraft(block).IsEmpty) return;
        if (request.Now.Since(block.AffinityClaimTime) < LeastAge) return;
        if (!picture.TryGet(other, cidr, out _)) Need(IpamKey.Affinity(other, cidr));
        else if (Reclaim(block, other) && Missing > 0) CheckLimits();
    });

    private bool Reclaim(IpamBlock block, BlockOwner other)
    {
        if (!Take(block with { Affinity = request.Owner, AffinityClaimTime = request.Now.Text })) return false;
        owned++;
        draft.DeleteAffinity(other, block.Cidr);
        draft.Confirm(request.Owner, block.Cidr);
        return true;
    }

    private void Borrow()
    {
        if (picture.Config.StrictAffinity)
            Shortage = new Shortage(ShortageKind.StrictAffinity, $"{request.Owner} has no block with a free address, the pools have no block left, and strict_affinity is on");
        else
            Walk((_, block, _) =>
            {
                if (block is not null && block.Affinity != request.Owner) Take(block);
            });
    }

    private void GiveUp() => Shortage = new Shortage(ShortageKind.PoolsFull, $"no free address is left in {string.Join(", ", pools.Select(pool => pool.Cidr))}");

    /// <summary>Goes through the pools' blocks in the owner's order until the step is over, asking for those not read a window at a time.</summary>
    private void Walk(Action<Cidr, IpamBlock?, bool> visit)
    {
        foreach (IpPool pool in pools)
        {
            int unknown = 0;
            foreach (Cidr cidr in BlockWalk.Of(pool, Salt(pool)))
            {
                if (picture.IsReserved(cidr)) continue;
                if (!draft.TryGet(cidr, out IpamBlock? block, out bool absent))
                {
                    Need(IpamKey.Block(cidr));
                    if (++unknown == Window) return;
                }
                else if (unknown == 0)
                {
                    visit(cidr, block, absent);
                    if (IsOver) return;
                }
            }
            if (unknown > 0) return;
        }
    }

    private void Need(IpamKey key)
    {
        waiting = true;
        draft.Need(key);
    }

    private string Salt(IpPool pool) => pool.BlockSize == family.Bits ? request.Owner.Name + request.HandleId : request.Owner.Name;

    /// <summary>Takes what is missing from the block, as far as it goes.</summary>
    private bool Take(IpamBlock block)
    {
        BlockDraft changed = new(block);
        List<AssignedAddress> some = changed.Take(Missing, attribute, picture.IsReserved);
        if (some.Count == 0) return false;
        taken.AddRange(some);
        draft.Count(request.HandleId, block.Cidr, some.Count);
        draft.Put(changed.ToBlock());
        GuardPool(block.Cidr);
        return true;
    }

    // A pool that is being disabled and emptied gives no address behind the back of whoever does it.
    private void GuardPool(Cidr block)
    {
        foreach ((string name, Seen<IpPool> seen) in picture.Pools)
            if (seen.Value?.Cidr.Contains(block) == true) draft.Guard(new ResourceKey(ResourceKind.IPPool, null, name).ToEtcdKey(), seen.Revision);
    }
}
