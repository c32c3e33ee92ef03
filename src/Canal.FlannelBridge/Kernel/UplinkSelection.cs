using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Kernel;

/// <summary>Chooses the interface to other hosts as flannel does: by name or address, by pattern, by an address it must reach, by the default route. Pure.</summary>
internal sealed class UplinkSelection(UplinkWishes wishes, KernelPicture picture, FlannelNetwork network)
{
    /// <summary>The choice.</summary>
    /// <exception cref="UplinkException">There is none now.</exception>
    public static Uplink Choose(UplinkWishes wishes, KernelPicture picture, FlannelNetwork network) => new UplinkSelection(wishes, picture, network).Choose();

    /// <summary>The first candidate that has what the network needs; when none has, the last one's reason.</summary>
    private Uplink Choose()
    {
        UplinkException? wrong = null;
        foreach ((Link link, IpAddress? wished) in Candidates())
        {
            try
            {
                return Of(link, wished);
            }
            catch (UplinkException e)
            {
                wrong = e;
            }
        }
        throw wrong ?? new UplinkException($"no interface is {string.Join(" or ", wishes.Interfaces.Concat(wishes.Patterns.Select(p => $"like {p}")))}");
    }

    private Uplink Of(Link link, IpAddress? wished)
    {
        IpAddress? v4 = network.V4 is null ? null : AddressOf(link, IpFamily.V4, wished), v6 = network.V6 is null ? null : AddressOf(link, IpFamily.V6, wished);
        if (link.Mtu == 0) throw new UplinkException($"interface {link.Name} has no MTU");
        return new Uplink(link, v4, v6, v4 is null ? null : wishes.PublicV4 ?? v4, v6 is null ? null : wishes.PublicV6 ?? v6);
    }

    private IEnumerable<(Link Link, IpAddress? Address)> Candidates()
    {
        foreach (string name in wishes.Interfaces.ToArray())
            if (ByName(name) is { } named) yield return named;
        foreach (string pattern in wishes.Patterns.ToArray())
            if (ByPattern(pattern) is { } matching) yield return matching;
        if (wishes.CanReach is { } target) yield return ByReach(target);
        else if (wishes.Interfaces.IsEmpty && wishes.Patterns.IsEmpty)
            yield return wishes.PublicV4 is { } v4 && network.V4 is not null ? ByPublic(v4) : wishes.PublicV6 is { } v6 && network.V6 is not null ? ByPublic(v6) : ByDefaultRoute();
    }

    private (Link, IpAddress?)? ByName(string name)
    {
        if (IpAddress.TryParse(name, out IpAddress address)) return picture.Underlay.Carrying(address) is { } carrying ? (carrying, address) : null;
        return picture.Underlay.Find(name) is { } link ? (link, null) : null;
    }

    private (Link, IpAddress?) ByPublic(IpAddress address) =>
        picture.Underlay.Carrying(address) is { } link ? (link, address) : throw new UplinkException($"no interface has the public address {address}; where it is a NAT's, interfaces must name the interface");

    private (Link, IpAddress?)? ByPattern(string pattern)
    {
        InterfacePattern wanted = new(pattern);
        foreach (Link link in picture.Underlay.Links)
            foreach (InterfaceAddress address in picture.Underlay.Addresses.Where(a => a.Interface == link.Index && IsOfNetwork(a.Address.Family)))
                if (wanted.Matches(address.Address.ToString())) return (link, address.Address);
        return picture.Underlay.Links.FirstOrDefault(l => wanted.Matches(l.Name)) is { } named ? (named, null) : null;
    }

    private (Link, IpAddress?) ByReach(IpAddress target) =>
        picture.RouteTo(target) is { } route && LinkAt(route.Interface) is { } link ? (link, route.Source) : throw new UplinkException($"there is no route to {target}");

    private (Link, IpAddress?) ByDefaultRoute()
    {
        Link? found = null;
        foreach (FlannelRange range in network.Ranges)
        {
            Route? route = picture.Routes.Where(r => r.Family == range.Family && r.Destination.Length == 0 && r.Type == RouteType.Unicast).MinBy(r => r.Metric);
            int way = route is { NextHops: { IsEmpty: false } hops } ? hops[0].Interface : route?.Interface ?? 0;
            Link link = LinkAt(way) ?? throw new UplinkException($"there is no default route of {Word(range.Family)}, and nothing else tells which interface reaches other hosts");
            if (found is not null && found.Index != link.Index) throw new UplinkException($"the default routes of IPv4 and IPv6 are over {found.Name} and {link.Name}: interfaces must name one");
            found = link;
        }
        return (found ?? throw new UplinkException("the network has neither an IPv4 nor an IPv6 side"), null);
    }

    private Link? LinkAt(int index) => index == 0 ? null : picture.Underlay.Links.FirstOrDefault(l => l.Index == index);

    private bool IsOfNetwork(IpFamily family) => family == IpFamily.V4 ? network.V4 is not null : network.V6 is not null;

    /// <summary>The wished one of that family; else global before link-local, lasting before given for a time, kept before made up for privacy.</summary>
    private IpAddress AddressOf(Link link, IpFamily family, IpAddress? wished)
    {
        if (wished is { } address && address.Family == family) return address;
        InterfaceAddress? best = picture.Underlay.Addresses
            .Where(a => a.Interface == link.Index && a.Address.Family == family && !a.IsDeprecated && !a.IsTentative && a.Scope != RouteScope.Host)
            .OrderBy(a => a.Scope != RouteScope.Universe).ThenBy(a => a.IsDynamic).ThenBy(a => a.IsTemporary).FirstOrDefault();
        return best?.Address ?? throw new UplinkException($"interface {link.Name} has no {Word(family)} address");
    }

    private static string Word(IpFamily family) => family == IpFamily.V4 ? "IPv4" : "IPv6";
}
