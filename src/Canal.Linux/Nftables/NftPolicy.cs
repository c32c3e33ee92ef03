namespace Canal.Linux.Nftables;

/// <summary>What becomes of a packet that reaches the end of a base chain.</summary>
public enum NftPolicy
{
    Drop = 0,
    Accept = 1,
}
