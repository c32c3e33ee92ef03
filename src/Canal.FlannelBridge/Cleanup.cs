using Canal.Core.Flannel;
using Canal.FlannelBridge.Backends;
using Canal.FlannelBridge.Charon;
using Canal.FlannelBridge.Configuration;
using Canal.FlannelBridge.Rules;
using Canal.Hosting;
using Canal.Linux;
using Canal.Linux.Iptables;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Xfrm;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.FlannelBridge;

/// <summary>
/// Takes away what this program made on this host: rules, routes to other hosts, tunnels' devices, the files that tell of the subnet. The lease in etcd ends by
/// itself; settings of the kernel stay, since others may want forwarding.
/// </summary>
internal static class Cleanup
{
    /// <summary>Beside a flanneld only the CNI configuration is ours.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(HostingConfiguration configuration)
    {
        try
        {
            if (configuration.Get(BridgeSettings.Mode) == BridgeMode.Native) RemoveNetwork(configuration);
            Delete(configuration.Get(BridgeSettings.CniConfigFile));
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is NetlinkException or NftException or StartException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"canal-flannel-bridge: {e.Message}");
            bool forbidden = e is UnauthorizedAccessException or NetlinkException { Errno: Errno.EPERM } or NftException { Errno: Errno.EPERM };
            return e is StartException ? ExitCode.Configuration : forbidden ? ExitCode.Permission : ExitCode.Failure;
        }
    }

    private static void RemoveNetwork(HostingConfiguration configuration)
    {
        // Its devices have the same names.
        ForeignFlannel.Refuse();
        RemoveRules(configuration);
        string file = configuration.Get(BridgeSettings.SubnetFile);
        SubnetFile? told = File.Exists(file) ? SubnetFile.Read(File.ReadAllText(file)) : null;
        RemoveRoutes(told);
        RemovePolicies(configuration, told);
        Delete(file);
    }

    private static void RemoveRules(HostingConfiguration configuration)
    {
        using NetlinkNftables nftables = NetlinkNftables.Open();
        new NftablesRules(nftables, configuration.Get(BridgeSettings.NftablesTable)).Remove();
        if (configuration.Get(BridgeSettings.Rules) == RuleProgram.Iptables) new IptablesRules(HostIptables.Families, TimeProvider.System).Remove();
    }

    private static void RemoveRoutes(SubnetFile? told)
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        KernelChange[] changes =
        [
            .. stack.Routes(new RouteFilter(Table: RouteTable.Main)).Where(route => told is not null && IsBetweenHosts(route, told)).Select(KernelChange.Delete),
            .. stack.Links().Where(link => link.Name.StartsWith("flannel", StringComparison.Ordinal) && link.Kind is "vxlan" or "ipip" or "tun" or WireguardPlanner.Kind).Select(KernelChange.Delete),
        ];
        foreach (ChangeResult result in stack.ApplyAll(changes))
            if (!result.IsOk && result.Errno is not (Errno.ESRCH or Errno.ENOENT or Errno.ENODEV)) throw new NetlinkException(result.Request!, result.Errno, result.Detail);
    }

    /// <summary>After the routes, so that nothing goes where it was encrypted to.</summary>
    private static void RemovePolicies(HostingConfiguration configuration, SubnetFile? told)
    {
        if (told is null || told.Networks.Count == 0) return;
        using NetlinkXfrm xfrm = new();
        using ViciCharon charon = new(configuration.Get(BridgeSettings.CharonSocket));
        new IpsecMeans(xfrm, charon, configuration.Get(BridgeSettings.EtcdPrefix)).Remove([.. told.Networks]);
    }

    /// <summary>As flannel makes them: to a host's subnet through that host, or a black hole.</summary>
    private static bool IsBetweenHosts(Route route, SubnetFile told) => route is { Protocol: RouteProtocol.Boot } and ({ Type: RouteType.Blackhole } or { Type: RouteType.Unicast, Gateway: not null })
        && told.Subnet?[route.Family]?.Length == route.Destination.Length && told.Networks.Concat(told.V6Networks).Any(network => network.Contains(route.Destination));

    private static void Delete(string file)
    {
        if (file.Length > 0 && Directory.Exists(Path.GetDirectoryName(file))) File.Delete(file);
    }
}
