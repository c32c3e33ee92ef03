namespace Canal.Linux.Nftables;

/// <summary>
/// The answer of a reject statement. TcpReset needs a match of protocol tcp in the same rule; the others are ICMP or ICMPv6 by the packet's family.
/// </summary>
public enum NftReject
{
    NoRoute = 0,
    PortUnreachable = 1,
    HostUnreachable = 2,
    AdminProhibited = 3,
    TcpReset = 16,
}
