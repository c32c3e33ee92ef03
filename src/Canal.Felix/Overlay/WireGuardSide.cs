using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;
using Canal.Linux.WireGuard;

namespace Canal.Felix.Overlay;

/// <summary>WireGuard of one family: what the kernel is known to hold, and what it is told.</summary>
internal sealed class WireGuardSide(IpFamily family)
{
    public const string Kind = "wireguard";

    public IpFamily Family => family;

    /// <summary>Index of the device; 0: there is none.</summary>
    public int Link { get; set; }

    /// <summary>Of the routes; 0: there are none.</summary>
    public uint Table { get; set; }

    /// <summary>The device as it was read or set last.</summary>
    public WireGuardDevice Held { get; private set; } = new();

    public HeldEntries HeldRoutes { get; set; } = new();

    /// <summary>Device and peers are in the kernel.</summary>
    public bool IsProgrammed { get; set; }

    public void Take(WireGuardDevice read) => Held = read;

    /// <summary>Makes these the device's peers, each where it says it is. Sessions of peers that stay are not touched.</summary>
    /// <exception cref="Linux.Netlink.NetlinkException">The kernel refused.</exception>
    public void SetPeers(IWireGuard wireGuard, WireGuardPlan plan, ushort port, ushort keepAlive)
    {
        List<WireGuardPeer> wanted = [.. plan.Peers.Select(p => new WireGuardPeer { Key = p.Key, Endpoint = new WireGuardEndpoint(p.Host, port), KeepAlive = keepAlive, AllowedIps = p.AllowedIps })];
        EquatableArray<WireGuardPeerChange> changes = WireGuardDifference.Of(Held.Peers, wanted);
        if (!changes.IsEmpty) wireGuard.Change(new WireGuardChange { Interface = Link, Peers = changes });
        Held = Held with { Peers = wanted.ToEquatableArray() };
    }

    /// <summary>The routes of the table.</summary>
    public Dictionary<Cidr, Route?> Routes(WireGuardPlan plan, FelixParameters parameters)
    {
        Dictionary<Cidr, Route?> wanted = [];
        foreach (Cidr destination in plan.Peers.SelectMany(p => p.AllowedIps)) Add(Route.ToLink(destination, Link));
        foreach (Cidr destination in plan.Thrown) Add(new Route { Destination = destination, Type = RouteType.Throw });
        return wanted;

        void Add(Route route) => wanted[route.Destination] = (route with { Table = Table, Protocol = parameters.OverlayRouteProtocol }).Canonical();
    }
}
