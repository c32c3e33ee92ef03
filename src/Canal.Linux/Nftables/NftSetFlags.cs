namespace Canal.Linux.Nftables;

/// <summary>
/// NFT_SET_*. Interval: elements are half-open ranges, every change costs time in proportion to the set. VerdictMap: elements carry a verdict.
/// </summary>
[Flags]
public enum NftSetFlags : uint
{
    None = 0,
    Anonymous = 1,
    Constant = 2,
    Interval = 4,
    VerdictMap = 8,
}
