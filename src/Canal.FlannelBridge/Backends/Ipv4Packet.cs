using System.Buffers.Binary;
using Canal.Core.Addressing;

namespace Canal.FlannelBridge.Backends;

/// <summary>What a router does to an IPv4 packet. Pure.</summary>
internal static class Ipv4Packet
{
    public const int ShortestHeader = 20;

    /// <summary>An unreachable message: two headers, and the first eight bytes behind the longest of the packet's.</summary>
    public const int LongestAnswer = ShortestHeader + IcmpHeader + 60 + 8;

    private const int IcmpHeader = 8;
    private const byte Icmp = 1;
    private const byte AnswerTtl = 8;
    private const byte DestinationUnreachable = 3;

    /// <summary>It begins with a whole IPv4 header.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> packet) => packet.Length >= ShortestHeader && packet[0] >> 4 == 4 && HeaderLength(packet) is >= ShortestHeader and var length && length <= packet.Length;

    public static IpAddress Destination(ReadOnlySpan<byte> packet) => IpAddress.FromV4(BinaryPrimitives.ReadUInt32BigEndian(packet[16..]));

    /// <summary>Takes one from the time to live and mends the checksum; false when none is left and the packet ends here.</summary>
    public static bool PassOn(Span<byte> packet)
    {
        if (packet[8] <= 1) return false;
        packet[8]--;
        // RFC 1624: the word's upper byte is one less, so the sum of the complements is 0x100 more.
        uint sum = BinaryPrimitives.ReadUInt16BigEndian(packet[10..]) + 0x100u;
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)(sum + (sum >> 16)));
        return true;
    }

    /// <summary>
    /// Writes the message that says that there is no way to the packet's destination; 0 when none is due: for an answer, or a later fragment. It comes from
    /// that destination: the kernel lets nothing in from an address of its own, as the device's is.
    /// </summary>
    public static int Unreachable(ReadOnlySpan<byte> packet, Span<byte> into)
    {
        bool isLaterFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1fff) != 0;
        if (packet[9] == Icmp || isLaterFragment) return 0;
        ReadOnlySpan<byte> quoted = packet[..Math.Min(packet.Length, HeaderLength(packet) + 8)];
        Span<byte> answer = into[..(ShortestHeader + IcmpHeader + quoted.Length)];
        answer.Clear();
        (answer[0], answer[8], answer[9]) = (0x45, AnswerTtl, Icmp);
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], (ushort)answer.Length);
        packet.Slice(16, 4).CopyTo(answer[12..]);
        packet.Slice(12, 4).CopyTo(answer[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(answer[10..], Checksum(answer[..ShortestHeader]));
        Span<byte> message = answer[ShortestHeader..];
        message[0] = DestinationUnreachable;
        quoted.CopyTo(message[IcmpHeader..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], Checksum(message));
        return answer.Length;
    }

    private static int HeaderLength(ReadOnlySpan<byte> packet) => (packet[0] & 0xf) * 4;

    /// <summary>The Internet's (RFC 1071).</summary>
    public static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length > 1; bytes = bytes[2..]) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length == 1) sum += (uint)bytes[0] << 8;
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
