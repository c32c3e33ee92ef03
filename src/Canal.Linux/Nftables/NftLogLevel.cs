namespace Canal.Linux.Nftables;

/// <summary>syslog levels of the kernel log, as nft names them.</summary>
public enum NftLogLevel
{
    Emerg = 0,
    Alert = 1,
    Crit = 2,
    Err = 3,
    Warn = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}
