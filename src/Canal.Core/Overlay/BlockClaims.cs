using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Overlay;

/// <summary>What a block of addresses says about where they are.</summary>
internal static class BlockClaims
{
    /// <summary>Attribute of an assignment that names the node.</summary>
    private const string NodeAttribute = "node";

    /// <summary>The block itself, where a host has it, and every address that another node borrowed.</summary>
    public static List<(Cidr Destination, RouteClaim Claim)> Of(IpamBlock block)
    {
        List<(Cidr, RouteClaim)> claims = [];
        string? owner = block.Affinity is { Kind: BlockOwnerKind.Host } host ? host.Name : null;
        if (block.Deleted) return claims;
        if (owner is not null) claims.Add((block.Cidr, new RouteClaim(RouteClaimKind.Block, owner)));
        for (int i = 0; i < block.Allocations.Count; i++)
        {
            if (block.Allocations[i] is not { } attribute || !block.Attributes[attribute].Secondary.TryGetValue(NodeAttribute, out string node)) continue;
            if (node.Length > 0 && node != owner) claims.Add((new Cidr(At(block.Cidr, i)), new RouteClaim(RouteClaimKind.Borrowed, node)));
        }
        return claims;
    }

    private static IpAddress At(Cidr block, int ordinal) =>
        block.Family == IpFamily.V4 ? IpAddress.FromV4(block.Address.V4 + (uint)ordinal) : block.Address with { Low = block.Address.Low + (ulong)ordinal };
}
