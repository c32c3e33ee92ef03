namespace Canal.Linux.Nftables;

/// <summary>A lookup in a set that the rule brings along.</summary>
/// <param name="SetIdOffset">Where in the rule's expressions the four bytes of the SET_ID stand.</param>
/// <param name="Set">The content.</param>
internal readonly record struct NftAnonymousLookup(int SetIdOffset, NftAnonymousSet Set);
