namespace Canal.Linux.Nftables;

/// <summary>What a table held at one moment.</summary>
/// <param name="Name">Its name; the family is inet.</param>
/// <param name="Flags">Owner is set while a socket owns it.</param>
/// <param name="Generation">The namespace's generation at that moment.</param>
/// <param name="Chains">By name.</param>
/// <param name="Sets">Named sets and maps by name; those written inside rules are left out.</param>
public sealed record NftTable(
    string Name, NftTableFlags Flags, uint Generation, IReadOnlyDictionary<string, NftTableChain> Chains, IReadOnlyDictionary<string, NftTableSet> Sets);
