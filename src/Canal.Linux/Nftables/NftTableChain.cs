namespace Canal.Linux.Nftables;

/// <summary>A chain as it was read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Base">Type, hook, priority and policy of a base chain; null for a regular chain.</param>
/// <param name="Comment">"" for none.</param>
/// <param name="Rules">In their order.</param>
public sealed record NftTableChain(string Name, NftBaseChain? Base, string Comment, IReadOnlyList<NftTableRule> Rules);
