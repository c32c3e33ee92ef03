using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>WireGuard between the hosts' public addresses.</summary>
/// <param name="ListenPort">UDP port of the device of IPv4, or of both families.</param>
/// <param name="ListenPortV6">UDP port of the device of IPv6.</param>
/// <param name="PresharedKey">Base64 of a key that all hosts share; empty for none. Never printed.</param>
/// <param name="Mode">Which device carries what.</param>
/// <param name="OuterMtu">MTU of the packets outside; 0: the link's.</param>
/// <param name="KeepaliveSeconds">0: none.</param>
public sealed record WireguardBackend(ushort ListenPort, ushort ListenPortV6, string PresharedKey, WireguardMode Mode, uint OuterMtu, ushort KeepaliveSeconds) : FlannelBackend("wireguard")
{
    public const ushort DefaultPort = 51820;
    public const ushort DefaultPortV6 = 51821;

    private const uint Overhead = 80;
    private const int KeyBytes = 32;

    private static readonly Cidr[] PrivateV4 = [Cidr.Parse("10.0.0.0/8"), Cidr.Parse("172.16.0.0/12"), Cidr.Parse("192.168.0.0/16")];
    private static readonly Cidr PrivateV6 = Cidr.Parse("fc00::/7");

    /// <summary>Name of the device that carries this family's packets.</summary>
    public string Device(IpFamily family) => family == IpFamily.V6 && Mode == WireguardMode.Separate ? "flannel-wg-v6" : "flannel-wg";

    public override uint Mtu(uint link, IpFamily family) => Less(link, OuterMtu, Overhead);

    internal static WireguardBackend Read(FlannelJson options)
    {
        string psk = options.Text("PSK");
        if (psk.Length > 0 && !IsKey(psk)) throw new FlannelFormatException("PSK is not a key of 32 bytes in base64");
        return new WireguardBackend(Port(options, "ListenPort", DefaultPort), Port(options, "ListenPortV6", DefaultPortV6), psk, ModeOf(options.Text("Mode")),
            options.Number("MTU", ushort.MaxValue), (ushort)options.Number("PersistentKeepaliveInterval", ushort.MaxValue));
    }

    private static ushort Port(FlannelJson options, string name, ushort otherwise) => options.Number(name, ushort.MaxValue) is var port && port == 0 ? otherwise : (ushort)port;

    private static WireguardMode ModeOf(string text) => text switch
    {
        "" or "separate" => WireguardMode.Separate,
        "auto" => WireguardMode.Auto,
        "ipv4" => WireguardMode.V4,
        "ipv6" => WireguardMode.V6,
        _ => throw new FlannelFormatException($"Mode {Problem.Quote(text)} is none of separate, auto, ipv4, ipv6"),
    };

    /// <summary>What a lease says of a host's device.</summary>
    public static string LeaseData(string publicKey, ushort port) => string.Create(CultureInfo.InvariantCulture, $"{{\"PublicKey\":\"{publicKey}\",\"Port\":{port}}}");

    /// <summary>A peer's key, and its port; 0 from old versions, which do not tell it.</summary>
    /// <exception cref="FlannelFormatException">The lease does not tell a key.</exception>
    public static (string PublicKey, ushort Port) Peer(string leaseData)
    {
        FlannelJson data = FlannelJson.Parse(leaseData.Length == 0 ? "{}"u8.ToArray() : System.Text.Encoding.UTF8.GetBytes(leaseData), "BackendData");
        string key = data.Text("PublicKey");
        return IsKey(key) ? (key, (ushort)data.Number("Port", ushort.MaxValue)) : throw new FlannelFormatException("PublicKey is not a key of 32 bytes in base64");
    }

    private static bool IsKey(string text) => text.Length == 44 && Convert.TryFromBase64String(text, new byte[KeyBytes + 1], out int length) && length == KeyBytes;

    /// <summary>Over which family a peer is spoken to in mode auto: IPv4 where it is public there, IPv6 where both ends are, else IPv4 where there is any.</summary>
    public static IpFamily Choose(IpAddress? peerV4, IpAddress? peerV6, bool localHasV4, IpAddress? localV6)
    {
        if (localHasV4 && peerV4 is { } v4 && !IsPrivate(v4)) return IpFamily.V4;
        if (peerV6 is { } v6 && localV6 is { } own && !IsPrivate(v6) && !IsPrivate(own)) return IpFamily.V6;
        return localHasV4 && peerV4 is not null ? IpFamily.V4 : IpFamily.V6;
    }

    /// <summary>Only reachable inside some site.</summary>
    public static bool IsPrivate(IpAddress address) => address.Family == IpFamily.V6 ? PrivateV6.Contains(address) : Array.Exists(PrivateV4, p => p.Contains(address));

    /// <summary>Without the shared key.</summary>
    public override string ToString() => $"wireguard {Mode}";
}
