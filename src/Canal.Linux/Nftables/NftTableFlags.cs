namespace Canal.Linux.Nftables;

/// <summary>NFT_TABLE_F_*. Owner alone makes the table die with the socket that owns it; Owner | Persist (Linux 6.9) does not.</summary>
[Flags]
public enum NftTableFlags : uint
{
    None = 0,
    Dormant = 1,
    Owner = 2,
    Persist = 4,
}
