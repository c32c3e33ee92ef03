using Serilog.Events;

namespace Canal.Hosting;

/// <summary>What a line on standard error begins with.</summary>
internal static class LinePrefix
{
    /// <summary>For people and files.</summary>
    public static string Level(LogEventLevel level) => level switch
    {
        LogEventLevel.Fatal => "FATAL ",
        LogEventLevel.Error => "ERROR ",
        LogEventLevel.Warning => "WARNING ",
        LogEventLevel.Information => "INFO ",
        _ => "DEBUG ",
    };

    /// <summary>For systemd, which takes it off and keeps it as the priority (sd-daemon(3)).</summary>
    public static string Priority(LogEventLevel level) => $"<{JournalPriority.Of(level)}>";
}
