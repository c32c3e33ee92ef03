using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Routing;

namespace Canal.Testing;

public sealed partial class FakeRouteStack
{
    private readonly List<Route> routes = [];

    private static bool Passes(RouteFilter filter, Route route) =>
        (filter.Family is null || filter.Family == route.Family)
        && (filter.Table is null || filter.Table == route.Table)
        && (filter.Protocol is null || filter.Protocol == route.Protocol)
        && (filter.Type is null || filter.Type == route.Type)
        && (filter.Interface is null || HopsOf(route).Any(hop => hop.Interface == filter.Interface));

    private static bool IsSameKey(Route one, Route other) => one.Destination == other.Destination && one.Table == other.Table && one.Metric == other.Metric;

    private static EquatableArray<NextHop> HopsOf(Route route) => route.NextHops.IsEmpty ? [new NextHop(route.Interface, route.Gateway, 1, route.Onlink)] : route.NextHops;

    private int PerformRoute(ChangeVerb verb, Route route)
    {
        if (verb == ChangeVerb.Delete) return DeleteRoute(route);
        if (CheckRoute(route) is var errno and not 0) return errno;
        int there = routes.FindIndex(other => IsSameKey(other, route));
        if (there < 0)
            routes.Add(route);
        else if (verb == ChangeVerb.Add)
            return Errno.EEXIST;
        else
            routes[there] = route;
        Tell(KernelEventKind.Changed, route);
        return 0;
    }

    private int CheckRoute(Route route)
    {
        if (route.Type.HasNoNextHop) return 0;
        if (route.Type != RouteType.Unicast) throw new NotSupportedException($"the fake does not know routes of type {route.Type.Word}");
        foreach (NextHop hop in HopsOf(route))
            if (CheckHop(route, hop) is var errno and not 0) return errno;
        bool foreignSource = route.Source is { } source && !addresses.Any(own => own.Address == source);
        return foreignSource ? Errno.EINVAL : 0;
    }

    private int CheckHop(Route route, NextHop hop)
    {
        // IPv4 looks the gateway up before the link, and finds it nowhere.
        if (!links.ContainsKey(hop.Interface)) return route.Family == IpFamily.V4 && hop is { Gateway: not null, Onlink: false } ? Errno.ENETUNREACH : Errno.ENODEV;
        if (hop.Gateway is not { } gateway) return IsUp(hop.Interface) ? 0 : Errno.ENETDOWN;
        return route.Family == IpFamily.V4 ? CheckV4Gateway(route, hop, gateway) : CheckV6Gateway(route, hop, gateway);
    }

    /// <summary>fib_check_nh_v4_gw: some route of link scope on the link must hold the gateway; routes of wider scope are passed over.</summary>
    private int CheckV4Gateway(Route route, NextHop hop, IpAddress gateway)
    {
        bool own = addresses.Any(address => address.Address == gateway && address.Interface == hop.Interface);
        if (hop.Onlink) return route.Scope >= RouteScope.Link ? Errno.EINVAL : !IsUp(hop.Interface) ? Errno.ENETDOWN : own ? Errno.EINVAL : 0;
        bool held = route.Scope < RouteScope.Link && routes.Any(other => other.Destination.Contains(gateway) && other.Interface == hop.Interface && other.Scope >= RouteScope.Link
            && (other.Table == route.Table || other.Table == RouteTable.Main));
        return own || held ? 0 : Errno.ENETUNREACH;
    }

    /// <summary>ip6_validate_gw: not an own address; the best route on the link must go straight; on-link, no other link may claim the gateway.</summary>
    private int CheckV6Gateway(Route route, NextHop hop, IpAddress gateway)
    {
        if (hop.Onlink && !IsUp(hop.Interface)) return Errno.ENETDOWN;
        if (addresses.Any(address => address.Address == gateway)) return Errno.EINVAL;
        if (!hop.Onlink)
            return GoesStraight(route.Table, hop.Interface, gateway) || GoesStraight(RouteTable.Main, hop.Interface, gateway) ? 0 : Errno.EHOSTUNREACH;
        Route? best = BestV6(RouteTable.Main, hop.Interface, gateway).FirstOrDefault();
        return best is null || best.Type.HasNoNextHop || best.Destination.Length == 0 || HopsOf(best).Any(other => other.Interface == hop.Interface) ? 0 : Errno.EINVAL;
    }

    private bool GoesStraight(uint table, int link, IpAddress gateway) =>
        BestV6(table, link, gateway).FirstOrDefault(route => HopsOf(route).Any(hop => hop.Interface == link)) is { Gateway: null, NextHops.IsEmpty: true };

    /// <summary>The narrowest first; among equals those on the link, then by metric.</summary>
    private IEnumerable<Route> BestV6(uint table, int link, IpAddress gateway) => routes
        .Where(route => route.Table == table && route.Destination.Contains(gateway))
        .OrderByDescending(route => route.Destination.Length)
        .ThenByDescending(route => HopsOf(route).Any(hop => hop.Interface == link))
        .ThenBy(route => route.Metric);

    /// <summary>What the request leaves open matches anything; IPv6 looks at less.</summary>
    private int DeleteRoute(Route wanted)
    {
        Route? there = routes.Where(route => IsMeant(wanted, route)).OrderBy(route => route.Metric).FirstOrDefault();
        if (there is null) return Errno.ESRCH;
        routes.Remove(there);
        Tell(KernelEventKind.Removed, there);
        return 0;
    }

    private static bool IsMeant(Route wanted, Route route)
    {
        bool common = route.Destination == wanted.Destination && route.Table == wanted.Table
            && (wanted.Metric == 0 || wanted.Metric == route.Metric)
            && (wanted.Protocol == 0 || wanted.Protocol == route.Protocol)
            && (wanted.Interface == 0 || HopsOf(route).Any(hop => hop.Interface == wanted.Interface))
            && (wanted.Gateway is null || HopsOf(route).Any(hop => hop.Gateway == wanted.Gateway))
            && (wanted.NextHops.IsEmpty || wanted.NextHops == route.NextHops);
        if (!common || wanted.Family == IpFamily.V6) return common;
        return (wanted.Type == RouteType.Unspecified || wanted.Type == route.Type)
            && (wanted.Scope == RouteScope.Nowhere || wanted.Scope == route.Scope)
            && (wanted.Source is null || wanted.Source == route.Source)
            && (wanted.Mtu == 0 || wanted.Mtu == route.Mtu);
    }

    private void DropRoutesOf(int link)
    {
        DropRoutesOf(link, IpFamily.V4);
        DropRoutesOf(link, IpFamily.V6);
    }

    /// <summary>
    /// A multipath route stays, whole, while one of its links is up. IPv4 tells nothing of what it drops, IPv6 does
    /// (net.ipv6.route.skip_notify_on_dev_down = 0).
    /// </summary>
    private void DropRoutesOf(int link, IpFamily family)
    {
        foreach (Route route in routes.Where(route => route.Family == family && HopsOf(route).Any(hop => hop.Interface == link)).ToArray())
        {
            if (HopsOf(route).Any(hop => hop.Interface != link && IsUp(hop.Interface))) continue;
            routes.Remove(route);
            if (family == IpFamily.V6) Tell(KernelEventKind.Removed, route);
        }
    }
}
