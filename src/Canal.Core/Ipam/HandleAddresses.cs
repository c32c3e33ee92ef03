using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Which addresses a handle has.</summary>
public static class HandleAddresses
{
    /// <summary>Plans the look; nothing is written.</summary>
    public static IpamPlan<List<IpAddress>> Plan(string handleId, IpamPicture picture)
    {
        IpamDraft draft = new(picture);
        if (!picture.TryGet(handleId, out Seen<IpamHandle> seen)) draft.Need(IpamKey.Handle(handleId));
        List<IpAddress> held = [];
        foreach (HandleCount count in seen.Value?.Blocks ?? default)
        {
            if (!draft.TryGet(count.Block, out IpamBlock? block, out _)) draft.Need(IpamKey.Block(count.Block));
            else if (block is not null) held.AddRange(new BlockDraft(block).OrdinalsOf(handleId).Select(ordinal => block.Cidr.AddressAt((UInt128)ordinal)));
        }
        return draft.Plan(held);
    }
}
