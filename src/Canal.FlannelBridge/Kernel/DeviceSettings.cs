using Canal.Linux.Sysctl;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Kernel;

/// <summary>Settings of tunnels' devices.</summary>
/// <param name="sysctls">The kernel's settings.</param>
/// <param name="offload">Whether checksums are left to whoever sends the wrapped packet.</param>
internal sealed class DeviceSettings(SysctlTree sysctls, TunnelOffload offload)
{
    /// <summary>Makes them as they should be; returns what stands in the way, or null.</summary>
    public string? Prepare(string device)
    {
        IgnoreAdvertisements(device);
        return offload.Prepare(device);
    }

    /// <summary>A router's advertisement that comes through a tunnel must not change this host's routes. Without IPv6 in the kernel there is nothing to set.</summary>
    private void IgnoreAdvertisements(string device)
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
