using System.Collections.Immutable;
using System.Net;
using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Feed;
using Canal.BirdConfigRenderer.Files;
using Canal.BirdConfigRenderer.Status;
using Canal.Datastore;
using Canal.Hosting;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer;

/// <summary>Puts the daemon together, starts what feeds the loop, and runs it.</summary>
internal static class Daemon
{
    private const string BootedBySystemd = "/run/systemd/system";
    private static readonly TimeSpan LoopPatience = TimeSpan.FromSeconds(90);

    public static async Task<int> RunAsync(
        HostingConfiguration configuration, Func<ConfigurationResult> read, RuntimePaths paths, ImmutableDictionary<string, string> environment)
    {
        using CanalLog canalLog = CanalLog.Create("canal-bird-config-renderer", configuration.Get(CommonSettings.LogLevel), LogTarget.Automatic, environment);
        ILogger log = canalLog.Logger;
        using Signals signals = new();
        Log.Start(log, configuration.Get(CommonSettings.NodeName), Product.Version);
        try
        {
            await ServeAsync(configuration, read, paths, environment, canalLog, signals).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            Log.Stop(log);
            return ExitCode.Ok;
        }
        catch (StartException e)
        {
            log.Error("{Reason}", e.Message);
            return ExitCode.Configuration;
        }
        return ExitCode.Failure;
    }

    private static async Task ServeAsync(
        HostingConfiguration configuration, Func<ConfigurationResult> read, RuntimePaths paths, ImmutableDictionary<string, string> environment, CanalLog canalLog, Signals signals)
    {
        TimeProvider time = TimeProvider.System;
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop);
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(environment, time);
        await using EtcdChannel channel = StartException.For(() => new EtcdChannel(EtcdOptionsOf(configuration, environment), time));
        using ControlSocketServer control = StartException.For(() => ListenForRequests(paths));
        HealthTable health = new(time, ImmutableDictionary<string, TimeSpan>.Empty);
        HealthReporter reporter = health.Register("RendererLoop", HealthAspects.LiveAndReady, LoopPatience);
        Heartbeat heart = new(notifier, WatchdogTimer.FromEnvironment(environment, Environment.ProcessId, time), reporter, time);
        MetricsHolder metrics = new();
        using HttpEndpoint? endpoint = StartException.For(() => Listen(configuration, health, metrics));
        Inbox inbox = new(time);
        RendererLoop loop = Assemble(configuration, read, paths, environment, canalLog, inbox, channel, heart, metrics, time);
        EtcdWatcher watcher = new(channel, BgpFeed.Ranges(configuration.Get(CommonSettings.NodeName)), new EtcdWatcherOptions(), time, new Random());

        List<Task> running =
        [
            loop.RunAsync(ended.Token),
            Sources.WatchDatastoreAsync(watcher, inbox, ended.Token),
            Sources.WatchSignalsAsync(signals, inbox, ended.Token),
            control.RunAsync((request, cancel) => Sources.AnswerAsync(request, inbox, cancel), ended.Token),
        ];
        if (endpoint is not null) running.Add(endpoint.RunAsync(ended.Token));
        Task first = await Task.WhenAny(running).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        notifier.Stopping("stopping; BIRD goes on with its configuration");
        await first.ConfigureAwait(false);
        signals.Stop.ThrowIfCancellationRequested();
    }

    private static RendererLoop Assemble(
        HostingConfiguration configuration, Func<ConfigurationResult> read, RuntimePaths paths, ImmutableDictionary<string, string> environment, CanalLog canalLog,
        Inbox inbox, EtcdChannel channel, Heartbeat heart, MetricsHolder metrics, TimeProvider time)
    {
        string node = configuration.Get(CommonSettings.NodeName), socket = configuration.Get(RendererSettings.BirdSocket), path = configuration.Get(RendererSettings.BirdConfig);
        BirdProgram program = new(configuration.Get(RendererSettings.BirdProgram), path, socket);
        BirdFile file = new(path, configuration.Get(RendererSettings.BirdGroup), program, socket);
        BgpFeed feed = new(node);
        ILogger log = canalLog.Logger;
        return new RendererLoop(configuration, inbox, time, log)
        {
            Feed = feed,
            File = file,
            Renderer = new Renderer(feed, file, log),
            Watch = new BirdWatch(socket, file, program, StartsBird(configuration.Get(RendererSettings.BirdStart)), log),
            Reporter = new NodeStatusReporter(new EtcdStore(channel), socket, time, log),
            Heart = heart,
            FilesOf = settings => new LocalFiles(settings, Path.Combine(paths.Configuration, "bird.d"), environment),
            ReadConfiguration = read,
            Configured = settings => canalLog.Level.MinimumLevel = settings.Get(CommonSettings.LogLevel),
            Measured = measured => metrics.Current = measured,
        };
    }

    private static bool StartsBird(BirdStart start) => start == BirdStart.Direct || (start == BirdStart.Auto && !Directory.Exists(BootedBySystemd));

    private static ControlSocketServer ListenForRequests(RuntimePaths paths)
    {
        Directory.CreateDirectory(paths.Runtime);
        return ControlSocketServer.Listen(OneShot.ControlSocket(paths));
    }

    private static HttpEndpoint? Listen(HostingConfiguration configuration, HealthTable health, MetricsHolder metrics)
    {
        if (!configuration.Get(RendererSettings.HealthEnabled)) return null;
        string host = configuration.Get(RendererSettings.HealthHost);
        Dictionary<string, Func<HttpAnswer>> routes = HealthRoutes.Of(health);
        routes["/metrics"] = () => new HttpAnswer(200, metrics.Current.Text, "text/plain; version=0.0.4; charset=utf-8");
        return HttpEndpoint.Listen(new IPEndPoint(host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(host), (int)configuration.Get(RendererSettings.HealthPort)), routes);
    }

    private static EtcdOptions EtcdOptionsOf(HostingConfiguration configuration, ImmutableDictionary<string, string> environment)
    {
        string passwordFile = configuration.Get(CommonSettings.EtcdPasswordFile);
        return new EtcdOptions
        {
            Endpoints = configuration.Get(CommonSettings.EtcdEndpoints),
            CaFile = configuration.Get(CommonSettings.EtcdCaFile),
            CertFile = configuration.Get(CommonSettings.EtcdCertFile),
            KeyFile = configuration.Get(CommonSettings.EtcdKeyFile),
            Username = configuration.Get(CommonSettings.EtcdUsername),
            Password = passwordFile.Length == 0 ? null : SecretFile.Read(passwordFile, environment).Text,
        };
    }
}
