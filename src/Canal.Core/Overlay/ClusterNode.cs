using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Overlay;

/// <summary>What the other hosts' routes and tunnels need to know of a node. Compares by value, so that a changed label is no change here.</summary>
public sealed record ClusterNode(string Name, NodeEnds V4, NodeEnds V6)
{
    public NodeEnds Ends(IpFamily family) => family == IpFamily.V4 ? V4 : V6;

    public static ClusterNode Of(Node node) => new(node.Key.Name, NodeEnds.Of(node, IpFamily.V4), NodeEnds.Of(node, IpFamily.V6));
}

/// <summary>A node's addresses in one family.</summary>
/// <param name="Host">Where other hosts reach it, with its subnet; null: not at all.</param>
/// <param name="VxlanAddress">Its end of the VXLAN overlay, or null.</param>
/// <param name="VxlanMac">Hardware address of that end.</param>
/// <param name="IpipAddress">Its end of the IP-in-IP overlay, or null.</param>
/// <param name="WireGuardAddress">Its end of the WireGuard overlay, or null.</param>
/// <param name="WireGuardKey">Its public key in base64; empty: it has none.</param>
public sealed record NodeEnds(InterfaceAddress? Host, IpAddress? VxlanAddress, MacAddress VxlanMac, IpAddress? IpipAddress, IpAddress? WireGuardAddress, string WireGuardKey)
{
    internal static NodeEnds Of(Node node, IpFamily family) => new(
        node.HostAddress(family),
        node.VxlanTunnelAddress(family),
        node.VxlanTunnelMac(family) ?? VxlanMacs.Of(node.Key.Name, family),
        family == IpFamily.V4 ? node.Bgp?.Ipv4IpipTunnelAddress : null,
        node.WireGuardAddress(family),
        family == IpFamily.V4 ? node.WireGuardPublicKey : node.WireGuardPublicKeyV6);

    /// <summary>The addresses of its tunnels, as destinations.</summary>
    internal IEnumerable<Cidr> TunnelAddresses
    {
        get
        {
            if (VxlanAddress is { } vxlan) yield return new Cidr(vxlan);
            if (IpipAddress is { } ipip && ipip != VxlanAddress) yield return new Cidr(ipip);
            if (WireGuardAddress is { } wireGuard && wireGuard != VxlanAddress && wireGuard != IpipAddress) yield return new Cidr(wireGuard);
        }
    }
}
