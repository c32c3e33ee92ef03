using Canal.Datastore;
using Canal.Hosting;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Workloads;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Docker;

/// <summary>Puts the daemon together and runs it.</summary>
internal static class Daemon
{
    private static readonly LogEventKind Starting = LogEventKind.Of("starting", "2c3b7f0e5a914d07b6b1f1c6d1c7e001");
    private static readonly LogEventKind Stopping = LogEventKind.Of("stopping", "2c3b7f0e5a914d07b6b1f1c6d1c7e002");

    private static readonly LogEventKind NodeCompleted = LogEventKind.Of("node-registered", "2c3b7f0e5a914d07b6b1f1c6d1c7e004");
    private static readonly LogEventKind NodeFailed = LogEventKind.Of("node-not-registered", "2c3b7f0e5a914d07b6b1f1c6d1c7e005");

    private const string Serving = "serving Docker";

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    public static Task<int> RunAsync(DaemonStart start, HostingConfiguration configuration) =>
        DaemonRun.RunAsync(start, configuration, run => ServeAsync(start, configuration, run), Stopped, ExitCodeOf);

    private static void Stopped(ILogger log) => log.Of(Stopping).Information("stopping; containers stay connected");

    private static int? ExitCodeOf(Exception e) => e switch
    {
        StartException or EtcdException { Failure: EtcdFailure.Configuration } => ExitCode.Configuration,
        NetlinkException { Errno: Errno.EPERM } => ExitCode.Permission,
        _ => null,
    };

    private static async Task ServeAsync(DaemonStart start, HostingConfiguration configuration, DaemonRun run)
    {
        run.Log.Of(Starting).Information("canal-docker {Version} starts on node {Node}", Product.Version, configuration.Get(CommonSettings.NodeName));
        await using EtcdChannel channel = new(Options(start, configuration), run.Time);
        EtcdStore etcd = new(channel);
        using IpamStore ipam = new(etcd, run.Time, Random.Shared);
        string state = Path.Combine(start.Paths.State, "docker");
        PendingDeletes pending = new(etcd, ipam, Path.Combine(state, "pending"));
        using Cluster cluster = new(configuration.Get(CommonSettings.NodeName), configuration.Get(DockerSettings.Namespace), etcd, ipam, pending);
        NetworkTable networks = new(Path.Combine(state, "networks"));
        using DockerApi? docker = configuration.Get(DockerSettings.DockerSocket) is { Length: > 0 } socket ? new DockerApi(socket) : null;
        ContainerLabels? labels = docker is null ? null : Labels(configuration, docker, cluster, networks, run);
        NetworkDriver driver = new(configuration, cluster, networks, (network, endpoint) => labels?.Follow(network, endpoint), run.Log);
        using AbandonedAddresses abandoned = new(cluster, configuration.Get(DockerSettings.AbandonedAddressAfter), run.Time, run.Log);
        Methods methods = new(driver, new AddressDriver(cluster, abandoned, run.Log), run.Log);
        using PluginSocket plugin = PluginSocket.Open(configuration.Get(DockerSettings.PluginSocket), start.Environment);
        using ControlSocketServer control = StartException.For(() => ListenForRequests(start));
        Reloading reloading = new(start, run, Serving, changed =>
        {
            run.Configure(changed);
            driver.Use(changed);
            abandoned.Patience = changed.Get(DockerSettings.AbandonedAddressAfter);
            if (labels is not null) (labels.Prefix, labels.Limit) = (changed.Get(DockerSettings.LabelPrefix), changed.Get(DockerSettings.LabelTimeout));
        });
        using NodeRegistration registration = new(etcd, configuration, NodeCompleted, NodeFailed, run.Time, run.Log) { OnlyInCluster = true };
        run.Notifier.Ready(Serving);
        await run.UntilOneEndsAsync(
            stop =>
            [
                new PluginServer(plugin.Listener, methods.AnswerAsync).RunAsync(stop),
                CatchUpAsync(cluster, run, stop),
                abandoned.RunAsync(stop),
                control.RunAsync((request, _) => Task.FromResult(reloading.Answer(request)), stop),
                reloading.FollowSignalsAsync(stop),
                BeatAsync(run, stop),
                registration.RunAsync(stop),
                .. labels is null ? (Task[])[] : [labels.RunAsync(stop)],
            ],
            "stopping; containers stay connected");
    }

    // Docker waits, and a person with it: one dead member should not cost more than this.
    private static EtcdOptions Options(DaemonStart start, HostingConfiguration configuration) => ConfiguredEtcd.Options(configuration, start.Environment) with
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        RequestTimeout = TimeSpan.FromSeconds(10),
    };

    private static ContainerLabels Labels(HostingConfiguration configuration, DockerApi docker, Cluster cluster, NetworkTable networks, DaemonRun run) =>
        new(docker, cluster, networks, run.Time, run.Log) { Prefix = configuration.Get(DockerSettings.LabelPrefix), Limit = configuration.Get(DockerSettings.LabelTimeout) };

    private static ControlSocketServer ListenForRequests(DaemonStart start)
    {
        Directory.CreateDirectory(start.Paths.Runtime);
        return ControlSocketServer.Listen(start.ControlSocket);
    }

    /// <summary>Deletes what was asked for while etcd was away.</summary>
    private static async Task CatchUpAsync(Cluster cluster, DaemonRun run, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await cluster.CatchUpAsync(stop);
            }
            catch (Exception e) when (e is EtcdException or IpamException or IOException or UnauthorizedAccessException)
            {
                run.Log.Debug("deletions have to wait: {Reason}", e.Message);
            }
            await Task.Delay(Beat, run.Time, stop);
        }
    }

    private static async Task BeatAsync(DaemonRun run, CancellationToken stop)
    {
        while (true)
        {
            if (run.Watchdog.Due()) run.Notifier.Watchdog();
            await Task.Delay(Beat, run.Time, stop);
        }
    }
}
