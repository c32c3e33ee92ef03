namespace Canal.Linux.Nftables;

/// <summary>Type of a base chain. Nat: not in forward, and its priority must be above -200. Route: output only.</summary>
public enum NftChainType
{
    Filter,
    Nat,
    Route,
}
