namespace Canal.Linux.WireGuard;

/// <summary>The WireGuard devices of one network namespace. Making and deleting them is <see cref="Routing.IRouteStack"/>'s. One user at a time.</summary>
public interface IWireGuard
{
    /// <summary>A device by its link.</summary>
    /// <exception cref="Netlink.NetlinkException">There is none, or the kernel refused.</exception>
    WireGuardDevice Read(int link);

    /// <summary>Changes a device. When it throws, a part may be done: read it again.</summary>
    /// <exception cref="Netlink.NetlinkException">There is none, or the kernel refused.</exception>
    void Change(WireGuardChange change);
}
