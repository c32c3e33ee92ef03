using Serilog.Events;

namespace Canal.Hosting.Tests;

/// <summary>A log that goes to a file too.</summary>
public sealed class LogFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CanalLog _log;

    public LogFileTests() => _log = CanalLog.Over(new JournalSink("canal-felix", _folder.At("none")), LogEventLevel.Error);

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Each_has_its_level_and_the_file_may_be_taken_away_at_any_time()
    {
        string file = _folder.At("felix.log");
        Assert.Null(_log.LogTo(file, LogEventLevel.Information));
        _log.Logger.Debug("unseen");
        _log.Logger.Information("seen {Name}", "a\nb");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO seen a\\nb\n$", File.ReadAllText(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
        File.Move(file, file + ".1");
        Assert.Null(_log.LogTo(file, LogEventLevel.Debug));
        _log.Logger.Debug("after the rotation");
        Assert.EndsWith("Z DEBUG after the rotation\n", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Null(_log.LogTo("", LogEventLevel.Debug));
        _log.Logger.Information("nowhere");
        Assert.DoesNotContain("nowhere", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_file_nothing_is_made_for_one()
    {
        Assert.False(_log.Logger.IsEnabled(LogEventLevel.Information));
        _log.LogTo(_folder.At("x"), LogEventLevel.Debug);
        Assert.True(_log.Logger.IsEnabled(LogEventLevel.Debug));
        _log.Limit(LogEventLevel.Warning);
        _log.LogTo("", LogEventLevel.Debug);
        Assert.False(_log.Logger.IsEnabled(LogEventLevel.Information));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_told_once_and_its_messages_are_counted_as_lost()
    {
        string file = _folder.At("missing/felix.log");
        Assert.Contains("missing", _log.LogTo(file, LogEventLevel.Information), StringComparison.Ordinal);
        Assert.Null(_log.LogTo(file, LogEventLevel.Information));
        _log.Logger.Information("lost");
        Assert.Equal(1, _log.Dropped);
        Directory.CreateDirectory(_folder.At("missing"));
        _log.Logger.Information("there");
        Assert.Contains("there", File.ReadAllText(file), StringComparison.Ordinal);
    }
}
