using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Serilog.Events;

namespace Canal.Hosting.Tests;

public sealed class StandardErrorSinkTests
{
    [Fact]
    public void A_line_begins_with_its_level_and_hides_nothing_from_a_terminal()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(
            "INFO hello \\x1b]0;x\\x07\nWARNING two\nERROR died\nERROR   System.IO.IOException: a\nERROR   b\n",
            Written(folder, LinePrefix.Level, log =>
            {
                log.Information("hello {Name}", "\u001b]0;x\u0007");
                log.Warning("two");
                log.Error(new IOException("a\nb"), "died");
                log.Debug("unseen");
            }));
    }

    [Fact]
    public void Under_systemd_a_line_begins_with_its_priority()
    {
        using TemporaryFolder folder = new();
        Assert.Equal("<6>one\n<4>two\n<3>three\n<2>four\n", Written(folder, LinePrefix.Priority, log =>
        {
            log.Information("one");
            log.Warning("two");
            log.Error("three");
            log.Fatal("four");
        }));
    }

    [Fact]
    public void A_pipe_that_nobody_reads_is_waited_for_once()
    {
        using AnonymousPipeServerStream pipe = new(PipeDirection.Out);
        using CanalLog log = CanalLog.Over(new StandardErrorSink(new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false), LinePrefix.Level), LogEventLevel.Information);
        string line = new('x', 1000);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 500; i++)
            log.Logger.Information("{Line}", line);
        // 500 waits would take 50 s.
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(25));
        Assert.InRange(log.Dropped, 1, 499);
    }

    [Theory]
    [InlineData("8:123", "socket:[123]", true)]
    [InlineData("8:123", "socket:[124]", false)]
    [InlineData("8:123", "/dev/pts/0", false)]
    [InlineData("8:123", null, false)]
    [InlineData("123", "socket:[123]", false)]
    [InlineData("8:x", "socket:[x]", false)]
    [InlineData("", "socket:[]", false)]
    public void The_journal_is_ours_only_when_standard_error_still_goes_there(string stream, string? link, bool ours) =>
        Assert.Equal(ours, JournalStream.IsOurs(new Dictionary<string, string> { ["JOURNAL_STREAM"] = stream }, _ => link));

    private static string Written(TemporaryFolder folder, Func<LogEventLevel, string> prefix, Action<Serilog.ILogger> write)
    {
        string path = folder.At("log");
        using (CanalLog log = CanalLog.Over(new StandardErrorSink(File.OpenHandle(path, FileMode.Create, FileAccess.Write), prefix), LogEventLevel.Information))
            write(log.Logger);
        return File.ReadAllText(path, Encoding.UTF8);
    }
}
