using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>
/// A daemon's log. Never throws and never waits longer than <see cref="StandardErrorSink.Patience"/>: a message that cannot be delivered is dropped and counted.
/// To the journal by its native protocol, with every property as a field; else to standard error.
/// </summary>
public sealed class CanalLog : IDisposable
{
    private readonly CountingSink _sink;
    private readonly Logger _logger;

    private CanalLog(CountingSink sink, LogEventLevel level)
    {
        _sink = sink;
        Level = new LoggingLevelSwitch(level);
        _logger = new LoggerConfiguration().MinimumLevel.ControlledBy(Level).WriteTo.Sink(sink).CreateLogger();
    }

    public ILogger Logger => _logger;

    /// <summary>Changes what is logged, at once and from any thread.</summary>
    public LoggingLevelSwitch Level { get; }

    /// <summary>Messages that were not delivered since the start.</summary>
    public long Dropped => _sink.Dropped;

    /// <param name="identifier"><c>SYSLOG_IDENTIFIER</c>: the daemon's name.</param>
    /// <param name="environment">Looked at for <c>JOURNAL_STREAM</c>.</param>
    public static CanalLog Create(
        string identifier, LogEventLevel level, LogTarget target, IReadOnlyDictionary<string, string> environment, string journalSocket = JournalSink.SocketPath)
    {
        bool captured = JournalStream.IsOurs(environment);
        CountingSink sink = target switch
        {
            LogTarget.Journal => new JournalSink(identifier, journalSocket),
            LogTarget.Automatic when captured && File.Exists(journalSocket) => new JournalSink(identifier, journalSocket),
            _ => StandardErrorSink.OnStandardError(captured ? LinePrefix.Priority : LinePrefix.Level),
        };
        return new CanalLog(sink, level);
    }

    internal static CanalLog Over(CountingSink sink, LogEventLevel level) => new(sink, level);

    public void Dispose()
    {
        _logger.Dispose();
        _sink.Dispose();
    }
}
