namespace Canal.Linux.Nftables;

/// <summary>Time unit of a packet rate, in seconds.</summary>
public enum NftLimitUnit
{
    Second = 1,
    Minute = 60,
    Hour = 3600,
    Day = 86400,
}
