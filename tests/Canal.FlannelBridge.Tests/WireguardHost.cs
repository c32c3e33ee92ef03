using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Core.Overlay;
using Canal.FlannelBridge.Backends;
using Canal.FlannelBridge.Kernel;
using Canal.Linux.Routing;
using Canal.Testing;

namespace Canal.FlannelBridge.Tests;

/// <summary>A host of a WireGuard network over routing and WireGuard in memory, with a link eth0 that has its addresses. Disposing it removes its key.</summary>
internal sealed class WireguardHost : IDisposable
{
    public const string DualStack = "\"Network\":\"10.5.0.0/16\",\"EnableIPv6\":true,\"IPv6Network\":\"fd05::/48\"";

    private readonly string folder = Directory.CreateTempSubdirectory("canal-flannel-key-").FullName;
    private readonly Dictionary<string, HeldLease> peers = [];
    private readonly FlannelNetwork network;
    private readonly BackendPlanner planner;
    private FlannelSubnet? own;

    public WireguardHost(string network, string backend = "")
    {
        this.network = Network(network, backend);
        Kernel.Meddle(KernelChange.Add(new Link { Name = "eth0", Kind = "dummy", Mtu = 1500, Flags = LinkFlags.Up }));
        int eth0 = Kernel.FindLink("eth0")!.Index;
        foreach ((string address, byte length) in new[] { ("192.0.2.1", (byte)24), ("2001:db8::1", (byte)64) })
            Kernel.Meddle(KernelChange.Add(new InterfaceAddress { Interface = eth0, Address = IpAddress.Parse(address), PrefixLength = length }));
        WireGuard = new FakeWireGuard(Kernel);
        planner = BackendPlanner.Of(this.network, new HostMeans("h1", false, WireGuard, new WireguardKeyFile(KeyPath), null!));
        Wirer = new KernelWirer(Kernel, _ => null, TimeProvider.System);
    }

    /// <summary>A network's configuration of these fields, whose backend has those beside its type.</summary>
    public static FlannelNetwork Network(string fields, string backend = "") => FlannelNetworkReader.Read("{" + fields + ",\"Backend\":{\"Type\":\"wireguard\"" + backend + "}}");

    public FakeRouteStack Kernel { get; } = new();

    public FakeWireGuard WireGuard { get; }

    public KernelWirer Wirer { get; }

    public string KeyPath => Path.Combine(folder, "state", WireguardKeyFile.Name);

    public string Dump => Kernel.Dump();

    public WireGuardKey Key => WireGuard.Read("flannel-wg").PublicKey;

    public static WireGuardKey KeyOf(int host) => WireGuardKey.FromBytes([.. Enumerable.Repeat((byte)host, WireGuardKey.Length)]);

    /// <summary>The peers of a device: key, endpoint, networks.</summary>
    public string[] Peers(string device = "flannel-wg") => [.. WireGuard.Read(device).Peers.Select(p => $"{p.Endpoint} {p.AllowedIps}").Order(StringComparer.Ordinal)];

    /// <summary>The host gets its lease.</summary>
    public WireguardHost Own(string subnet)
    {
        own = FlannelSubnet.TryParse(subnet, out FlannelSubnet parsed) ? parsed : throw new ArgumentException(subnet);
        Wirer.Doubt();
        return Apply();
    }

    /// <summary>A lease as host <paramref name="host"/> writes it: its data of both families has the port of each, or none.</summary>
    public WireguardHost Peer(int host, string subnet, string v4, string? v6 = null, ushort port = 51820, ushort portV6 = 51821, WireGuardKey? key = null, long created = 0)
    {
        FlannelSubnet parsed = FlannelSubnet.TryParse(subnet, out FlannelSubnet read) ? read : throw new ArgumentException(subnet);
        peers[subnet] = new HeldLease(subnet, parsed, new FlannelLease
        {
            PublicV4 = IpAddress.Parse(v4),
            PublicV6 = v6 is null ? null : IpAddress.Parse(v6),
            BackendType = "wireguard",
            BackendData = Data(key ?? KeyOf(host), port),
            BackendV6Data = v6 is null ? "" : Data(key ?? KeyOf(host), portV6),
        }, 1, created == 0 ? host : created, 7);
        Wirer.PlanAnew();
        return Apply();
    }

    public WireguardHost Forget(string subnet)
    {
        peers.Remove(subnet);
        Wirer.PlanAnew();
        return Apply();
    }

    /// <summary>One turn: events in, changes out.</summary>
    public WireguardHost Apply()
    {
        foreach (KernelEvent happened in Kernel.TakeEvents()) Wirer.Note(happened);
        Wirer.Apply(new KernelOrder(network, planner, new UplinkWishes(["eth0"], [], null, null, null), own, peers.Values, false, default));
        return this;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Data(WireGuardKey key, ushort port) => port == 0 ? $$"""{"PublicKey":"{{key}}"}""" : WireguardBackend.LeaseData(key, port);
}
