using System.Security.Cryptography;
using Canal.Core;
using Canal.Core.Access;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Datastore;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;
using Canal.Felix.Dataplane.Iptables;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Drops;
using Canal.Felix.Feed;
using Canal.Felix.Flows;
using Canal.Felix.Guards;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Hosts;
using Canal.Felix.Nodes;
using Canal.Felix.Overlay;
using Canal.Felix.Revocation;
using Canal.Felix.Shaping;
using Canal.Felix.Status;
using Canal.Felix.Wiring;
using Canal.Hosting;
using Canal.Linux;
using Canal.Linux.Conntrack;
using Canal.Linux.Iptables;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Canal.Linux.Tunnels;
using Canal.Linux.WireGuard;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>Puts the daemon together, starts what feeds the loop, and runs it.</summary>
internal static class Daemon
{
    /// <summary>A message may hold a thousand keys of a snapshot.</summary>
    private const int InboxCapacity = 8;

    public static Task<int> RunAsync(DaemonStart start, HostingConfiguration configuration) =>
        DaemonRun.RunAsync(start, configuration, run => ServeAsync(start, configuration, run), Log.Stop, ExitCodeOf);

    /// <summary>
    /// What starting can fail with. Only what the configuration says wrongly is its fault: the supervisor starts again after anything else. While the agent
    /// runs, neither etcd nor a file ends it.
    /// </summary>
    internal static int? ExitCodeOf(Exception e) => e switch
    {
        EtcdException { Failure: EtcdFailure.Configuration } or StartException => ExitCode.Configuration,
        EtcdException => ExitCode.Unavailable,
        NetlinkException { Errno: Errno.EPERM } or NftException { Errno: Errno.EPERM } or UnauthorizedAccessException => ExitCode.Permission,
        IOException { InnerException: UnauthorizedAccessException } => ExitCode.Permission,
        NetlinkException or NftException or IptablesException or IOException => ExitCode.Failure,
        _ => null,
    };

    private static async Task ServeAsync(DaemonStart start, HostingConfiguration configuration, DaemonRun run)
    {
        ForeignFelix.Refuse();
        Log.Start(run.Log, configuration.Get(CommonSettings.NodeName), Product.Version);
        await using EtcdChannel channel = new(ConfiguredEtcd.Options(configuration, start.Environment), run.Time);
        using LinkMonitor monitor = LinkMonitor.Open(
            KernelEventGroups.Links | KernelEventGroups.Addresses | KernelEventGroups.Routes | KernelEventGroups.Rules | KernelEventGroups.Neighbours | KernelEventGroups.Settings | KernelEventGroups.Traffic, 8 << 20);
        using NetlinkRouteStack routes = NetlinkRouteStack.Open();
        using NetlinkWireGuard wireGuard = NetlinkWireGuard.Open();
        using NetlinkConntrack conntrack = NetlinkConntrack.Open();
        using NetlinkNftables nftables = NetlinkNftables.Open();
        IPacketFilter filter = PacketFilterChoice.AtStart(configuration, StartChoice.In(start.Paths), nftables, run.Time, problem => Log.Misconfigured(run.Log, problem), () => Task.Run(ReadTable));
        using NftMonitor tables = filter.Kind == DataplaneKind.Nftables ? NftMonitor.Open(KernelNames.Table, nftables.PortId) : NftMonitor.OpenIptables();
        FelixParameters atStart = FelixParameters.From(configuration, filter.Kind);
        Log.Configuration(run.Log, $"policy is programmed with {filter.Name}");
        if (KeptTableRestore.Run(filter, KeptTable.In(start.Paths), configuration.Get(FelixSettings.OnMissingDatastore), atStart) is string restored) Log.Restore(run.Log, restored);
        Directory.CreateDirectory(start.Paths.Runtime);
        using ControlSocketServer control = ControlSocketServer.Listen(start.ControlSocket);
        AtomicFile.Sweep(start.Paths.State, run.Time.GetUtcNow());
        Inbox<AgentMessage> inbox = new(InboxCapacity, run.Time);
        EtcdReporter reporter = new(new EtcdStore(channel), configuration.Get(CommonSettings.NodeName), run.Time, run.Log);
        HealthReporters health = new(configuration, run.Time);
        using NodeRegistration registration = new(new EtcdStore(channel), configuration, Log.NodeCompleted, Log.ProgrammingFailed, run.Time, run.Log);
        using TunnelRegistrar registrar = new(new EtcdStore(channel), configuration, run.Time, run.Log);
        using DropWatch drops = new(inbox, run.Time, run.Log);
        using FlowWatch flows = FlowWatch.OfKernel(inbox, drops);
        Agent agent = null!;
        using WebServices services = new(health, () => agent.Meters.Text(agent, drops, run), run);
        agent = Assemble(start, configuration, run, routes, wireGuard, conntrack, nftables, filter, tables, reporter, health, changed =>
        {
            run.Configure(changed);
            if (run.LogTo(LogFileOf(changed), changed.Get(FelixSettings.LogFileLevel)) is string refusal) Log.Host(run.Log, $"log.file cannot be written: {refusal}");
            nftables.SetTimeout(changed.Get(FelixSettings.NetlinkTimeout));
            drops.Configure(DropParameters.From(changed));
            services.Configure(changed);
        });
        agent.Configured(configuration);
        if (filter.Kind == DataplaneKind.Iptables) agent.LeaveTraces();
        (agent.NodeMissed, agent.TunnelsWanted, agent.KeysWanted) = (registration.Miss, registrar.Want, registrar.Publish);
        using ChecksumWatch checksums = new((host, stop) => ChecksumProbe.TryAsync(host, run.Time, stop), (peer, stop) => inbox.PutAsync(new AgentMessage.ChecksumsBroken(peer), stop), run.Time);
        agent.ChecksumsDoubted = checksums.Want;
        GuardReverter reverter = new(new GuardStore(new EtcdStore(channel)), run.Time, new Random(), run.Log);
        agent.RevertGuard = reverter.Want;
        AgentLoop loop = new(agent, inbox, run.Time, run.Log);
        EtcdWatcher watcher = new(channel, WatchedRanges, new EtcdWatcherOptions(), run.Time, new Random());

        await run.UntilOneEndsAsync(
            stop =>
            [
                loop.RunAsync(stop),
                inbox.PutAllAsync(watcher.WatchAsync(stop), batch => new AgentMessage.Datastore(batch), stop),
                inbox.PutAllAsync(run.Signals.Reloads.ReadAllAsync(stop), _ => new AgentMessage.Reload(new TaskCompletionSource<string?>()), stop),
                Sources.WatchKernelAsync(monitor, inbox, stop),
                Sources.WatchTablesAsync(tables, inbox, stop),
                reporter.RunAsync(stop),
                reverter.RunAsync(stop),
                drops.RunAsync(stop),
                checksums.RunAsync(stop),
                registration.RunAsync(stop),
                registrar.RunAsync(stop),
                registrar.PublishAsync(stop),
                control.RunAsync((request, cancel) => Sources.AnswerAsync(request, inbox, drops, flows, cancel), stop),
                services.RunAsync(stop),
            ],
            "stopping; enforcement stays in place").ConfigureAwait(false);
    }

    /// <summary>Only what is used: Calico's other resources are not read.</summary>
    /// <remarks>Guards first: what follows may be what they guard.</remarks>
    private static readonly KeyRange[] WatchedRanges =
        [KeyRange.Prefix(Guard.Prefix), .. EtcdRoles.FelixKinds.Select(kind => KeyRange.Prefix(Core.Resources.ResourceKinds.Of(kind).Prefix)), KeyRange.Prefix(Core.Resources.IpamKey.Blocks)];

    private static string LogFileOf(HostingConfiguration configuration) => configuration.Get(FelixSettings.LogFile) is var path && path == "none" ? "" : path;

    /// <summary>Beside the reading of the datastore, on a socket of its own. What goes wrong here is told when the loop reads for itself.</summary>
    private static NftTable? ReadTable()
    {
        using NetlinkNftables nftables = NetlinkNftables.Open();
        return nftables.Read(KernelNames.Table);
    }

    private static Agent Assemble(
        DaemonStart start, HostingConfiguration configuration, DaemonRun run,
        NetlinkRouteStack routes, NetlinkWireGuard wireGuard, NetlinkConntrack conntrack, NetlinkNftables nftables, IPacketFilter filter, NftMonitor tables, EtcdReporter reporter, HealthReporters health, Action<HostingConfiguration> configured)
    {
        TimeProvider time = run.Time;
        string node = configuration.Get(CommonSettings.NodeName);
        PolicyCalculator calculator = new(node);
        InterfaceTable interfaces = new();
        HostInterfaces hosts = new();
        HostSysctls sysctls = new(new SysctlTree());
        IDataplane dataplane = filter.NewDataplane(calculator);
        Traces? before = Traces.Read(Traces.In(start.Paths));
        ClusterNetwork network = new(node);
        TunnelOffload offload = TunnelOffload.OfKernel();
        return new Agent(configuration, time, run.Log, filter.Kind)
        {
            FormerProtocols = before is null ? default : before.Former.Append(before.Protocol).ToEquatableArray(),
            Calculator = calculator,
            Network = network,
            Feed = new ResourceFeed(calculator, network) { NodeName = node },
            Dataplane = dataplane,
            Leftovers = new Leftovers(filter, () => PacketFilterChoice.All(nftables, time), before is { Iptables: true }, before?.LegacyBoot == Traces.Boot(), HostIptables.SeesLegacy),
            Start = new StartChoice(StartChoice.In(start.Paths), filter, wanted => PacketFilterChoice.Of(wanted, nftables, time), run.Log),
            RouteStack = routes,
            Interfaces = interfaces,
            Wirer = new InterfaceWirer(routes, conntrack, sysctls, interfaces, time),
            Shaper = new Shaper(routes, interfaces),
            Sysctls = sysctls,
            Hosts = hosts,
            Revoker = new Revoker(conntrack, calculator, interfaces, hosts, time),
            Keeper = new TableKeeper(KeptTable.In(start.Paths), dataplane.Whole, Task.Run, time, run.Log),
            Overlay = new OverlayWirer(routes, network, offload, time),
            Offload = offload,
            WireGuard = new WireGuardWirer(routes, wireGuard, network, () => RandomNumberGenerator.GetBytes(WireGuardKey.Length), time),
            MtuFile = new SmallFile("mtu_file", configuration.Get(OverlaySettings.MtuFile), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead),
            TraceFile = new SmallFile("the file that tells a cleanup what is ours,", Traces.In(start.Paths), Traces.Mode),
            Telling = new Telling(reporter, configuration.Get(FelixSettings.EndpointStatusPathPrefix), time, run.Log),
            Heart = new Heartbeat(run.Notifier, run.Watchdog, health.Report, time)
            {
                InForce = "policy is in force",
                Waiting = "waiting for the datastore; what an earlier run programmed stays in force",
            },
            ReadConfiguration = start.ReadConfiguration,
            Configured = configured,
            // x_tables tells nobody of changes.
            ListenToTables = filter is IptablesFilter { Flavour: IptablesFlavour.Legacy } ? () => { } : tables.Listen,
        };
    }
}
