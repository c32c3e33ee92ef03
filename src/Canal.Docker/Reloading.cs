using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Docker;

/// <summary>Reads the configuration again when SIGHUP or the control socket asks for it.</summary>
internal sealed class Reloading(DaemonStart start, DaemonRun run, string serving, Action<HostingConfiguration> use)
{
    private static readonly LogEventKind Configured = LogEventKind.Of("configured", "2c3b7f0e5a914d07b6b1f1c6d1c7e003");

    private readonly Lock oneAtATime = new();

    /// <summary>Answers one request of the control socket.</summary>
    public ControlResponse Answer(string request) => request switch
    {
        "ping" => ControlResponse.Ok(),
        "reload" => Reload(),
        _ => ControlResponse.Failed($"unknown request '{request}': ping or reload"),
    };

    /// <summary>Until stopped.</summary>
    public async Task FollowSignalsAsync(CancellationToken stop)
    {
        await foreach (bool _ in run.Signals.Reloads.ReadAllAsync(stop)) Reload();
    }

    private ControlResponse Reload()
    {
        lock (oneAtATime)
        {
            run.Notifier.Reloading();
            ControlResponse answer = ConfigurationReload.Run(start.ReadConfiguration, use, what => run.Log.Of(Configured).Information("configuration: {What}", what));
            run.Notifier.Ready(serving);
            return answer;
        }
    }
}
