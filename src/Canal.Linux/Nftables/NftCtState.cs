namespace Canal.Linux.Nftables;

/// <summary>Bits of <c>ct state</c> (nf_conntrack_common.h, NF_CT_STATE_BIT).</summary>
[Flags]
public enum NftCtState : uint
{
    None = 0,
    Invalid = 1,
    Established = 2,
    Related = 4,
    New = 8,
    Untracked = 64,
}
