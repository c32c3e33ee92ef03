using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Routing;

namespace Canal.Testing;

public sealed partial class FakeRouteStack
{
    private readonly List<InterfaceAddress> addresses = [];

    /// <summary>IPv4 addresses in a prefix that another address of the link made on-link first: they go with it.</summary>
    private readonly HashSet<InterfaceAddress> secondaries = [];

    private int PerformAddress(ChangeVerb verb, InterfaceAddress wanted)
    {
        if (!links.ContainsKey(wanted.Interface)) return Errno.ENODEV;
        InterfaceAddress address = AsKept(wanted);
        InterfaceAddress? there = addresses.Find(other => IsSame(other, address, verb));
        if (verb == ChangeVerb.Delete) return there is null ? Errno.EADDRNOTAVAIL : DeleteAddress(there);
        if (there is not null) return verb == ChangeVerb.Add ? Errno.EEXIST : 0;
        return AddAddress(address);
    }

    /// <summary>IPv4 has no duplicate detection; the scope of an IPv6 address is its own.</summary>
    private static InterfaceAddress AsKept(InterfaceAddress wanted)
    {
        if (wanted.Address.Family == IpFamily.V4) return wanted with { NoDad = false, IsTentative = false };
        if (wanted.Peer is not null) throw new NotSupportedException("the fake does not know IPv6 peer addresses");
        bool linkLocal = (wanted.Address.High >> 54) == 0xfe80 >> 6;
        RouteScope scope = wanted.Address is { High: 0, Low: 1 } ? RouteScope.Host : linkLocal ? RouteScope.Link : RouteScope.Universe;
        return wanted with { Scope = scope, IsTentative = false };
    }

    /// <summary>IPv6 knows an address of a link by itself when it is added, IPv4 and all deletions look at the prefix too.</summary>
    private static bool IsSame(InterfaceAddress one, InterfaceAddress other, ChangeVerb verb) =>
        one.Interface == other.Interface && one.Address == other.Address
        && ((one.Address.Family == IpFamily.V6 && verb != ChangeVerb.Delete) || one.Prefix == other.Prefix);

    private int AddAddress(InterfaceAddress address)
    {
        InterfaceAddress? primary = address.Address.Family == IpFamily.V4 ? addresses.Find(other => other.Interface == address.Interface && other.Prefix == address.Prefix) : null;
        if (primary is not null && primary.Scope != address.Scope) return Errno.EINVAL;
        addresses.Add(address);
        if (primary is not null) secondaries.Add(address);
        Tell(KernelEventKind.Changed, address);
        if (IsUp(address.Interface)) AddPrefixRoute(address);
        return 0;
    }

    private void AddLoopbackAddresses()
    {
        InterfaceAddress four = new() { Interface = 1, Address = IpAddress.Parse("127.0.0.1"), PrefixLength = 8, Scope = RouteScope.Host };
        InterfaceAddress six = new() { Interface = 1, Address = IpAddress.Parse("::1"), PrefixLength = 128, Scope = RouteScope.Host };
        foreach (InterfaceAddress own in new[] { four, six })
        {
            if (addresses.Contains(own)) continue;
            addresses.Add(own);
            Tell(KernelEventKind.Changed, own);
        }
    }

    /// <summary>fib_add_ifaddr (IPv4) and addrconf_prefix_route (IPv6): the route to the address's own prefix.</summary>
    private void AddPrefixRoute(InterfaceAddress address)
    {
        bool v4None = address.Interface == 1 || address.Prefix.Address.V4 == 0 || address.Prefix == new Cidr(address.Address);
        bool none = address.NoPrefixRoute || secondaries.Contains(address) || (address.Address.Family == IpFamily.V4 ? v4None : address.Scope == RouteScope.Host);
        Route route = PrefixRoute(address);
        if (none || routes.Any(other => IsSameKey(other, route) && other.Interface == route.Interface)) return;
        routes.Add(route);
        Tell(KernelEventKind.Changed, route);
    }

    private static Route PrefixRoute(InterfaceAddress address) => new()
    {
        Destination = address.Prefix,
        Interface = address.Interface,
        Protocol = RouteProtocol.Kernel,
        Scope = address.Address.Family == IpFamily.V4 ? RouteScope.Link : RouteScope.Universe,
        Source = address.Address.Family == IpFamily.V4 ? address.Address : null,
        Metric = address.Address.Family == IpFamily.V4 ? 0u : 256u,
    };

    private int DeleteAddress(InterfaceAddress address)
    {
        bool isV4 = address.Address.Family == IpFamily.V4;
        if (isV4 && !secondaries.Contains(address))
            foreach (InterfaceAddress secondary in secondaries.Where(other => other.Interface == address.Interface && other.Prefix == address.Prefix).ToArray()) DropAddress(secondary);
        DropAddress(address);
        if (isV4 && !addresses.Any(other => other.Interface == address.Interface && other.Address.Family == IpFamily.V4)) DisableV4(address.Interface);
        return 0;
    }

    private void DropAddress(InterfaceAddress address)
    {
        bool wasPrimary = !secondaries.Remove(address);
        addresses.Remove(address);
        Tell(KernelEventKind.Removed, address);
        bool prefixShared = addresses.Any(other => other.Interface == address.Interface && other.Prefix == address.Prefix && !other.NoPrefixRoute);
        if (wasPrimary && !prefixShared && !address.NoPrefixRoute) Remove(routes, PrefixRoute(address).Equals);
        if (!addresses.Any(other => other.Address == address.Address)) ForgetSource(address.Address);
    }

    /// <summary>fib_disable_ip: with the last IPv4 address of a link go all its IPv4 routes and neighbours, silently for the routes.</summary>
    private void DisableV4(int link)
    {
        DropRoutesOf(link, IpFamily.V4);
        Remove(neighbours, neighbour => neighbour.Interface == link && neighbour.Address.Family == IpFamily.V4);
    }

    /// <summary>IPv4 takes away the main table's routes that have the address as source (silently), IPv6 takes the source out of them.</summary>
    private void ForgetSource(IpAddress address)
    {
        if (address.Family == IpFamily.V4)
        {
            routes.RemoveAll(route => route.Source == address && route.Table == RouteTable.Main);
            return;
        }
        for (int i = 0; i < routes.Count; i++)
            if (routes[i].Source == address) routes[i] = routes[i] with { Source = null };
    }
}
