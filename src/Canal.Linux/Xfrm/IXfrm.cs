namespace Canal.Linux.Xfrm;

/// <summary>The IPsec policies of one network namespace. One user at a time.</summary>
public interface IXfrm
{
    /// <summary>Policies as <see cref="XfrmPolicy"/> can say them; those of sockets, marks, ports and interfaces are others' and left out.</summary>
    /// <exception cref="Netlink.NetlinkException">The kernel refused.</exception>
    IReadOnlyList<XfrmPolicy> Policies();

    /// <summary>Makes a policy, or makes the one with the same direction and prefixes this; no packet is asked about neither.</summary>
    /// <exception cref="Netlink.NetlinkException">The kernel refused.</exception>
    void Set(XfrmPolicy policy);

    /// <summary>Takes a policy away; one that is not there is no error.</summary>
    /// <exception cref="Netlink.NetlinkException">The kernel refused.</exception>
    void Delete(XfrmPolicy policy);

    /// <summary>Whether the kernel can encrypt IPv4 by ESP; loads its module where that may be loaded.</summary>
    /// <exception cref="Netlink.NetlinkException">The kernel refused the question.</exception>
    bool HasEsp();
}
