using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Core.Policy;

namespace Canal.Kernel.Tests.Policy;

/// <summary>Ethernet frames for policy's packets, correct down to the checksums (connection tracking calls others invalid), with a number as payload.</summary>
internal static class Frame
{
    private const int Ethernet = 14;
    private const uint Magic = 0x43414e41;
    private const byte Ttl = 64;

    /// <summary>The first packet of a flow: a SYN, a datagram, a request.</summary>
    internal static byte[] Of(Packet packet, int number, MacAddress from, MacAddress to)
    {
        byte[] content = Content(packet, number);
        int header = packet.Family == IpFamily.V4 ? 20 : 40;
        byte[] frame = new byte[Ethernet + header + content.Length];
        to.WriteBytes(frame);
        from.WriteBytes(frame.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(packet.Family == IpFamily.V4 ? 0x0800 : 0x86dd));
        WriteIp(frame.AsSpan(Ethernet, header), packet, content.Length);
        content.CopyTo(frame.AsSpan(Ethernet + header));
        return frame;
    }

    /// <summary>The number of a frame made by <see cref="Of"/>; -1 for any other.</summary>
    internal static int NumberIn(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < Ethernet + 20) return -1;
        ReadOnlySpan<byte> ip = frame[Ethernet..];
        bool v4 = ip[0] >> 4 == 4;
        return NumberAt(ip, v4 ? 20 : 40, v4 ? ip[9] : ip[6]);
    }

    /// <summary>The same, of a packet whose protocol's header begins at the offset.</summary>
    internal static int NumberAt(ReadOnlySpan<byte> packet, int offset, byte protocol)
    {
        int content = offset + HeaderLength(protocol);
        if (packet.Length < content + 8 || BinaryPrimitives.ReadUInt32BigEndian(packet[content..]) != Magic) return -1;
        // An answer to an echo request has the request's content.
        return protocol is IpProtocol.Icmp or IpProtocol.IcmpV6 && packet[offset] is 0 or 129 ? -1 : BinaryPrimitives.ReadInt32BigEndian(packet[(content + 4)..]);
    }

    private static int HeaderLength(byte protocol) => protocol switch
    {
        IpProtocol.Tcp => 20,
        IpProtocol.Udp or IpProtocol.UdpLite or IpProtocol.Icmp or IpProtocol.IcmpV6 => 8,
        _ => 0,
    };

    private static byte[] Content(Packet packet, int number)
    {
        int header = HeaderLength(packet.Protocol);
        byte[] content = new byte[header + 8];
        BinaryPrimitives.WriteUInt32BigEndian(content.AsSpan(header), Magic);
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(header + 4), number);
        if (packet.Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6) WriteIcmp(content, packet, number);
        else if (header > 0) WritePorts(content, packet);
        int checksum = packet.Protocol switch { IpProtocol.Tcp => 16, IpProtocol.Udp or IpProtocol.UdpLite => 6, IpProtocol.Icmp or IpProtocol.IcmpV6 => 2, _ => -1 };
        if (checksum < 0) return content;
        uint sum = packet.Protocol == IpProtocol.Icmp ? 0 : PseudoHeader(packet, content.Length);
        BinaryPrimitives.WriteUInt16BigEndian(content.AsSpan(checksum), Fold(sum + Sum(content)));
        return content;
    }

    private static void WriteIcmp(Span<byte> content, Packet packet, int number)
    {
        (content[0], content[1]) = (packet.IcmpType, packet.IcmpCode);
        BinaryPrimitives.WriteUInt16BigEndian(content[4..], (ushort)number);
    }

    private static void WritePorts(Span<byte> content, Packet packet)
    {
        BinaryPrimitives.WriteUInt16BigEndian(content, packet.SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(content[2..], packet.DestinationPort);
        if (packet.Protocol == IpProtocol.Tcp) (content[12], content[13], content[14]) = (5 << 4, 2, 0x20); // SYN
        else BinaryPrimitives.WriteUInt16BigEndian(content[4..], (ushort)content.Length);
    }

    private static void WriteIp(Span<byte> header, Packet packet, int contentLength)
    {
        if (packet.Family == IpFamily.V4)
        {
            (header[0], header[8], header[9]) = (0x45, Ttl, packet.Protocol);
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)(20 + contentLength));
            packet.Source.WriteBytes(header[12..]);
            packet.Destination.WriteBytes(header[16..]);
            BinaryPrimitives.WriteUInt16BigEndian(header[10..], Fold(Sum(header)));
            return;
        }
        (header[0], header[6], header[7]) = (0x60, packet.Protocol, Ttl);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)contentLength);
        packet.Source.WriteBytes(header[8..]);
        packet.Destination.WriteBytes(header[24..]);
    }

    private static uint PseudoHeader(Packet packet, int length)
    {
        Span<byte> addresses = stackalloc byte[32];
        int size = packet.Source.WriteBytes(addresses);
        size += packet.Destination.WriteBytes(addresses[size..]);
        return Sum(addresses[..size]) + packet.Protocol + (uint)length;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2) sum += (uint)((bytes[i] << 8) | (i + 1 < bytes.Length ? bytes[i + 1] : 0));
        return sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return sum == 0xffff ? (ushort)0xffff : (ushort)~sum;
    }
}
