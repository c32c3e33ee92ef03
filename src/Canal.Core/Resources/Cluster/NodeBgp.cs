using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A node's part in BGP. A node without it takes no part.</summary>
public sealed record NodeBgp
{
    public uint? AsNumber { get; init; }

    public InterfaceAddress? Ipv4Address { get; init; }

    public InterfaceAddress? Ipv6Address { get; init; }

    public IpAddress? Ipv4IpipTunnelAddress { get; init; }

    /// <summary>Empty when the node is no route reflector.</summary>
    public string RouteReflectorClusterId { get; init; } = "";
}
