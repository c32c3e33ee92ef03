using System.Collections.Immutable;
using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Feed;
using Canal.BirdConfigRenderer.Files;
using Canal.BirdConfigRenderer.Status;
using Canal.Datastore;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer;

/// <summary>Puts the daemon together, starts what feeds the loop, and runs it.</summary>
internal static class Daemon
{
    private const string BootedBySystemd = "/run/systemd/system";
    private static readonly TimeSpan LoopPatience = TimeSpan.FromSeconds(90);

    private const int InboxCapacity = 256;

    public static Task<int> RunAsync(DaemonStart start, HostingConfiguration configuration) =>
        DaemonRun.RunAsync(start, configuration, run => ServeAsync(start, configuration, run), Log.Stop, ExitCodeOf);

    private static int? ExitCodeOf(Exception e) => e is StartException or EtcdException { Failure: EtcdFailure.Configuration } ? ExitCode.Configuration : null;

    private static async Task ServeAsync(DaemonStart start, HostingConfiguration configuration, DaemonRun run)
    {
        Log.Start(run.Log, configuration.Get(CommonSettings.NodeName), Product.Version);
        await using EtcdChannel channel = new(ConfiguredEtcd.Options(configuration, start.Environment), run.Time);
        using ControlSocketServer control = StartException.For(() => ListenForRequests(start));
        HealthTable health = new(run.Time);
        HealthReporter reporter = health.Register("RendererLoop", HealthAspects.LiveAndReady, LoopPatience);
        MetricsHolder metrics = new();
        using HttpEndpoint? endpoint = StartException.For(() => Listen(configuration, health, metrics));
        Inbox<RendererMessage> inbox = new(InboxCapacity, run.Time);
        ImmutableArray<BirdDaemon> daemons = await BirdDaemon.ChooseAsync(configuration, run.Log).ConfigureAwait(false);
        if (daemons.Length == 1) await FormerBird6.EndAsync(configuration.Get(RendererSettings.Bird6Config), configuration.Get(RendererSettings.Bird6Socket), run.Log).ConfigureAwait(false);
        RendererLoop loop = Assemble(start, configuration, run, daemons, inbox, channel, reporter, metrics);
        using NodeRegistration registration = new(new EtcdStore(channel), configuration, Log.NodeCompleted, Log.FailureKind, run.Time, run.Log);
        loop.NodeMissed = registration.Miss;
        EtcdWatcher watcher = new(channel, BgpFeed.Ranges(configuration.Get(CommonSettings.NodeName)), new EtcdWatcherOptions(), run.Time, new Random());

        await run.UntilOneEndsAsync(
            stop =>
            [
                loop.RunAsync(stop),
                registration.RunAsync(stop),
                inbox.PutAllAsync(watcher.WatchAsync(stop), batch => new RendererMessage.Datastore(batch), stop),
                inbox.PutAllAsync(run.Signals.Reloads.ReadAllAsync(stop), _ => new RendererMessage.Request("reload", new TaskCompletionSource<ControlResponse>()), stop),
                control.RunAsync((request, cancel) => Requests.AnswerAsync(request, inbox, cancel), stop),
                .. endpoint is null ? (Task[])[] : [endpoint.RunAsync(stop)],
            ],
            "stopping; BIRD goes on with its configuration").ConfigureAwait(false);
    }

    private static RendererLoop Assemble(
        DaemonStart start, HostingConfiguration configuration, DaemonRun run, ImmutableArray<BirdDaemon> daemons, Inbox<RendererMessage> inbox, EtcdChannel channel,
        HealthReporter health, MetricsHolder metrics)
    {
        BgpFeed feed = new(configuration.Get(CommonSettings.NodeName));
        return new RendererLoop(configuration, inbox, run.Time, run.Log)
        {
            Feed = feed,
            Renderer = new Renderer(feed, new BirdFiles(daemons), run.Log),
            Watch = new BirdWatch(daemons, StartsBird(configuration.Get(RendererSettings.BirdStart)), run.Time, run.Log),
            Reporter = new NodeStatusReporter(new EtcdStore(channel), daemons, run.Time, run.Log),
            Heart = new Heartbeat(run.Notifier, run.Watchdog, healthy => health.Report(new HealthReport(true, healthy)), run.Time)
            {
                InForce = "BIRD's configuration follows etcd",
                Waiting = "waiting for the datastore; BIRD keeps the configuration it has",
            },
            FilesOf = settings => new LocalFiles(settings, Path.Combine(start.Paths.Configuration, "bird.d"), start.Environment),
            ReadConfiguration = start.ReadConfiguration,
            Configured = run.Configure,
            Measured = measured => metrics.Current = measured,
        };
    }

    private static bool StartsBird(BirdStart start) => start == BirdStart.Direct || (start == BirdStart.Auto && !Directory.Exists(BootedBySystemd));

    private static ControlSocketServer ListenForRequests(DaemonStart start)
    {
        Directory.CreateDirectory(start.Paths.Runtime);
        return ControlSocketServer.Listen(start.ControlSocket);
    }

    private static HttpEndpoint? Listen(HostingConfiguration configuration, HealthTable health, MetricsHolder metrics)
    {
        if (!configuration.Get(RendererSettings.HealthEnabled)) return null;
        Dictionary<string, Func<HttpAnswer>> routes = HealthRoutes.Of(health);
        routes["/metrics"] = () => new HttpAnswer(200, metrics.Current.Text, "text/plain; version=0.0.4; charset=utf-8");
        return HttpEndpoint.Listen(HttpEndpoint.AddressOf(configuration.Get(RendererSettings.HealthHost), configuration.Get(RendererSettings.HealthPort)), routes);
    }
}
