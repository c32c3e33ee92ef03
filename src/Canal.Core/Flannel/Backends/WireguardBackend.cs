using System.Globalization;
using System.Text.Json;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>WireGuard between the hosts' public addresses.</summary>
/// <param name="ListenPort">UDP port of the device of IPv4, or of both families.</param>
/// <param name="ListenPortV6">UDP port of the device of IPv6.</param>
/// <param name="PresharedKey">A key that all hosts share, or none.</param>
/// <param name="Mode">Which device carries what.</param>
/// <param name="OuterMtu">MTU of the packets outside; 0: the link's.</param>
/// <param name="KeepaliveSeconds">0: none.</param>
public sealed record WireguardBackend(ushort ListenPort, ushort ListenPortV6, WireGuardSecret PresharedKey, WireguardMode Mode, uint OuterMtu, ushort KeepaliveSeconds) : FlannelBackend("wireguard")
{
    public const ushort DefaultPort = 51820;
    public const ushort DefaultPortV6 = 51821;

    private const uint Overhead = 80;

    private static readonly Cidr[] PrivateV4 = [Cidr.Parse("10.0.0.0/8"), Cidr.Parse("172.16.0.0/12"), Cidr.Parse("192.168.0.0/16")];
    private static readonly Cidr PrivateV6 = Cidr.Parse("fc00::/7");

    /// <summary>Name of the device that carries this family's packets.</summary>
    public string Device(IpFamily family) => family == IpFamily.V6 && Mode == WireguardMode.Separate ? "flannel-wg-v6" : "flannel-wg";

    public override IEnumerable<string> Devices(FlannelNetwork network) => network.Ranges.Select(range => Device(range.Family)).Distinct();

    /// <summary>UDP port of that device.</summary>
    public ushort Port(IpFamily family) => family == IpFamily.V6 && Mode == WireguardMode.Separate ? ListenPortV6 : ListenPort;

    /// <summary>Without that family no lease tells the address that hosts are to speak to.</summary>
    internal override string? Lacks(FlannelNetwork network) => Mode switch
    {
        WireguardMode.V4 when network.V4 is null => "Mode ipv4 needs EnableIPv4",
        WireguardMode.V6 when network.V6 is null => "Mode ipv6 needs EnableIPv6",
        _ => null,
    };

    public override uint Mtu(uint link, IpFamily family) => Less(link, OuterMtu, Overhead);

    internal static WireguardBackend Read(FlannelJson options)
    {
        return new WireguardBackend(Port(options, "ListenPort", DefaultPort), Port(options, "ListenPortV6", DefaultPortV6), SharedKey(options), ModeOf(options.Text("Mode")),
            options.Number("MTU", ushort.MaxValue), (ushort)options.Number("PersistentKeepaliveInterval", ushort.MaxValue));
    }

    /// <summary>What is wrong with a secret is said without it.</summary>
    private static WireGuardSecret SharedKey(FlannelJson options)
    {
        if (options.Find("PSK") is not { ValueKind: not JsonValueKind.Null } given) return WireGuardSecret.None;
        string text = given.ValueKind == JsonValueKind.String ? given.GetString()! : "?";
        return text.Length == 0 ? WireGuardSecret.None : WireGuardSecret.TryParse(text) ?? throw new FlannelFormatException("PSK is not a key of 32 bytes in base64");
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
    public static string LeaseData(WireGuardKey publicKey, ushort port) => string.Create(CultureInfo.InvariantCulture, $"{{\"PublicKey\":\"{publicKey}\",\"Port\":{port}}}");

    /// <summary>A peer's key, and its port; 0 from old versions, which do not tell it.</summary>
    /// <exception cref="FlannelFormatException">The lease does not tell a key.</exception>
    public static (WireGuardKey PublicKey, ushort Port) Peer(string leaseData)
    {
        FlannelJson data = FlannelJson.Parse(leaseData.Length == 0 ? "{}"u8.ToArray() : System.Text.Encoding.UTF8.GetBytes(leaseData), "BackendData");
        return WireGuardKey.TryParse(data.Text("PublicKey"), out WireGuardKey key) ? (key, (ushort)data.Number("Port", ushort.MaxValue)) : throw new FlannelFormatException("PublicKey is not a key of 32 bytes in base64");
    }

    /// <summary>Over which family the way to a peer's subnet of this family goes.</summary>
    public IpFamily Over(IpFamily subnet, FlannelLease peer, IpAddress? ownV4, IpAddress? ownV6) => Mode switch
    {
        WireguardMode.V4 => IpFamily.V4,
        WireguardMode.V6 => IpFamily.V6,
        WireguardMode.Auto => Choose(peer.Public(IpFamily.V4), peer.PublicV6, ownV4 is not null, ownV6),
        _ => subnet,
    };

    /// <summary>Over which family a peer is spoken to in mode auto: IPv4 where it is public there, IPv6 where both ends are, else IPv4 where there is any.</summary>
    public static IpFamily Choose(IpAddress? peerV4, IpAddress? peerV6, bool localHasV4, IpAddress? localV6)
    {
        if (localHasV4 && peerV4 is { } v4 && !IsPrivate(v4)) return IpFamily.V4;
        if (peerV6 is { } v6 && localV6 is { } own && !IsPrivate(v6) && !IsPrivate(own)) return IpFamily.V6;
        return localHasV4 && peerV4 is not null ? IpFamily.V4 : IpFamily.V6;
    }

    /// <summary>Only reachable inside some site.</summary>
    public static bool IsPrivate(IpAddress address) => address.Family == IpFamily.V6 ? PrivateV6.Contains(address) : Array.Exists(PrivateV4, p => p.Contains(address));
}
