using System.Collections.Immutable;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Datastore;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Feed;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Overlay;
using Canal.Felix.Status;
using Canal.Felix.Wiring;
using Canal.Hosting;
using Canal.Linux;
using Canal.Linux.Conntrack;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>Puts the daemon together, starts what feeds the loop, and runs it.</summary>
internal static class Daemon
{
    private static readonly TimeSpan LoopPatience = TimeSpan.FromSeconds(90);

    public static async Task<int> RunAsync(
        HostingConfiguration configuration, Func<ConfigurationResult> read, RuntimePaths paths, ImmutableDictionary<string, string> environment)
    {
        using CanalLog canalLog = CanalLog.Create("canal-felix", configuration.Get(CommonSettings.LogLevel), LogTarget.Automatic, environment);
        ILogger log = canalLog.Logger;
        using Signals signals = new();
        try
        {
            if (ForeignFelix.Find() is string foreign)
            {
                log.Error("{Foreign} runs on this host and programs the same things: stop and disable it first", foreign);
                return ExitCode.Configuration;
            }
            Log.Start(log, configuration.Get(CommonSettings.NodeName), Product.Version);
            await ServeAsync(configuration, read, paths, environment, canalLog, signals).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            Log.Stop(log);
            return ExitCode.Ok;
        }
        catch (Exception e) when (ExitCodeOf(e) is int code)
        {
            log.Error("{Reason}", e.Message);
            return code;
        }
        return ExitCode.Failure;
    }

    /// <summary>
    /// What starting can fail with. Only what the configuration says wrongly is its fault: the supervisor starts again after anything else. While the agent
    /// runs, neither etcd nor a file ends it.
    /// </summary>
    internal static int? ExitCodeOf(Exception e) => e switch
    {
        EtcdException { Failure: EtcdFailure.Configuration } or UnreadableSecretException => ExitCode.Configuration,
        EtcdException => ExitCode.Unavailable,
        NetlinkException { Errno: Errno.EPERM } or NftException { Errno: Errno.EPERM } or UnauthorizedAccessException => ExitCode.Permission,
        IOException { InnerException: UnauthorizedAccessException } => ExitCode.Permission,
        NetlinkException or NftException or IOException => ExitCode.Failure,
        _ => null,
    };

    private static async Task ServeAsync(
        HostingConfiguration configuration, Func<ConfigurationResult> read, RuntimePaths paths, ImmutableDictionary<string, string> environment, CanalLog canalLog, Signals signals)
    {
        ILogger log = canalLog.Logger;
        TimeProvider time = TimeProvider.System;
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop);
        await using EtcdChannel channel = new(EtcdOptionsOf(configuration, environment), time);
        using LinkMonitor monitor = LinkMonitor.Open(
            KernelEventGroups.Links | KernelEventGroups.Addresses | KernelEventGroups.Routes | KernelEventGroups.Neighbours | KernelEventGroups.Settings, 8 << 20);
        using NetlinkRouteStack routes = NetlinkRouteStack.Open();
        using NetlinkConntrack conntrack = NetlinkConntrack.Open();
        using NetlinkNftables nftables = NetlinkNftables.Open();
        using NftMonitor tables = NftMonitor.Open(KernelNames.Table, nftables.PortId);
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(environment, time);
        if (KeptTableRestore.Run(nftables, KeptTable.In(paths), configuration.Get(FelixSettings.OnMissingDatastore)) is string restored) Log.Restore(log, restored);
        Directory.CreateDirectory(paths.Runtime);
        using ControlSocketServer control = ControlSocketServer.Listen(OneShot.ControlSocket(paths));
        Inbox inbox = new(time);
        EtcdReporter reporter = new(new EtcdStore(channel), configuration.Get(CommonSettings.NodeName), time, log);
        HealthReporters health = HealthReporters.Of(configuration, time, LoopPatience);
        using HttpEndpoint? endpoint = health.Listen();
        Agent agent = Assemble(configuration, read, paths, environment, canalLog, routes, conntrack, nftables, tables, notifier, reporter, health, time);
        AgentLoop loop = new(agent, inbox, time, log);
        EtcdWatcher watcher = new(channel, WatchedRanges, new EtcdWatcherOptions(), time, new Random());

        List<Task> running =
        [
            loop.RunAsync(ended.Token),
            Sources.WatchDatastoreAsync(watcher, inbox, ended.Token),
            Sources.WatchKernelAsync(monitor, inbox, ended.Token),
            Sources.WatchTablesAsync(tables, inbox, ended.Token),
            Sources.WatchSignalsAsync(signals, inbox, ended.Token),
            reporter.RunAsync(ended.Token),
            control.RunAsync((request, cancel) => Sources.AnswerAsync(request, inbox, cancel), ended.Token),
        ];
        if (endpoint is not null) running.Add(endpoint.RunAsync(ended.Token));
        Task first = await Task.WhenAny(running).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        notifier.Stopping("stopping; enforcement stays in place");
        await first.ConfigureAwait(false);
        signals.Stop.ThrowIfCancellationRequested();
    }

    /// <summary>Only what is used: Calico's other resources are not read.</summary>
    private static readonly KeyRange[] WatchedRanges = [.. new[]
    {
        Core.Resources.ResourceKind.ClusterInformation, Core.Resources.ResourceKind.FelixConfiguration, Core.Resources.ResourceKind.Tier,
        Core.Resources.ResourceKind.Profile, Core.Resources.ResourceKind.NetworkPolicy, Core.Resources.ResourceKind.GlobalNetworkPolicy,
        Core.Resources.ResourceKind.NetworkSet, Core.Resources.ResourceKind.GlobalNetworkSet, Core.Resources.ResourceKind.HostEndpoint,
        Core.Resources.ResourceKind.StagedNetworkPolicy, Core.Resources.ResourceKind.StagedGlobalNetworkPolicy,
        Core.Resources.ResourceKind.Node, Core.Resources.ResourceKind.WorkloadEndpoint, Core.Resources.ResourceKind.IPPool,
    }.Select(kind => KeyRange.Prefix($"{Core.Resources.ResourceKey.Root}{Core.Resources.ResourceKinds.Of(kind).Plural}/")), KeyRange.Prefix(Core.Resources.IpamKey.Blocks)];

    private static Agent Assemble(
        HostingConfiguration configuration, Func<ConfigurationResult> read, RuntimePaths paths, ImmutableDictionary<string, string> environment, CanalLog log,
        NetlinkRouteStack routes, NetlinkConntrack conntrack, NetlinkNftables nftables, NftMonitor tables, SystemdNotifier notifier, EtcdReporter reporter, HealthReporters health, TimeProvider time)
    {
        string node = configuration.Get(CommonSettings.NodeName);
        PolicyCalculator calculator = new(node);
        InterfaceTable interfaces = new();
        HostSysctls sysctls = new(new SysctlTree());
        NftablesDataplane dataplane = new(nftables, calculator);
        ClusterNetwork network = new(node);
        return new Agent(configuration, time, log.Logger)
        {
            Calculator = calculator,
            Network = network,
            Feed = new ResourceFeed(calculator, network) { NodeName = node },
            Dataplane = dataplane,
            RouteStack = routes,
            Interfaces = interfaces,
            Wirer = new InterfaceWirer(routes, conntrack, sysctls, interfaces, time),
            Sysctls = sysctls,
            Keeper = new TableKeeper(KeptTable.In(paths), dataplane.Whole, time, log.Logger),
            Overlay = new OverlayWirer(routes, network, time),
            MtuFile = new MtuFile(configuration.Get(OverlaySettings.MtuFile)),
            Files = new StatusFiles(configuration.Get(FelixSettings.EndpointStatusPathPrefix)),
            Notifier = notifier,
            Watchdog = WatchdogTimer.FromEnvironment(environment, Environment.ProcessId, time),
            Reporter = reporter,
            ReadConfiguration = read,
            Configured = changed => log.Level.MinimumLevel = changed.Get(CommonSettings.LogLevel),
            Health = health.Report,
            ListenToTables = tables.Listen,
        };
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
            Password = passwordFile.Length == 0 ? null : Secret(passwordFile, environment),
        };
    }

    private static string Secret(string file, ImmutableDictionary<string, string> environment)
    {
        try
        {
            return SecretFile.Read(file, environment).Text;
        }
        catch (IOException e)
        {
            throw new UnreadableSecretException(e);
        }
    }

    /// <summary>A file that the configuration names for a secret cannot be read.</summary>
    internal sealed class UnreadableSecretException(IOException cause) : Exception($"{CommonSettings.EtcdPasswordFile.Key}: {cause.Message}", cause);
}
