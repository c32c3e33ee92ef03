namespace Canal.Linux.Nftables;

/// <summary>NF_NAT_RANGE_*: how a translated port is chosen.</summary>
[Flags]
public enum NftNatFlags : uint
{
    None = 0,
    Random = 4,
    Persistent = 8,
    FullyRandom = 16,
}
