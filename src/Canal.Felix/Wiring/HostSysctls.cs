using Canal.Felix.Configuration;
using Canal.Linux.Sysctl;

namespace Canal.Felix.Wiring;

/// <summary>The kernel's settings of the host and of workload interfaces.</summary>
internal sealed class HostSysctls(SysctlTree sysctls)
{
    /// <summary>What rp_filter is for new interfaces, and so for those of workloads.</summary>
    public string DefaultRpFilter { get; private set; } = "0";

    /// <summary>Switches forwarding on where wanted. Returns sentences about what could not be set.</summary>
    public List<string> PrepareHost(FelixParameters parameters)
    {
        List<string> refusals = [];
        DefaultRpFilter = ReadOr("0", "ipv4", "conf", "default", "rp_filter");
        // The check of source addresses would otherwise not see by which routes answers go.
        if (parameters.Network.WireGuard.V4.IsEnabled) Set(refusals, "1", "ipv4", "conf", "all", "src_valid_mark");
        // Who asks for connections sees how much they carried.
        if (sysctls.Exists("net", "netfilter", "nf_conntrack_acct")) Set(refusals, "1", "netfilter", "nf_conntrack_acct");
        if (!parameters.IpForwarding) return refusals;
        Set(refusals, "1", "ipv4", "ip_forward");
        if (parameters.Ipv6) Set(refusals, "1", "ipv6", "conf", "all", "forwarding");
        return refusals;
    }

    /// <summary>Sets what an interface needs. Returns why something could not be set, or null; a setting that is not there is none.</summary>
    public string? Write(InterfaceWiring wiring)
    {
        string? failure = null;
        foreach ((string path, string value) in wiring.Sysctls)
        {
            try
            {
                sysctls.Write(value, ["net", .. path.Split('/')]);
            }
            catch (SysctlException e)
            {
                if (!e.IsAbsent) failure = e.Message;
            }
        }
        return failure;
    }

    private void Set(List<string> refusals, string value, params string[] path)
    {
        try
        {
            sysctls.Write(value, ["net", .. path]);
        }
        catch (SysctlException e)
        {
            refusals.Add(e.Message);
        }
    }

    private string ReadOr(string fallback, params string[] path)
    {
        try
        {
            return sysctls.Read(["net", .. path]);
        }
        catch (SysctlException e) when (e.IsAbsent)
        {
            return fallback;
        }
    }
}
