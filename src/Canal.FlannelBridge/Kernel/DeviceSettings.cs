using Canal.Linux.Sysctl;

namespace Canal.FlannelBridge.Kernel;

/// <summary>Settings of tunnels' devices.</summary>
internal static class DeviceSettings
{
    /// <summary>A router's advertisement that comes through a tunnel must not change this host's routes. Without IPv6 in the kernel there is nothing to set.</summary>
    public static void Prepare(SysctlTree sysctls, string device)
    {
        try
        {
            sysctls.Write("0", "net", "ipv6", "conf", device, "accept_ra");
        }
        catch (SysctlException)
        {
            // Not there, or /proc/sys is read-only: the device carries packets all the same.
        }
    }
}
