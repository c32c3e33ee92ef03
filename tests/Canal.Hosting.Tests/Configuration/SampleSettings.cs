namespace Canal.Hosting.Tests;

/// <summary>One setting of every type, as a daemon would declare them.</summary>
internal static class SampleSettings
{
    public static readonly BoolSetting Enabled = new("health.enabled", true, "Whether to listen.");
    public static readonly IntegerSetting Port = new("health.port", 9099, "TCP port.") { Minimum = 1, Maximum = 65535 };
    public static readonly NumberSetting Share = new("log.share", 0.5, "Share of messages.") { Minimum = 0, Maximum = 1 };
    public static readonly DurationSetting Refresh = new("refresh.interval", TimeSpan.FromSeconds(90), "Time between resyncs.");
    public static readonly EnumSetting<DayOfWeek> Day = new("refresh.day", DayOfWeek.Monday, "Day.", ("monday", DayOfWeek.Monday), ("tuesday", DayOfWeek.Tuesday));
    public static readonly StringListSetting Interfaces = new("interfaces", ["eth0"], "Names.") { CheckItem = item => item.Length > 15 ? "is longer than 15 characters" : null };
    public static readonly StringSetting Token = new("token", "none", "A secret.") { Secret = true, Check = text => text == "bad" ? "is not a token" : null };

    public static readonly ConfigurationSchema Schema = new("felix", [Enabled, Port, Share, Refresh, Day, Interfaces, Token]);
}
