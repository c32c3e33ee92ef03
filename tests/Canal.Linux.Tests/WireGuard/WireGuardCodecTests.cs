using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Linux.Netlink;
using Canal.Linux.WireGuard;

namespace Canal.Linux.Tests.WireGuard;

/// <summary>Requests byte by byte, put together by hand from linux/genetlink.h and linux/wireguard.h; answers as the kernel lays them out.</summary>
public sealed class WireGuardCodecTests
{
    private static readonly string KeyBytes = string.Concat(Enumerable.Range(1, 32).Select(i => i.ToString("x2")));

    private static readonly WireGuardKey Key = WireGuardKey.FromBytes(Convert.FromHexString(KeyBytes));

    private delegate void Write(NetlinkWriter writer);

    private static string Encode(Write write)
    {
        NetlinkBuffer buffer = new();
        write(new NetlinkWriter(buffer));
        return Convert.ToHexStringLower(buffer.Written);
    }

    private static string Set(WireGuardChange change) => Encode(writer => WireGuardCodec.WriteSet(writer, change));

    private static string Bytes(string hex) => hex.Replace(" ", "", StringComparison.Ordinal);

    private static Cidr Net(string text) => Cidr.Parse(text);

    /// <summary>A message with this after its header.</summary>
    private static T Read<T>(string hex, Func<byte[], T> read)
    {
        byte[] payload = Convert.FromHexString(Bytes(hex));
        byte[] message = [.. BitConverter.GetBytes(16 + payload.Length), 0x1f, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, .. payload];
        return read(message);
    }

    private static WireGuardDevice ReadDevice(string hex) => Read(hex, bytes => WireGuardCodec.ReadDevice(new NetlinkMessage(bytes)));

    [Fact]
    public void The_family_is_looked_for_among_all()
    {
        Assert.Equal("03010000", Encode(WireGuardCodec.WriteFamilies));
        GenericFamily family = Read("01020000 06000100 2000 0000 0e000200 776972656775617264 00 0000", bytes => WireGuardCodec.ReadFamily(new NetlinkMessage(bytes)));
        Assert.Equal(new GenericFamily("wireguard", 0x20), family);
    }

    [Fact]
    public void A_device_is_asked_for_by_its_link() => Assert.Equal(Bytes("00010000 08000100 07000000"), Encode(writer => WireGuardCodec.WriteGet(writer, 7)));

    [Fact]
    public void A_devices_own_settings() => Assert.Equal(
        Bytes($"01010000 08000100 07000000 24000300 {KeyBytes} 06000600 6cca 0000 08000700 00002000"),
        Set(new WireGuardChange { Interface = 7, PrivateKey = Convert.FromHexString(KeyBytes), ListenPort = 51820, Mark = 0x200000 }));

    [Fact]
    public void A_peer_of_IPv4() => Assert.Equal(
        Bytes("01010000 08000100 07000000 70000880 6c000080" // WGDEVICE_A_PEERS { 0 {
            + $"24000100 {KeyBytes} 08000300 02000000" // WGPEER_A_PUBLIC_KEY, WGPEER_A_FLAGS: replace the allowed IPs
            + "14000400 0200 ca6c c0000202 0000000000000000" // struct sockaddr_in
            + "06000500 1900 0000" // a packet each 25 s
            + "20000980 1c000080 06000100 0200 0000 08000200 0a410100 05000300 1a 000000"), // 10.65.1.0/26
        Set(new WireGuardChange
        {
            Interface = 7,
            Peers =
            [
                new WireGuardPeerChange(Key) { ReplaceAllowedIps = true, KeepAlive = 25, Endpoint = new WireGuardEndpoint(IpAddress.Parse("192.0.2.2"), 51820), AllowedIps = [Net("10.65.1.0/26")] },
            ],
        }));

    [Fact]
    public void A_peer_of_IPv6() => Assert.Equal(
        Bytes("01010000 08000100 07000000 78000880 74000080"
            + $"24000100 {KeyBytes}"
            + "20000400 0a00 ca6d 00000000 20010db8000000000000000000000002 00000000" // struct sockaddr_in6
            + "2c000980 28000080 06000100 0a00 0000 14000200 fd000065000000000000000000010000 05000300 7a 000000"),
        Set(new WireGuardChange
        {
            Interface = 7,
            Peers = [new WireGuardPeerChange(Key) { Endpoint = new WireGuardEndpoint(IpAddress.Parse("2001:db8::2"), 51821), AllowedIps = [Net("fd00:65::1:0/122")] }],
        }));

    [Fact]
    public void A_peer_with_a_shared_key() => Assert.Equal(
        Bytes($"01010000 08000100 07000000 50000880 4c000080 24000100 {KeyBytes} 24000200 {KeyBytes}"),
        Set(new WireGuardChange { Interface = 7, Peers = [new WireGuardPeerChange(Key) { PresharedKey = WireGuardSecret.FromBytes(Convert.FromHexString(KeyBytes)) }] }));

    [Fact]
    public void A_peer_goes() => Assert.Equal(
        Bytes($"01010000 08000100 07000000 34000880 30000080 24000100 {KeyBytes} 08000300 01000000"),
        Set(new WireGuardChange { Interface = 7, Peers = [new WireGuardPeerChange(Key) { Remove = true, AllowedIps = [Net("10.65.1.0/26")] }] }));

    [Fact]
    public void What_does_not_fit_a_message_goes_on_in_the_next()
    {
        WireGuardPeerChange large = new(Key) { ReplaceAllowedIps = true, KeepAlive = 5, AllowedIps = Enumerable.Range(0, 2500).Select(i => new Cidr(IpAddress.FromV4((uint)i))).ToEquatableArray() };
        WireGuardPeerChange small = new(WireGuardKey.FromBytes(new byte[31].Append((byte)1).ToArray())) { AllowedIps = [Net("10.0.0.0/8")] };
        WireGuardChange change = new() { Interface = 7, ListenPort = 9, Peers = [small, large, small] };
        List<WireGuardChange> parts = WireGuardCodec.Split(change);
        Assert.All(parts, part => Assert.True(Set(part).Length / 2 < 50_000));
        Assert.Equal((ushort?)9, parts[0].ListenPort);
        Assert.All(parts.Skip(1), part => Assert.Null(part.ListenPort));
        WireGuardPeerChange[] pieces = [.. parts.SelectMany(p => p.Peers).Where(p => p.Key == Key)];
        Assert.Equal(large.AllowedIps, pieces.SelectMany(p => p.AllowedIps).ToEquatableArray());
        Assert.Equal([true, false, false], pieces.Select(p => p.ReplaceAllowedIps));
        Assert.Equal([new WireGuardChange { Interface = 7, Mark = 1 }], WireGuardCodec.Split(new WireGuardChange { Interface = 7, Mark = 1 }));
    }

    [Fact]
    public void A_device_is_read_and_its_private_key_is_not()
    {
        string secret = string.Concat(Enumerable.Repeat("ee", 32));
        WireGuardDevice device = ReadDevice($"00010000 08000100 07000000 0c000200 7767302e78000000 24000300 {secret} 24000400 {KeyBytes} 06000600 6cca 0000 08000700 00002000"
            + $"94000880 90000080 24000100 {KeyBytes} 24000200 {secret} 14000400 0200 ca6c c0000202 0000000000000000 14000600 0500000000000000 0100000000000000 0c000700 0900000000000000 0c000800 0800000000000000 04000980");
        Assert.Equal((Key, (ushort)51820, 0x200000u), (device.PublicKey, device.ListenPort, device.Mark));
        Assert.Equal(new WireGuardPeer { Key = Key, PresharedKey = WireGuardSecret.FromBytes(Convert.FromHexString(secret)), Endpoint = new WireGuardEndpoint(IpAddress.Parse("192.0.2.2"), 51820), LastHandshake = 5, Received = 9, Sent = 8 }, Assert.Single(device.Peers));
        Assert.DoesNotContain(Convert.ToBase64String(Convert.FromHexString(secret)), device.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_peer_may_be_told_in_several_messages()
    {
        const string Peer = "00010000 4c000880 48000080 24000100 ", V4 = " 20000980 1c000080 06000100 0200 0000 08000200 ", Mask = " 05000300 1a000000";
        WireGuardDevice first = ReadDevice($"{Peer}{KeyBytes}{V4}0a410100{Mask}"), second = ReadDevice($"{Peer}{KeyBytes}{V4}0a410200{Mask}");
        WireGuardPeer joined = Assert.Single(WireGuardCodec.Join([first, second]).Peers);
        Assert.Equal([Net("10.65.1.0/26"), Net("10.65.2.0/26")], joined.AllowedIps);
        Assert.Empty(WireGuardCodec.Join([]).Peers);
    }

    [Fact]
    public void Keys_are_text_in_base_64()
    {
        Assert.Equal(Key, WireGuardKey.Parse(Key.ToString()));
        Assert.Equal("jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgY=", WireGuardKey.Parse("jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgY=").ToString());
        foreach (string none in (string[])["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgYA"]) Assert.False(WireGuardKey.TryParse(none, out _));
    }
}
