using System.Runtime.InteropServices;
using Canal.Linux.Sysctl;

namespace Canal.Cni;

/// <summary>The host's end of a container's pair of interfaces.</summary>
internal static partial class HostInterface
{
    /// <summary>Of canal-felix's routes, so that it finds what it would add.</summary>
    public const uint RouteMetric = 1024;

    /// <summary>The interface's index in the namespace of the calling thread.</summary>
    public static int IndexOf(string name) => TryIndexOf(name) is > 0 and int index ? index : throw new CniException(CniCode.Kernel, $"there is no interface {name}");

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

    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint IfNameToIndex(string name);
}
