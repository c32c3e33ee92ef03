namespace Canal.Linux.Nftables;

/// <summary>What a rule's counter shows.</summary>
public readonly record struct NftCounter(ulong Packets, ulong Bytes);
