using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>
/// A daemon's log. Never throws and never waits longer than <see cref="StandardErrorSink.Patience"/>: a message that cannot be delivered is dropped and counted.
/// To the journal by its native protocol, with every property as a field; else to standard error; and to a file, where one is asked for.
/// </summary>
public sealed class CanalLog : IDisposable
{
    private readonly CountingSink _sink;
    private readonly FileSink _file = new();
    private readonly LoggingLevelSwitch _level, _fileLevel, _least;
    private readonly Logger _logger;

    private CanalLog(CountingSink sink, LogEventLevel level)
    {
        _sink = sink;
        (_level, _fileLevel, _least) = (new LoggingLevelSwitch(level), new LoggingLevelSwitch(LogEventLevel.Fatal), new LoggingLevelSwitch(level));
        _logger = new LoggerConfiguration().MinimumLevel.ControlledBy(_least)
            .WriteTo.Sink(sink, LevelAlias.Minimum, _level).WriteTo.Sink(_file, LevelAlias.Minimum, _fileLevel).CreateLogger();
    }

    public ILogger Logger => _logger;

    /// <summary>Messages that were not delivered since the start.</summary>
    public long Dropped => _sink.Dropped + _file.Dropped;

    /// <summary>Changes what is logged, at once and from any thread.</summary>
    public void Limit(LogEventLevel level) => (_level.MinimumLevel, _least.MinimumLevel) = (level, Least(level, _fileLevel.MinimumLevel));

    /// <summary>Logs to this file too, or, where it is empty, to none any more. Returns why the file cannot be written, else null; it is tried for each message.</summary>
    public string? LogTo(string path, LogEventLevel level)
    {
        // Without a file nothing is made for it.
        LogEventLevel needed = path.Length == 0 ? LogEventLevel.Fatal : level;
        (_fileLevel.MinimumLevel, _least.MinimumLevel) = (needed, Least(_level.MinimumLevel, needed));
        return _file.Open(path);
    }

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

    private static LogEventLevel Least(LogEventLevel one, LogEventLevel other) => one < other ? one : other;

    public void Dispose()
    {
        _logger.Dispose();
        _sink.Dispose();
    }
}
