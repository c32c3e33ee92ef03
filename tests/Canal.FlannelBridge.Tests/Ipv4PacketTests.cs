using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.FlannelBridge.Backends;
using CsCheck;

namespace Canal.FlannelBridge.Tests;

public sealed class Ipv4PacketTests
{
    private static byte[] Packet(byte ttl, byte protocol, int length, ushort fragment = 0)
    {
        byte[] packet = new byte[20 + length];
        (packet[0], packet[8], packet[9]) = (0x45, ttl, protocol);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), fragment);
        IpAddress.Parse("10.5.1.7").WriteBytes(packet.AsSpan(12));
        IpAddress.Parse("10.5.2.7").WriteBytes(packet.AsSpan(16));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), Ipv4Packet.Checksum(packet.AsSpan(0, 20)));
        return packet;
    }

    [Fact]
    public void A_packet_that_is_passed_on_has_a_right_checksum() => Gen.Select(Gen.Byte[2, 255], Gen.Byte, Gen.UShort).Sample((ttl, protocol, fragment) =>
    {
        byte[] packet = Packet(ttl, protocol, 8, fragment);
        return Ipv4Packet.PassOn(packet) && packet[8] == ttl - 1 && Ipv4Packet.Checksum(packet.AsSpan(0, 20)) == 0;
    });

    [Fact]
    public void A_packet_without_time_left_ends() => Assert.False(Ipv4Packet.PassOn(Packet(1, 17, 8)));

    [Fact]
    public void What_is_unreachable_is_told_to_its_sender()
    {
        byte[] packet = Packet(64, 17, 100), answer = new byte[Ipv4Packet.LongestAnswer];
        int length = Ipv4Packet.Unreachable(packet, answer);
        Assert.Equal(20 + 8 + 28, length);
        Assert.Equal(IpAddress.Parse("10.5.1.7"), Ipv4Packet.Destination(answer));
        Assert.Equal(IpAddress.Parse("10.5.2.7"), IpAddress.FromBytes(answer.AsSpan(12, 4)));
        Assert.Equal((8, 1, 3, 0), (answer[8], answer[9], answer[20], answer[21]));
        Assert.Equal(0, Ipv4Packet.Checksum(answer.AsSpan(0, 20)));
        Assert.Equal(0, Ipv4Packet.Checksum(answer.AsSpan(20, length - 20)));
        Assert.Equal(packet[..28], answer[28..length]);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(17, 185)]
    public void An_answer_or_a_later_fragment_is_not_answered(byte protocol, ushort fragment) =>
        Assert.Equal(0, Ipv4Packet.Unreachable(Packet(64, protocol, 8, fragment), new byte[Ipv4Packet.LongestAnswer]));

    [Fact]
    public void Whatever_comes_is_looked_at_before_it_is_touched() => Gen.Byte.Array.Sample(bytes =>
    {
        if (!Ipv4Packet.IsWhole(bytes)) return;
        Ipv4Packet.Unreachable(bytes, new byte[Ipv4Packet.LongestAnswer]);
        Ipv4Packet.PassOn(bytes);
    });

    [Fact]
    public void The_narrowest_subnet_decides_and_only_hosts_of_the_network_are_heard()
    {
        UdpPeers peers = new(new Dictionary<Cidr, IpAddress> { [Cidr.Parse("10.5.0.0/16")] = IpAddress.Parse("192.0.2.1"), [Cidr.Parse("10.5.2.0/24")] = IpAddress.Parse("192.0.2.2") }, 8285);
        Assert.Equal([192, 0, 2, 2], peers.To(IpAddress.Parse("10.5.2.7"))!.Buffer.Span.Slice(4, 4).ToArray());
        Assert.Equal([192, 0, 2, 1], peers.To(IpAddress.Parse("10.5.3.7"))!.Buffer.Span.Slice(4, 4).ToArray());
        Assert.Null(peers.To(IpAddress.Parse("10.6.3.7")));
        Assert.True(peers.Has(IpAddress.Parse("192.0.2.2")));
        Assert.False(peers.Has(IpAddress.Parse("192.0.2.3")));
    }
}
