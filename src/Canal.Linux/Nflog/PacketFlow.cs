using System.Buffers.Binary;
using Canal.Core.Addressing;

namespace Canal.Linux.Nflog;

/// <summary>The beginning of an IP packet, as far as it tells who speaks to whom.</summary>
/// <param name="Protocol">IP protocol number; 0 with the address 0.0.0.0 when the packet could not be read.</param>
/// <param name="Source">As sent, after what translation has done so far.</param>
/// <param name="Destination">Likewise.</param>
/// <param name="SourcePort">Of TCP, UDP, UDP-Lite, DCCP and SCTP, else 0; a later fragment has none.</param>
/// <param name="DestinationPort">Likewise; of ICMP and ICMPv6 the type and code as <c>type * 256 + code</c>.</param>
public readonly record struct PacketFlow(byte Protocol, IpAddress Source, ushort SourcePort, IpAddress Destination, ushort DestinationPort)
{
    private const int LongestExtensionChain = 8;

    /// <summary>Nothing is known.</summary>
    public static PacketFlow Unknown { get; } = new(0, IpAddress.FromBytes([0, 0, 0, 0]), 0, IpAddress.FromBytes([0, 0, 0, 0]), 0);

    /// <summary>Reads an IPv4 or IPv6 packet, of which the end may be missing. Whatever was sent: nothing is trusted, nothing thrown.</summary>
    public static PacketFlow Read(ReadOnlySpan<byte> packet)
    {
        if (packet.Length >= 20 && packet[0] >> 4 == 4) return ReadV4(packet);
        return packet.Length >= 40 && packet[0] >> 4 == 6 ? ReadV6(packet) : Unknown;
    }

    private static PacketFlow ReadV4(ReadOnlySpan<byte> packet)
    {
        int header = (packet[0] & 15) * 4;
        bool first = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1fff) == 0;
        return new PacketFlow(packet[9], IpAddress.FromBytes(packet[12..16]), 0, IpAddress.FromBytes(packet[16..20]), 0)
            .WithPorts(first && header >= 20 && header <= packet.Length ? packet[header..] : default);
    }

    private static PacketFlow ReadV6(ReadOnlySpan<byte> packet)
    {
        byte next = packet[6];
        ReadOnlySpan<byte> rest = packet[40..];
        bool first = true;
        for (int i = 0; i < LongestExtensionChain && IsExtension(next) && rest.Length >= 8; i++)
        {
            if (next == 44) first &= (BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) & 0xfff8) == 0;
            int length = next == 44 ? 8 : (rest[1] + 1) * 8;
            next = rest[0];
            rest = length <= rest.Length ? rest[length..] : default;
        }
        return new PacketFlow(next, IpAddress.FromBytes(packet[8..24]), 0, IpAddress.FromBytes(packet[24..40]), 0).WithPorts(first ? rest : default);
    }

    /// <summary>Hop-by-hop, routing, fragment and destination options.</summary>
    private static bool IsExtension(byte header) => header is 0 or 43 or 44 or 60;

    private PacketFlow WithPorts(ReadOnlySpan<byte> transport)
    {
        if (transport.Length < 4) return this;
        return Protocol switch
        {
            6 or 17 or 33 or 132 or 136 => this with { SourcePort = BinaryPrimitives.ReadUInt16BigEndian(transport), DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(transport[2..]) },
            1 or 58 => this with { DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(transport) },
            _ => this,
        };
    }
}
