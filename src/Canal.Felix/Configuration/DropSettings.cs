using System.Collections.Immutable;
using Canal.Felix.Drops;
using Canal.Hosting;

namespace Canal.Felix.Configuration;

/// <summary>Settings of felix.toml about telling which packets are denied, and why.</summary>
internal static class DropSettings
{
    public static EnumSetting<DropLog> DropLog { get; } = new("drop_log", Drops.DropLog.Journal, "Where denied packets are told.",
        ("off", Drops.DropLog.Off), ("socket", Drops.DropLog.Socket), ("journal", Drops.DropLog.Journal));

    public static IntegerSetting DropLogGroup { get; } = new("drop_log_group", 170, "Group of the kernel's nfnetlink_log that denied packets go to.") { Minimum = 0, Maximum = 65535 };

    public static StringSetting DropLogRateLimit { get; } = new("drop_log_rate_limit", "10/minute", "Limit of the journal's lines about denied packets; empty for none.")
    {
        Check = text => text.Length == 0 || RateLimit.TryParse(text, 5, out _) ? null : RateLimit.Shape,
    };

    public static IntegerSetting DropLogRateLimitBurst { get; } = new("drop_log_rate_limit_burst", 20, "Such lines allowed at once.") { Minimum = 1, Maximum = 9999 };

    public static ImmutableArray<Setting> All { get; } = [DropLog, DropLogGroup, DropLogRateLimit, DropLogRateLimitBurst];
}
