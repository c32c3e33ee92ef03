namespace Canal.Linux.Nftables;

/// <summary>How a match compares: nft's <c>==</c> (which it leaves out) and <c>!=</c>.</summary>
public enum NftOperator
{
    Equal = 0,
    NotEqual = 1,
}
