using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Which addresses a host has.</summary>
public static class NodeAddresses
{
    /// <summary>
    /// Those in a block, which need not be the host's. Where the assignment does not tell a node, as with old releases, what uses the address decides; one that
    /// tells another is that one's, whoever says to use it.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="node">The host.</param>
    /// <param name="used">Addresses that the host's endpoints and tunnels say they have.</param>
    public static IEnumerable<ReleaseTarget> Of(IpamBlock block, string node, IReadOnlySet<IpAddress> used)
    {
        BlockDraft draft = new(block);
        for (int ordinal = 0; ordinal < block.Allocations.Count; ordinal++)
        {
            if (draft.Find(ordinal) is not { } assigned) continue;
            IpAddress address = block.Cidr.AddressAt((UInt128)ordinal);
            if (assigned.Secondary.TryGetValue("node", out string? told) ? told == node : used.Contains(address))
                yield return new ReleaseTarget(address, assigned.HandleId, draft.SequenceOf(ordinal));
        }
    }
}
