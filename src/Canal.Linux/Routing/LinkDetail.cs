using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>IFLA_INFO_DATA of one kind of link. Closed.</summary>
public abstract record LinkDetail
{
    private protected LinkDetail()
    {
    }
}

/// <summary>The other end of a veth to be added. The kernel does not list it: <see cref="Link.Parent"/> is the peer's index.</summary>
/// <param name="PeerName">Name of the other end.</param>
/// <param name="PeerNamespace">Open file descriptor of the namespace the other end is made in, or null for this one.</param>
/// <param name="PeerMac">Address of the other end, or null: the kernel chooses.</param>
/// <param name="PeerMtu">MTU of the other end; 0: the kind's default.</param>
public sealed record VethDetail(string PeerName, int? PeerNamespace = null, MacAddress? PeerMac = null, uint PeerMtu = 0) : LinkDetail;

/// <summary>A VXLAN tunnel endpoint.</summary>
/// <param name="Vni">Network identifier, 24 bits.</param>
/// <param name="Port">UDP destination port.</param>
/// <param name="Local">Source address of the tunnel, or null.</param>
/// <param name="Parent">Index of the underlay's link, or 0.</param>
/// <param name="Learning">Whether FDB entries are learned from traffic.</param>
/// <param name="Gbp">Packets carry the group policy extension.</param>
public sealed record VxlanDetail(uint Vni, ushort Port, IpAddress? Local, int Parent, bool Learning, bool Gbp = false) : LinkDetail;

/// <summary>An IPv4-in-IPv4 tunnel.</summary>
/// <param name="Local">Source address, or null for any.</param>
/// <param name="Remote">Other end, or null for any (the route's gateway decides).</param>
/// <param name="Parent">Index of the underlay's link, or 0.</param>
public sealed record IpipDetail(IpAddress? Local, IpAddress? Remote, int Parent) : LinkDetail;
