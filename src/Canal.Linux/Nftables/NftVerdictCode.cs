namespace Canal.Linux.Nftables;

/// <summary>enum nft_verdicts and the two of netfilter itself.</summary>
public enum NftVerdictCode
{
    Drop = 0,
    Accept = 1,
    Continue = -1,
    Jump = -3,
    Goto = -4,
    Return = -5,
}
