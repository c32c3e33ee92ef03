using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Canal.Testing.Rig;

/// <summary>Builds the packets that no ordinary socket would send (RFC 791, 768, 9293, 792, 8200).</summary>
public static class Packet
{
    /// <summary>An IP packet with any source address. The kernel fills in IPv4's length, identification and checksum (raw(7)).</summary>
    public static byte[] Ip(IPAddress source, IPAddress destination, byte protocol, byte[] payload)
    {
        bool four = source.AddressFamily == AddressFamily.InterNetwork;
        byte[] packet = new byte[(four ? 20 : 40) + payload.Length];
        packet[0] = four ? (byte)0x45 : (byte)0x60;
        if (four)
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        else
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload.Length);
        packet[four ? 8 : 7] = 64;
        packet[four ? 9 : 6] = protocol;
        source.GetAddressBytes().CopyTo(packet, four ? 12 : 8);
        destination.GetAddressBytes().CopyTo(packet, four ? 16 : 24);
        payload.CopyTo(packet, packet.Length - payload.Length);
        return packet;
    }

    public static byte[] Udp(IPAddress source, IPAddress destination, int sourcePort, int port, byte[] payload)
    {
        byte[] segment = [.. Ports(sourcePort, port), .. UInt16(8 + payload.Length), 0, 0, .. payload];
        return WithChecksum(segment, 6, source, destination, 17);
    }

    /// <summary>A SYN that carries the payload as data, so that its arrival can be recognised.</summary>
    public static byte[] TcpSyn(IPAddress source, IPAddress destination, int sourcePort, int port, byte[] payload) =>
        Tcp(source, destination, sourcePort, port, flags: 0x02, payload);

    public static byte[] Tcp(IPAddress source, IPAddress destination, int sourcePort, int port, byte flags, byte[] payload)
    {
        byte[] segment = [.. Ports(sourcePort, port), 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0, .. payload];
        return WithChecksum(segment, 16, source, destination, 6);
    }

    /// <summary>An ICMP or ICMPv6 message; the kernel computes the checksum of ICMPv6 itself (RFC 3542 section 3.1).</summary>
    public static byte[] Icmp(int type, int code, byte[] payload)
    {
        byte[] message = [(byte)type, (byte)code, 0, 0, payload[0], payload[1], 0, 1, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Sum(message));
        return message;
    }

    private static byte[] WithChecksum(byte[] segment, int offset, IPAddress source, IPAddress destination, byte protocol)
    {
        byte[] pseudo = [.. source.GetAddressBytes(), .. destination.GetAddressBytes(), 0, protocol, .. UInt16(segment.Length), .. segment];
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(offset), Sum(pseudo));
        return segment;
    }

    private static ushort Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2)
            sum += (uint)((bytes[i] << 8) | (i + 1 < bytes.Length ? bytes[i + 1] : 0));
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    private static byte[] Ports(int source, int destination) => [.. UInt16(source), .. UInt16(destination)];

    private static byte[] UInt16(int value) => [(byte)(value >> 8), (byte)value];
}
