using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;

namespace Canal.Felix.Wiring;

/// <summary>Decides what one workload interface needs. Pure.</summary>
internal static class WiringPlanner
{
    /// <summary>
    /// The wiring of an endpoint on a link. Routes only to the addresses that this interface owns: where two interfaces have one address, the caller has
    /// decided which of them does.
    /// </summary>
    public static InterfaceWiring For(EndpointPolicy endpoint, Link link, Func<Cidr, bool> owns, string defaultRpFilter, FelixParameters parameters)
    {
        List<Route> routes = [];
        List<Neighbour> neighbours = [];
        foreach (Cidr address in endpoint.Addresses)
        {
            if (address.Family == IpFamily.V6 && !parameters.Ipv6) continue;
            if (owns(address)) routes.Add(RouteTo(address, link, parameters));
            if (endpoint.Mac is { } mac) neighbours.Add(new Neighbour { Interface = link.Index, Address = address.Address, Mac = mac });
        }
        foreach (IpNat nat in parameters.Network.FloatingIps ? endpoint.Nats : default)
        {
            Cidr outer = new(nat.External);
            if (!endpoint.Addresses.Contains(outer) && owns(outer) && (parameters.Ipv6 || outer.Family == IpFamily.V4))
                routes.Add(RouteTo(outer, link, parameters));
        }
        bool mayspoof = parameters.SpoofingAllowed && !endpoint.SpoofedPrefixes.IsEmpty;
        return new InterfaceWiring(routes.ToEquatableArray(), neighbours.ToEquatableArray(), PeeringAddresses(endpoint, parameters), Sysctls(link.Name, mayspoof ? "0" : defaultRpFilter, parameters));
    }

    /// <summary>Of the families that the workload has an address in.</summary>
    private static EquatableArray<IpAddress> PeeringAddresses(EndpointPolicy endpoint, FelixParameters parameters)
    {
        if (endpoint.BgpPeer.Length == 0 || parameters.RouteSyncDisabled) return [];
        return parameters.PeeringAddresses.Where(own => (parameters.Ipv6 || own.Family == IpFamily.V4) && endpoint.Addresses.Any(a => a.Family == own.Family)).ToEquatableArray();
    }

    private static Route RouteTo(Cidr address, Link link, FelixParameters parameters) =>
        (Route.ToLink(address, link.Index) with { Metric = parameters.Metric(address.Family), Protocol = parameters.RouteProtocol, Source = parameters.RouteSource(address.Family) }).Canonical();

    private static EquatableArray<(string, string)> Sysctls(string name, string rpFilter, FelixParameters parameters)
    {
        List<(string, string)> sysctls =
        [
            ($"ipv4/conf/{name}/route_localnet", "1"),
            ($"ipv4/neigh/{name}/proxy_delay", "0"),
            ($"ipv4/conf/{name}/proxy_arp", "1"),
            ($"ipv4/conf/{name}/forwarding", "1"),
            ($"ipv4/conf/{name}/rp_filter", rpFilter),
            // A workload must never make itself the host's router, IPv6 wanted or not.
            ($"ipv6/conf/{name}/accept_ra", "0"),
        ];
        if (parameters.Ipv6)
        {
            sysctls.Add(($"ipv6/conf/{name}/proxy_ndp", "1"));
            sysctls.Add(($"ipv6/conf/{name}/forwarding", "1"));
        }
        return sysctls.ToEquatableArray();
    }
}
