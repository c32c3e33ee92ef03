using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A host of the cluster.</summary>
public sealed record Node : Resource
{
    public NodeBgp? Bgp { get; init; }

    public IpAddress? Ipv4VxlanTunnelAddress { get; init; }

    public IpAddress? Ipv6VxlanTunnelAddress { get; init; }

    /// <summary>Null: it is computed from the host's name.</summary>
    public MacAddress? Ipv4VxlanTunnelMac { get; init; }

    public MacAddress? Ipv6VxlanTunnelMac { get; init; }

    public EquatableArray<OrchRef> OrchRefs { get; init; }

    public IpAddress? WireGuardIpv4Address { get; init; }

    public IpAddress? WireGuardIpv6Address { get; init; }

    public EquatableArray<NodeAddress> Addresses { get; init; }

    public EquatableArray<NodeInterface> Interfaces { get; init; }

    /// <summary>Status; base64, empty for none.</summary>
    public string WireGuardPublicKey { get; init; } = "";

    public string WireGuardPublicKeyV6 { get; init; } = "";

    public EquatableArray<string> PodCidrs { get; init; }

    /// <summary>The tunnel address of VXLAN.</summary>
    public IpAddress? VxlanTunnelAddress(IpFamily family) => family == IpFamily.V4 ? Ipv4VxlanTunnelAddress : Ipv6VxlanTunnelAddress;

    /// <summary>The hardware address of the VXLAN device.</summary>
    public MacAddress? VxlanTunnelMac(IpFamily family) => family == IpFamily.V4 ? Ipv4VxlanTunnelMac : Ipv6VxlanTunnelMac;

    /// <summary>The tunnel address of WireGuard.</summary>
    public IpAddress? WireGuardAddress(IpFamily family) => family == IpFamily.V4 ? WireGuardIpv4Address : WireGuardIpv6Address;

    /// <summary>Where other hosts reach the node: the BGP address, else its first InternalIP, else its first ExternalIP.</summary>
    public InterfaceAddress? HostAddress(IpFamily family) =>
        (family == IpFamily.V4 ? Bgp?.Ipv4Address : Bgp?.Ipv6Address) ?? FirstAddress(family, "InternalIP") ?? FirstAddress(family, "ExternalIP");

    private InterfaceAddress? FirstAddress(IpFamily family, string type)
    {
        foreach (NodeAddress address in Addresses)
            if (address.Type == type && address.Address.Address.Family == family) return address.Address;
        return null;
    }
}
