namespace Canal.Core.Policy;

/// <summary>IP protocol numbers (IANA) that rules treat specially.</summary>
public static class IpProtocol
{
    public const byte Icmp = 1;
    public const byte IpIp = 4;
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte IcmpV6 = 58;
    public const byte Sctp = 132;
    public const byte UdpLite = 136;

    /// <summary>Protocols whose header begins with source and destination port. A rule that asks for ports, or for none of some numbers, matches only these.</summary>
    public static readonly EquatableArray<byte> WithPorts = [Tcp, Udp, Sctp, UdpLite];
}
