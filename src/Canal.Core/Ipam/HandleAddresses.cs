using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Which addresses a handle has.</summary>
public static class HandleAddresses
{
    /// <summary>Plans the look; nothing is written. Each as it can be released: only while it is this very assignment.</summary>
    public static IpamPlan<List<ReleaseTarget>> Plan(string handleId, IpamPicture picture)
    {
        IpamDraft draft = new(picture);
        if (!picture.TryGet(handleId, out Seen<IpamHandle> seen)) draft.Need(IpamKey.Handle(handleId));
        List<ReleaseTarget> held = [];
        foreach (HandleCount count in seen.Value?.Blocks ?? default)
        {
            if (!draft.TryGet(count.Block, out IpamBlock? block, out _)) draft.Need(IpamKey.Block(count.Block));
            else if (block is not null) Add(handleId, block, held);
        }
        return draft.Plan(held);
    }

    private static void Add(string handleId, IpamBlock block, List<ReleaseTarget> held)
    {
        BlockDraft draft = new(block);
        foreach (int ordinal in draft.OrdinalsOf(handleId)) held.Add(new ReleaseTarget(block.Cidr.AddressAt((UInt128)ordinal), handleId, draft.SequenceOf(ordinal)));
    }
}
