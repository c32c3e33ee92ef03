namespace Canal.Linux.Nftables;

/// <summary>Where a base chain hangs in the packet path (linux/netfilter.h, NF_INET_*).</summary>
public enum NftHook
{
    Prerouting = 0,
    Input = 1,
    Forward = 2,
    Output = 3,
    Postrouting = 4,
}
