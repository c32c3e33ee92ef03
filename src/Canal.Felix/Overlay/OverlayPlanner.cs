using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.Felix.Overlay;

/// <summary>Turns routes between hosts and tunnel peers into the kernel's routes, neighbours and FDB entries. Pure.</summary>
internal sealed class OverlayPlanner(ClusterNetwork network, Underlay underlay, IReadOnlyDictionary<string, int> tunnels, FelixParameters parameters)
{
    /// <summary>The kernel's route; null while its device is not there.</summary>
    public Route? RouteOf(ClusterRoute route)
    {
        if (route.Class == RouteClass.BlockDrop) return new Route { Destination = route.Destination, Type = RouteType.Blackhole, Protocol = parameters.OverlayRouteProtocol }.Canonical();
        if (DeviceOf(route) is not { } device) return null;
        Route found = route.Gateway is { } gateway ? Route.Via(route.Destination, gateway, device) : Route.ToLink(route.Destination, device);
        return (found with { Protocol = parameters.OverlayRouteProtocol, Source = parameters.RouteSource(route.Destination.Family) }).Canonical();
    }

    /// <summary>The peers' tunnel addresses and hardware addresses on the device.</summary>
    public IEnumerable<Neighbour> Neighbours(IpFamily family) => tunnels.TryGetValue(TunnelNames.Vxlan(family), out int device)
        ? network.Peers(family).Select(p => new Neighbour { Interface = device, Address = p.Address, Mac = p.Mac })
        : [];

    /// <summary>Where packets to the peers' hardware addresses are sent.</summary>
    public IEnumerable<FdbEntry> Fdb(IpFamily family) => tunnels.TryGetValue(TunnelNames.Vxlan(family), out int device)
        ? network.Peers(family).Select(p => new FdbEntry { Interface = device, Mac = p.Mac, Destination = p.Host })
        : [];

    private int? DeviceOf(ClusterRoute route)
    {
        IpFamily family = route.Destination.Family;
        return route.Class switch
        {
            RouteClass.VxlanTunnel => Tunnel(TunnelNames.Vxlan(family)),
            RouteClass.IpipTunnel => Tunnel(TunnelNames.Ipip),
            _ => network.Self?.Ends(family).Host is { } host && underlay.Carrying(host.Address) is { IsAdminUp: true } parent ? parent.Index : null,
        };
    }

    private int? Tunnel(string name) => tunnels.TryGetValue(name, out int index) ? index : null;
}
