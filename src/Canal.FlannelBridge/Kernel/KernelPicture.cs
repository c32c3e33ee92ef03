using Canal.Core.Addressing;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Kernel;

/// <summary>What the kernel held when it was listed.</summary>
/// <param name="Underlay">Links and addresses.</param>
/// <param name="Routes">Routes of the main table.</param>
internal sealed record KernelPicture(Underlay Underlay, IReadOnlyList<Route> Routes)
{
    public static KernelPicture Read(IRouteStack stack) =>
        new(new Underlay(stack.Links(), stack.Addresses()), stack.Routes(new RouteFilter(Table: RouteTable.Main)));

    /// <summary>The route by which packets to an address leave: the narrowest, of those the one of lowest metric.</summary>
    public Route? RouteTo(IpAddress address)
    {
        Route? best = null;
        foreach (Route route in Routes)
        {
            if (!route.Destination.Contains(address)) continue;
            if (best is null || route.Destination.Length > best.Destination.Length || (route.Destination.Length == best.Destination.Length && route.Metric < best.Metric)) best = route;
        }
        return best;
    }

    /// <summary>The interface over which an address is reached without a router in between; null when there is one, or no way.</summary>
    public int? DirectlyReached(IpAddress address) =>
        RouteTo(address) is { Type: RouteType.Unicast, Gateway: null, Interface: not 0 } route ? route.Interface : null;
}
