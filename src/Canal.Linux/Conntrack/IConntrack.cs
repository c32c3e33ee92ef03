using Canal.Core.Addressing;

namespace Canal.Linux.Conntrack;

/// <summary>The connection tracking of one network namespace, as far as an address that changes hands is concerned.</summary>
public interface IConntrack
{
    /// <summary>
    /// Deletes every connection in which one of the addresses sends: as the originator, or as the one who answers (behind the host's destination NAT too).
    /// The next packet of such a connection is judged as a new one. Connections that end meanwhile are no error. Returns how many were deleted.
    /// </summary>
    /// <exception cref="Netlink.NetlinkException">The conversation failed; some may be deleted. Ask again.</exception>
    int Forget(IReadOnlyCollection<IpAddress> addresses);

    /// <summary>The connections in which one of the addresses sends: as the originator, or as the one who answers. One may come twice.</summary>
    /// <exception cref="Netlink.NetlinkException">The conversation failed.</exception>
    IReadOnlyList<TrackedFlow> List(IReadOnlyCollection<IpAddress> addresses);

    /// <summary>
    /// Likewise, but no more than so many, and only to look at: they cannot be marked. One comes once. When there are more, which of them is the kernel's choice.
    /// </summary>
    /// <exception cref="Netlink.NetlinkException">The conversation failed.</exception>
    IReadOnlyList<TrackedFlow> Look(IReadOnlyCollection<IpAddress> addresses, int most);

    /// <summary>Sets the bits of these connections' marks that the mask has. Connections that ended meanwhile are no error. Returns how many were there.</summary>
    /// <exception cref="Netlink.NetlinkException">The conversation failed; some may be marked.</exception>
    int Mark(IReadOnlyCollection<TrackedFlow> flows, uint value, uint mask);
}
