using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using Canal.Linux.Nflog;

namespace Canal.Linux.Tests.Nflog;

/// <summary>Bytes put together by hand from linux/netfilter/nfnetlink_log.h.</summary>
public sealed class NflogCodecTests
{
    private static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    [Fact]
    public void Binding_asks_for_beginnings_several_together_and_numbered()
    {
        NetlinkBuffer buffer = new();
        NflogCodec.WriteBind(new NetlinkWriter(buffer), 7, 170, copied: 96, together: 64, TimeSpan.FromMilliseconds(100));
        Assert.Equal(Hex(
            "1c000000 0104 0500 07000000 00000000 00 00 00aa 0500 0100 01 000000" // NFULNL_MSG_CONFIG, bind group 170
            + "38000000 0104 0500 07000000 00000000 00 00 00aa"
            + "0a00 0200 00000060 02 00 0000" // copy 96 bytes
            + "0800 0400 0000000a 0800 0500 00000040 0600 0600 0001 0000"), buffer.Written.ToArray()); // 100 ms, 64, NFULNL_CFG_F_SEQ
    }

    [Fact]
    public void A_packet_is_read()
    {
        byte[] ip = Hex("4500 003c 0001 4000 40 06 0000 0a020304 0a000007 c93a 1538 00000000");
        byte[] message = [.. Hex("70000000 0004 0000 00000000 00000000 02 00 00aa"),
            .. Hex("0800 0100 0800 0200"), .. Hex("1400 0a00"), .. "gnp/w ingress 2\0"u8,
            .. Hex("0800 0400 00000003 0800 0500 00000009 0800 0c00 00000005"), .. Hex("1c00 0900"), .. ip];
        message[0] = (byte)message.Length;
        NetlinkReader reader = new(message);
        Assert.True(reader.Next());
        (NflogPacket packet, uint number) = NflogCodec.ReadPacket(reader.Current);
        Assert.Equal(5u, number);
        Assert.Equal(new NflogPacket("gnp/w ingress 2", 3, 9, new PacketFlow(6, IpAddress.Parse("10.2.3.4"), 51514, IpAddress.Parse("10.0.0.7"), 5432)), packet);
    }

    [Theory]
    [InlineData("4500 001c 0001 0000 40 01 0000 0a020304 0a000007 08 00 0000 00000000", "1 10.2.3.4 0 10.0.0.7 2048")] // echo request
    [InlineData("4500 001c 0001 00b9 40 11 0000 0a020304 0a000007 0035 0035 00000000", "17 10.2.3.4 0 10.0.0.7 0")] // a later fragment has no ports
    [InlineData("46000020 00010000 40110000 0a020304 0a000007 94040000 0035 1538 00000000", "17 10.2.3.4 53 10.0.0.7 5432")] // with options
    [InlineData("6000 0000 0010 00 40 fd000000000000000000000000000001 fd000000000000000000000000000002 11 00 0000 00000000 0035 1538 0000 0000", "17 fd00::1 53 fd00::2 5432")] // hop by hop
    [InlineData("6000 0000 0010 2c 40 fd000000000000000000000000000001 fd000000000000000000000000000002 06 00 0008 00000001 0035 1538 0000 0000", "6 fd00::1 0 fd00::2 0")] // a later fragment
    [InlineData("6000 0000 0010 3a 40 fd000000000000000000000000000001 fd000000000000000000000000000002 87 00", "58 fd00::1 0 fd00::2 0")] // cut short
    [InlineData("4f00", "0 0.0.0.0 0 0.0.0.0 0")]
    [InlineData("", "0 0.0.0.0 0 0.0.0.0 0")]
    [InlineData("4100 001c 0001 0000 40 06 0000 0a020304 0a000007", "6 10.2.3.4 0 10.0.0.7 0")] // a header length that lies
    public void Whatever_was_sent_is_read_or_not_but_never_thrown_at(string hex, string expected)
    {
        PacketFlow flow = PacketFlow.Read(Hex(hex));
        Assert.Equal(expected, $"{flow.Protocol} {flow.Source} {flow.SourcePort} {flow.Destination} {flow.DestinationPort}");
    }
}
