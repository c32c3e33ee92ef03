using Canal.Datastore;
using Canal.FlannelBridge.Backends;
using Canal.FlannelBridge.Charon;
using Canal.FlannelBridge.Configuration;
using Canal.FlannelBridge.Kernel;
using Canal.FlannelBridge.Leases;
using Canal.FlannelBridge.Rules;
using Canal.FlannelBridge.Telling;
using Canal.Hosting;
using Canal.Linux;
using Canal.Linux.Iptables;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Canal.Linux.Tunnels;
using Canal.Linux.WireGuard;
using Canal.Linux.Xfrm;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.FlannelBridge;

/// <summary>Puts the daemon together, starts what feeds the loop, and runs it.</summary>
internal static class Daemon
{
    private static readonly TimeSpan LoopPatience = TimeSpan.FromSeconds(90);

    private const int InboxCapacity = 64;
    private const int EventBuffer = 8 << 20;
    private const KernelEventGroups Heard = KernelEventGroups.Links | KernelEventGroups.Addresses | KernelEventGroups.Routes | KernelEventGroups.Neighbours;

    public static Task<int> RunAsync(DaemonStart start, HostingConfiguration configuration) => DaemonRun.RunAsync(start, configuration,
        run => configuration.Get(BridgeSettings.Mode) == BridgeMode.Beside ? ServeBesideAsync(start, configuration, run) : ServeAsync(start, configuration, run), Log.Stop, ExitCodeOf);

    private static int? ExitCodeOf(Exception e) => e switch
    {
        EtcdException { Failure: EtcdFailure.Configuration } or StartException => ExitCode.Configuration,
        NetlinkException { Errno: Errno.EPERM } or NftException { Errno: Errno.EPERM } => ExitCode.Permission,
        NetlinkException or NftException => ExitCode.Failure,
        _ => null,
    };

    private static async Task ServeAsync(DaemonStart start, HostingConfiguration configuration, DaemonRun run)
    {
        ForeignFlannel.Refuse();
        Log.Start(run.Log, configuration.Get(CommonSettings.NodeName), Product.Version);
        await using EtcdChannel channel = new(ConfiguredEtcd.Options(configuration, start.Environment), run.Time);
        using LinkMonitor monitor = LinkMonitor.Open(Heard, EventBuffer);
        using NetlinkRouteStack routes = NetlinkRouteStack.Open();
        using NetlinkWireGuard wireGuard = NetlinkWireGuard.Open();
        using NetlinkXfrm xfrm = new();
        using ViciCharon charon = new(configuration.Get(BridgeSettings.CharonSocket));
        using NetlinkNftables nftables = NetlinkNftables.Open();
        using NftMonitor tables = NftMonitor.Open(configuration.Get(BridgeSettings.NftablesTable), nftables.PortId);
        tables.Listen();
        using ControlSocketServer control = StartException.For(() => ListenForRequests(start));
        BridgeHealth health = new(run.Time, LoopPatience);
        using HttpEndpoint? endpoint = StartException.For(() => Listen(configuration, health));
        Inbox<BridgeMessage> inbox = new(InboxCapacity, run.Time);
        using ChecksumWatch checksums = new((host, stop) => ChecksumProbe.TryAsync(host, run.Time, stop), (peer, stop) => inbox.PutAsync(new BridgeMessage.ChecksumsBroken(peer), stop), run.Time);
        BridgeLoop loop = Assemble(start, configuration, run, inbox, channel, routes, wireGuard, new IpsecMeans(xfrm, charon, configuration.Get(BridgeSettings.EtcdPrefix)), nftables, health, checksums);
        using NodeRegistration registration = Registration(configuration, run, channel);
        EtcdWatcher watcher = new(channel, LeaseFeed.Ranges(configuration.Get(BridgeSettings.EtcdPrefix)), new EtcdWatcherOptions(), run.Time, new Random());

        await run.UntilOneEndsAsync(
            stop =>
            [
                loop.RunAsync(stop),
                Sources.WatchKernelAsync(monitor, inbox, stop),
                Sources.WatchTablesAsync(tables, inbox, stop),
                checksums.RunAsync(stop),
                Sources.WatchCharonAsync(charon, inbox, stop),
                Sources.WatchPoliciesAsync(xfrm, charon, inbox, stop),
                .. Common(run, inbox, watcher, control, endpoint, registration, stop),
            ],
            "stopping; tunnels, routes and rules stay").ConfigureAwait(false);
    }

    private static async Task ServeBesideAsync(DaemonStart start, HostingConfiguration configuration, DaemonRun run)
    {
        Log.Start(run.Log, configuration.Get(CommonSettings.NodeName), Product.Version);
        await using EtcdChannel channel = new(ConfiguredEtcd.Options(configuration, start.Environment), run.Time);
        using ControlSocketServer control = StartException.For(() => ListenForRequests(start));
        BridgeHealth health = new(run.Time, LoopPatience);
        using HttpEndpoint? endpoint = StartException.For(() => Listen(configuration, health));
        Inbox<BridgeMessage> inbox = new(InboxCapacity, run.Time);
        string prefix = configuration.Get(BridgeSettings.EtcdPrefix);
        BesideLoop loop = new(configuration, inbox, run.Time, run.Log)
        {
            Feed = new LeaseFeed(prefix),
            SubnetFile = SubnetFile(configuration, run),
            Telling = Telling(configuration, run, channel),
            Heart = Heart(run, health, "flanneld's subnet is told on", "waiting for flanneld"),
            ReadConfiguration = start.ReadConfiguration,
            Configured = run.Configure,
            Readied = health.Ready,
        };
        using NodeRegistration registration = Registration(configuration, run, channel);
        EtcdWatcher watcher = new(channel, LeaseFeed.Ranges(prefix), new EtcdWatcherOptions(), run.Time, new Random());
        await run.UntilOneEndsAsync(stop => [loop.RunAsync(stop), .. Common(run, inbox, watcher, control, endpoint, registration, stop)], "stopping; flanneld goes on").ConfigureAwait(false);
    }

    /// <summary>What feeds either loop, and answers for it.</summary>
    private static IEnumerable<Task> Common(DaemonRun run, Inbox<BridgeMessage> inbox, EtcdWatcher watcher, ControlSocketServer control, HttpEndpoint? endpoint, NodeRegistration registration, CancellationToken stop) =>
    [
        inbox.PutAllAsync(watcher.WatchAsync(stop), batch => new BridgeMessage.Datastore(batch), stop),
        inbox.PutAllAsync(run.Signals.Reloads.ReadAllAsync(stop), _ => new BridgeMessage.Request("reload", new TaskCompletionSource<ControlResponse>()), stop),
        control.RunAsync((request, cancel) => Sources.AnswerAsync(request, inbox, cancel), stop),
        registration.RunAsync(stop),
        .. endpoint is null ? (Task[])[] : [endpoint.RunAsync(stop)],
    ];

    /// <summary>flannel knows no Nodes, and an etcd that has flannel's keys alone gets none of Calico's.</summary>
    private static NodeRegistration Registration(HostingConfiguration configuration, DaemonRun run, EtcdChannel channel) =>
        new(new EtcdStore(channel), configuration, Log.NodeCompleted, Log.HostFailure, run.Time, run.Log) { OnlyInCluster = true };

    private static TextFile SubnetFile(HostingConfiguration configuration, DaemonRun run) => new(configuration.Get(BridgeSettings.SubnetFile), "writing the subnet file", run.Time, run.Log);

    private static HostTelling Telling(HostingConfiguration configuration, DaemonRun run, EtcdChannel channel) => new()
    {
        Cni = new TextFile(configuration.Get(BridgeSettings.CniConfigFile), "writing the CNI network", run.Time, run.Log),
        Pools = new PoolKeeper(new EtcdStore(channel), configuration.Get(BridgeSettings.IpPool), run.Time, run.Log),
    };

    private static Heartbeat Heart(DaemonRun run, BridgeHealth health, string inForce, string waiting) => new(run.Notifier, run.Watchdog, health.Report, run.Time) { InForce = inForce, Waiting = waiting };

    private static BridgeLoop Assemble(
        DaemonStart start, HostingConfiguration configuration, DaemonRun run, Inbox<BridgeMessage> inbox, EtcdChannel channel, IRouteStack routes, IWireGuard wireGuard, IpsecMeans ipsec, INftables nftables, BridgeHealth health, ChecksumWatch checksums)
    {
        string prefix = configuration.Get(BridgeSettings.EtcdPrefix);
        LeaseTable table = new(new EtcdStore(channel), prefix, configuration.Get(BridgeSettings.LeaseDuration), new Random(), run.Time);
        TunnelOffload offload = TunnelOffload.OfKernel();
        offload.Use = configuration.Get(BridgeSettings.ChecksumOffload);
        return new BridgeLoop(configuration, inbox, run.Time, run.Log)
        {
            Feed = new LeaseFeed(prefix),
            Keeper = new LeaseKeeper(table, run.Time, run.Log),
            Wirer = new KernelWirer(routes, new DeviceSettings(new SysctlTree(), offload).Prepare, run.Time),
            Offload = offload,
            ChecksumsDoubted = checksums.Want,
            Rules = RulesOf(configuration, nftables, run.Time),
            SubnetFile = SubnetFile(configuration, run),
            Last = new LastNetwork(new TextFile(Path.Combine(start.Paths.State, LastNetwork.FileName(prefix)), "keeping the network for a start without etcd", run.Time, run.Log) { IsSecret = true }, prefix, run.Time),
            Telling = Telling(configuration, run, channel),
            Means = new HostMeans(configuration.Get(CommonSettings.NodeName), configuration.Get(BridgeSettings.AllowExtension), wireGuard, new WireguardKeyFile(KeyFile(start.Paths)), ipsec),
            Heart = Heart(run, health, "the lease is held, the network in force", "waiting for the datastore or the network's configuration; what an earlier run programmed stays in force"),
            ReadConfiguration = start.ReadConfiguration,
            Configured = run.Configure,
            Readied = health.Ready,
        };
    }

    /// <summary>Where this host's WireGuard key is.</summary>
    public static string KeyFile(RuntimePaths paths) => Path.Combine(paths.State, WireguardKeyFile.Name);

    private static RuleTable RulesOf(HostingConfiguration configuration, INftables nftables, TimeProvider time)
    {
        NftablesRules table = new(nftables, configuration.Get(BridgeSettings.NftablesTable));
        if (configuration.Get(BridgeSettings.Rules) == RuleProgram.Nftables) return table;
        table.Remove();
        return new IptablesRules(HostIptables.Families, time);
    }

    private static ControlSocketServer ListenForRequests(DaemonStart start)
    {
        Directory.CreateDirectory(start.Paths.Runtime);
        return ControlSocketServer.Listen(start.ControlSocket);
    }

    private static HttpEndpoint? Listen(HostingConfiguration configuration, BridgeHealth health) => !configuration.Get(BridgeSettings.HealthEnabled) ? null
        : HttpEndpoint.Listen(HttpEndpoint.AddressOf(configuration.Get(BridgeSettings.HealthHost), configuration.Get(BridgeSettings.HealthPort)), health.Routes());
}
