using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Linux.Tunnels;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Configuration;

/// <summary>The parameters of translation, tunnels and routes between hosts, as one value.</summary>
internal sealed record NetworkParameters
{
    /// <summary>What routes depend on.</summary>
    public NetworkSettings Routes { get; init; } = new();

    public PortRange? NatPorts { get; init; }
    public IpAddress? NatAddress { get; init; }
    public bool NatSparesHosts { get; init; }

    /// <summary>As nftables writes it: <c>eth*</c>; empty: any.</summary>
    public string NatInterface { get; init; } = "";
    public bool FloatingIps { get; init; }
    public EquatableArray<Cidr> ExternalNodes { get; init; }
    public uint VxlanMtu { get; init; }
    public uint VxlanMtuV6 { get; init; }
    public uint VxlanVni { get; init; } = 4096;
    public uint IpipMtu { get; init; }
    public WireGuardParameters WireGuard { get; init; } = new();

    /// <summary>Whether checksums of packets in VXLAN tunnels are left open.</summary>
    public OffloadUse Offload { get; init; }
    public string MtuInterfacePattern { get; init; } = OverlaySettings.MtuInterfacePattern.Default;

    public static NetworkParameters From(HostingConfiguration configuration) => new()
    {
        Routes = new NetworkSettings
        {
            VxlanEnabled = Use(configuration.Get(OverlaySettings.VxlanEnabled)),
            IpipEnabled = Use(configuration.Get(OverlaySettings.IpipEnabled)),
            ProgramClusterRoutes = configuration.Get(OverlaySettings.ProgramClusterRoutes),
            RoutesFromWorkloads = configuration.Get(OverlaySettings.RouteSource),
            Ipv6 = configuration.Get(FelixSettings.Ipv6Support),
        },
        NatPorts = OverlaySettings.TryParsePorts(configuration.Get(OverlaySettings.NatPortRange), out PortRange range) ? range : null,
        NatAddress = IpAddress.TryParse(configuration.Get(OverlaySettings.NatOutgoingAddress), out IpAddress address) ? address : null,
        NatSparesHosts = configuration.Get(OverlaySettings.NatOutgoingExclusions),
        NatInterface = Wildcard(configuration.Get(OverlaySettings.NatOutgoingInterfaceFilter)),
        FloatingIps = configuration.Get(OverlaySettings.FloatingIps),
        ExternalNodes = configuration.Get(OverlaySettings.ExternalNodes).Select(Cidr.Parse).ToEquatableArray(),
        VxlanMtu = (uint)configuration.Get(OverlaySettings.VxlanMtu),
        VxlanMtuV6 = (uint)configuration.Get(OverlaySettings.VxlanMtuV6),
        VxlanVni = (uint)configuration.Get(OverlaySettings.VxlanVni),
        IpipMtu = (uint)configuration.Get(OverlaySettings.IpipMtu),
        WireGuard = WireGuardParameters.From(configuration),
        Offload = OverlaySettings.OffloadOf(configuration.Get(OverlaySettings.FeatureDetectOverride)),
        MtuInterfacePattern = configuration.Get(OverlaySettings.MtuInterfacePattern),
    };

    private static bool? Use(OverlayUse use) => use == OverlayUse.Automatic ? null : use == OverlayUse.On;

    private static string Wildcard(string name) => name.EndsWith('+') ? name[..^1] + "*" : name;
}
