namespace Canal.Linux.Nftables;

/// <summary>A named set or verdict map as it was read.</summary>
/// <param name="Description">As it was added.</param>
/// <param name="Elements">Null when only the outline was read.</param>
public sealed record NftTableSet(NftSet Description, NftElements? Elements);
