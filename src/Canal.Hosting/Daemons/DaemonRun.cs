using Serilog;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>A daemon while it runs: its log, its signals, its supervisor.</summary>
public sealed class DaemonRun : IDisposable
{
    /// <summary>Less than the units' TimeoutStopSec.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private DaemonRun(DaemonStart start, Configuration configuration, TimeProvider time)
    {
        Time = time;
        CanalLog = CanalLog.Create(start.Program, configuration.Get(CommonSettings.LogLevel), LogTarget.Automatic, start.Environment);
        Signals = new Signals();
        Notifier = SystemdNotifier.FromEnvironment(start.Environment, time);
        Watchdog = WatchdogTimer.FromEnvironment(start.Environment, Environment.ProcessId, time);
    }

    public TimeProvider Time { get; }

    public ILogger Log => CanalLog.Logger;

    public Signals Signals { get; }

    public SystemdNotifier Notifier { get; }

    public WatchdogTimer Watchdog { get; }

    /// <summary>Messages that the log could not deliver.</summary>
    public long LogsDropped => CanalLog.Dropped;

    private CanalLog CanalLog { get; }

    /// <summary>Runs a daemon from its start to its end. Returns the exit code.</summary>
    /// <param name="serve">Runs until stopped; ending in any other way is a failure.</param>
    /// <param name="stopped">Told when it ends because it was asked to.</param>
    /// <param name="exitCodeOf">What an exception means; null for a mistake of the program, which is not caught.</param>
    public static async Task<int> RunAsync(
        DaemonStart start, Configuration configuration, Func<DaemonRun, Task> serve, Action<ILogger> stopped, Func<Exception, int?> exitCodeOf)
    {
        using DaemonRun run = new(start, configuration, TimeProvider.System);
        try
        {
            await serve(run).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.Signals.Stop.IsCancellationRequested)
        {
            stopped(run.Log);
            return ExitCode.Ok;
        }
        catch (RestartException e)
        {
            run.Log.Warning("{Reason}", e.Message);
            return ExitCode.Restart;
        }
        catch (Exception e) when (exitCodeOf(e) is int code)
        {
            run.Log.Error("{Reason}", e.Message);
            return code;
        }
        return ExitCode.Failure;
    }

    /// <summary>Runs what a daemon consists of until the first of it ends, or until it is asked to stop.</summary>
    /// <param name="start">Starts the parts; they end when the token is cancelled.</param>
    /// <param name="stopping">What systemd's status line says then.</param>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public async Task UntilOneEndsAsync(Func<CancellationToken, IEnumerable<Task>> start, string stopping)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(Signals.Stop);
        Task[] parts = [.. start(ended.Token)];
        Task first = await Task.WhenAny(parts).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        Notifier.Stopping(stopping);
        // What a part does at its end, such as writing down what is in force, is not cut off. How the others end is of no interest any more.
        await Task.WhenAny(Task.WhenAll(parts), Task.Delay(EndPatience, Time)).ConfigureAwait(false);
        await first.ConfigureAwait(false);
        Signals.Stop.ThrowIfCancellationRequested();
    }

    /// <summary>Takes in what a configuration says about the log.</summary>
    public void Configure(Configuration configuration) => CanalLog.Limit(configuration.Get(CommonSettings.LogLevel));

    /// <summary>Logs to this file too; empty: to none. Returns why the file cannot be written, else null.</summary>
    public string? LogTo(string path, LogEventLevel level) => CanalLog.LogTo(path, level);

    public void Dispose()
    {
        Notifier.Dispose();
        Signals.Dispose();
        CanalLog.Dispose();
    }
}
