using Serilog.Events;

namespace Canal.Hosting;

/// <summary>syslog(3)'s priorities.</summary>
internal static class JournalPriority
{
    public static char Of(LogEventLevel level) => level switch
    {
        LogEventLevel.Fatal => '2',
        LogEventLevel.Error => '3',
        LogEventLevel.Warning => '4',
        LogEventLevel.Information => '6',
        _ => '7',
    };
}
