using Canal.Core;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Overlay;
using Canal.Felix.Shaping;
using Canal.Felix.Status;
using Canal.Hosting;
using Canal.Linux;
using Canal.Linux.Iptables;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>Commands that do one thing and end.</summary>
internal static class OneShot
{
    /// <summary>
    /// Prints the configuration of the running agent, which has etcd's layers in it; where none runs, that of this host's files, environment and flags.
    /// </summary>
    public static async Task<int> ShowConfigurationAsync(DaemonStart start, HostingConfiguration configuration)
    {
        string text;
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10));
            ControlResponse answer = await ControlSocketClient.AskAsync(start.ControlSocket, "show-config", patience.Token).ConfigureAwait(false);
            if (answer.Error is not null)
            {
                Console.Error.WriteLine($"canal-felix: {answer.Error}");
                return ExitCode.Failure;
            }
            text = answer.Body;
        }
        catch (IOException)
        {
            text = $"# no agent answers on {start.ControlSocket}: what etcd says is not known\n{configuration.ToText()}";
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"canal-felix: the running agent does not answer on {start.ControlSocket}");
            return ExitCode.Unavailable;
        }
        Console.Out.Write(text);
        return ExitCode.Ok;
    }

    /// <summary>
    /// Removes what this program made: nftables' table or iptables' chains and sets, its routes, permanent neighbours of workload interfaces, limits of bandwidth, tunnel devices, WireGuard's routes and rules, status files, the file of the MTU, the
    /// table kept for the next boot. Sysctls stay: they die with the interfaces, and forwarding may be wanted by others.
    /// </summary>
    public static async Task<int> CleanupAsync(DaemonStart start, HostingConfiguration configuration)
    {
        if (await IsAgentRunningAsync(start.ControlSocket).ConfigureAwait(false))
        {
            Console.Error.WriteLine($"canal-felix: an agent answers on {start.ControlSocket}: stop it first");
            return ExitCode.Unavailable;
        }
        return Cleanup(configuration, start.Paths);
    }

    /// <summary>It would put back what is taken away, and meanwhile nothing would be enforced.</summary>
    private static async Task<bool> IsAgentRunningAsync(string socket)
    {
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
            await ControlSocketClient.AskAsync(socket, "status", patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            // It listens, and is busy.
            return true;
        }
    }

    private static int Cleanup(HostingConfiguration configuration, RuntimePaths paths)
    {
        try
        {
            if (IsTableOwned())
            {
                Console.Error.WriteLine("canal-felix: table inet canal is owned by a running canal-felix: stop it first");
                return ExitCode.Unavailable;
            }
            FelixParameters parameters = FelixParameters.From(configuration);
            Traces? traces = Traces.Read(Traces.In(paths));
            if (traces is not null) parameters = parameters with { InterfacePrefixes = traces.Prefixes, RouteProtocol = traces.Protocol, FormerProtocols = traces.Former };
            RemoveRoutes(parameters);
            RemoveLimits(parameters);
            RemoveWireGuard(parameters, traces?.Devices ?? default);
            File.Delete(KeptTable.In(paths));
            RemovePolicy();
            if (traces?.LegacyBoot == Traces.Boot() && !HostIptables.SeesLegacy()) throw new UnauthorizedAccessException("what is in iptables-legacy only root can see, and take away: run this as root");
            if (configuration.Get(OverlaySettings.MtuFile) is { Length: > 0 } mtuFile && Directory.Exists(Path.GetDirectoryName(mtuFile))) File.Delete(mtuFile);
            StatusFiles files = new(traces is { StatusPrefix.Length: > 0 } ? traces.StatusPrefix : configuration.Get(FelixSettings.EndpointStatusPathPrefix));
            files.Sweep([]);
            if (files.Write() is string refusal) throw new IOException(refusal);
            AtomicFile.Sweep(paths.State, TimeProvider.System.GetUtcNow());
            File.Delete(StartChoice.In(paths));
            File.Delete(Traces.In(paths));
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is NetlinkException or NftException or IptablesException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"canal-felix: {e.Message}");
            bool forbidden = e is UnauthorizedAccessException || (e is NetlinkException n && n.Errno == Errno.EPERM) || (e is NftException f && f.Errno == Errno.EPERM);
            return forbidden ? ExitCode.Permission : ExitCode.Failure;
        }
    }

    /// <summary>For the boot unit: the table is put back before the network comes up. What cannot be put back is told, and no reason to hold up the boot.</summary>
    public static int Restore(HostingConfiguration configuration, RuntimePaths paths)
    {
        try
        {
            using NetlinkNftables nftables = NetlinkNftables.Open();
            IPacketFilter filter = PacketFilterChoice.AtStart(configuration, StartChoice.In(paths), nftables, TimeProvider.System, problem => Console.Error.WriteLine($"canal-felix: {problem}"));
            string? done = KeptTableRestore.Run(filter, KeptTable.In(paths), configuration.Get(FelixSettings.OnMissingDatastore), FelixParameters.From(configuration, filter.Kind));
            Console.Out.WriteLine(done ?? "policy is in force already");
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is NetlinkException or NftException or IptablesException or StartException)
        {
            Console.Error.WriteLine($"canal-felix: {e.Message}");
            return ExitCode.Failure;
        }
    }

    private static bool IsTableOwned()
    {
        using NetlinkNftables nftables = NetlinkNftables.Open();
        return (nftables.ReadFlags(KernelNames.Table) & NftTableFlags.Owner) == NftTableFlags.Owner;
    }

    /// <summary>Whichever dataplane it was programmed with.</summary>
    private static void RemovePolicy()
    {
        using NetlinkNftables nftables = NetlinkNftables.Open();
        foreach (IPacketFilter filter in PacketFilterChoice.All(nftables, TimeProvider.System))
            if (filter.IsInForce()) filter.Remove();
    }

    private static void RemoveRoutes(FelixParameters parameters)
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        IReadOnlyList<Link> links = stack.Links();
        HashSet<int> ours = [.. links.Where(l => parameters.IsWorkloadInterface(l.Name)).Select(l => l.Index)];
        List<KernelChange> changes = [];
        foreach (Route route in stack.Routes(new RouteFilter(Table: RouteTable.Main)))
            if (IsOurs(route, ours, parameters)) changes.Add(KernelChange.Delete(route));
        foreach (Neighbour neighbour in stack.Neighbours())
            if (ours.Contains(neighbour.Interface) && neighbour.State == NeighbourState.Permanent && !neighbour.IsProxy) changes.Add(KernelChange.Delete(neighbour));
        foreach (InterfaceAddress address in stack.Addresses())
            if (ours.Contains(address.Interface) && Wiring.InterfaceWirer.IsOurs(address)) changes.Add(KernelChange.Delete(address));
        foreach (Link link in links)
            if (TunnelNames.All.Contains(link.Name)) changes.Add(link.Name == TunnelNames.Ipip ? KernelChange.SetUp(link.Index, up: false) : KernelChange.Delete(link));
        Send(stack, changes);
    }

    private static void RemoveLimits(FelixParameters parameters)
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        Send(stack, Shaper.Removal(stack, parameters));
    }

    /// <summary>The devices under names that were configured here or in etcd, or are the usual ones; our rules, and our routes in the tables that they lead to.</summary>
    private static void RemoveWireGuard(FelixParameters parameters, EquatableArray<string> devices)
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        HashSet<string> names = [.. devices, .. parameters.Network.WireGuard.Families.Select(f => f.Device), .. new WireGuardParameters().Families.Select(f => f.Device)];
        List<KernelChange> changes = [];
        foreach (RoutingRule rule in stack.Rules().Where(WireGuardWirer.IsOurs))
        {
            changes.Add(KernelChange.Delete(rule));
            if (rule.Table is not (RouteTable.Main or RouteTable.Local or RouteTable.Default))
                changes.AddRange(stack.Routes(new RouteFilter(rule.Family, rule.Table)).Where(r => parameters.IsOwnOverlayProtocol(r.Protocol)).Select(KernelChange.Delete));
        }
        changes.AddRange(stack.Links().Where(l => l.Kind == WireGuardSide.Kind && names.Contains(l.Name)).Select(KernelChange.Delete));
        Send(stack, changes);
    }

    private static void Send(NetlinkRouteStack stack, List<KernelChange> changes)
    {
        foreach (ChangeResult result in stack.ApplyAll([.. changes]))
            if (!result.IsOk && result.Errno is not (Errno.ESRCH or Errno.ENOENT or Errno.ENODEV)) throw new NetlinkException(result.Request!, result.Errno, result.Detail);
    }

    /// <summary>On a workload's interface, as the wiring makes them; elsewhere, as those between hosts are. A number that others use says nothing there.</summary>
    private static bool IsOurs(Route route, HashSet<int> workloads, FelixParameters parameters) =>
        workloads.Contains(route.Interface) ? parameters.IsOwnProtocol(route.Protocol) : parameters.IsOwnOverlayProtocol(route.Protocol);
}
