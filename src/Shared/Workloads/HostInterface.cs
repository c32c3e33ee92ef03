using System.Runtime.InteropServices;
using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;

namespace Canal.Workloads;

/// <summary>The host's end of a container's pair of interfaces. Compiled into every program that connects containers.</summary>
internal static partial class HostInterface
{
    // As in Calico: canal-felix looks after interfaces whose names begin so.
    private const string Prefix = "cali";
    private const int IdLength = 11;

    /// <summary>Of canal-felix's routes, so that it finds what it would add.</summary>
    private const uint RouteMetric = 1024;

    /// <summary>It has this address for every container, as in Calico.</summary>
    public static readonly MacAddress Mac = new(0xeeee_eeee_eeee);

    private static readonly IpAddress GatewayV4 = IpAddress.Parse("169.254.1.1");

    // The link-local address that the kernel makes of Mac.
    private static readonly IpAddress GatewayV6 = IpAddress.Parse("fe80::ecee:eeff:feee:eeee");

    /// <summary>The name that an id, or a hash of one, gives the interface.</summary>
    public static string Named(string id) => Prefix + Head(id);

    /// <summary>As much of an id as names of interfaces have room for.</summary>
    public static string Head(string id) => id.Length > IdLength ? id[..IdLength] : id;

    /// <summary>Where containers send to: the host answers for it at this interface.</summary>
    public static IpAddress Gateway(IpFamily family) => family == IpFamily.V4 ? GatewayV4 : GatewayV6;

    /// <summary>The interface's index in the namespace of the calling thread.</summary>
    public static int IndexOf(string name) => TryIndexOf(name) is > 0 and int index ? index : throw new NetlinkException($"find the interface {name}", Errno.ENODEV);

    /// <summary>0: there is none.</summary>
    public static int TryIndexOf(string name) => (int)IfNameToIndex(name);

    /// <summary>What has to be so before the interface is up, and what canal-felix sets too.</summary>
    public static void Prepare(string name, bool v6)
    {
        SysctlTree sysctls = new();
        Set(sysctls, ($"ipv6/conf/{name}/accept_dad", "0"), ($"ipv6/conf/{name}/accept_ra", "0"));
        if (v6) Set(sysctls, ($"ipv6/conf/{name}/disable_ipv6", "0"), ($"ipv6/conf/{name}/proxy_ndp", "1"), ($"ipv6/conf/{name}/forwarding", "1"));
        Set(sysctls, ($"ipv4/conf/{name}/route_localnet", "1"), ($"ipv4/neigh/{name}/proxy_delay", "0"), ($"ipv4/conf/{name}/proxy_arp", "1"), ($"ipv4/conf/{name}/forwarding", "1"));
    }

    /// <summary>Sets what there is: without IPv6 in the kernel there is nothing of it to set.</summary>
    public static void Set(SysctlTree sysctls, params ReadOnlySpan<(string Path, string Value)> settings)
    {
        foreach ((string path, string value) in settings)
        {
            try
            {
                sysctls.Write(value, ["net", .. path.Split('/')]);
            }
            catch (SysctlException e) when (e.IsAbsent)
            {
            }
        }
    }

    /// <summary>The routes that canal-felix would add, for a host where nobody waits for it.</summary>
    public static void AddRoutes(string name, IReadOnlyList<IpAddress> addresses)
    {
        using NetlinkRouteStack host = NetlinkRouteStack.Open();
        int index = IndexOf(name);
        foreach (IpAddress address in addresses)
            host.Apply(KernelChange.Replace(Route.ToLink(new Cidr(address), index) with { Metric = RouteMetric }));
    }

    /// <summary>Deletes the pair, wherever its other end is; false when there is none.</summary>
    public static bool Delete(string name)
    {
        using NetlinkRouteStack host = NetlinkRouteStack.Open();
        return Delete(host, name);
    }

    /// <inheritdoc cref="Delete(string)"/>
    public static bool Delete(NetlinkRouteStack stack, string name)
    {
        int index = TryIndexOf(name);
        if (index == 0) return false;
        ChangeResult result = stack.Try(KernelChange.Delete(new Link { Index = index, Name = name }));
        if (!result.IsOk && result.Errno != Errno.ENODEV) throw new NetlinkException(result.Request!, result.Errno, result.Detail);
        return result.IsOk;
    }

    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint IfNameToIndex(string name);
}
