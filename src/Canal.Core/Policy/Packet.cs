using Canal.Core.Addressing;

namespace Canal.Core.Policy;

/// <summary>The first packet of a flow, as policy sees it (after DNAT, before SNAT).</summary>
/// <param name="Source">Source address.</param>
/// <param name="Destination">Destination address, of the same family.</param>
/// <param name="Protocol">IP protocol number.</param>
public sealed record Packet(IpAddress Source, IpAddress Destination, byte Protocol)
{
    /// <summary>For protocols with ports.</summary>
    public ushort SourcePort { get; init; }

    /// <summary>For protocols with ports.</summary>
    public ushort DestinationPort { get; init; }

    /// <summary>For ICMP and ICMPv6.</summary>
    public byte IcmpType { get; init; }

    /// <summary>For ICMP and ICMPv6.</summary>
    public byte IcmpCode { get; init; }

    public IpFamily Family => Source.Family;
}
