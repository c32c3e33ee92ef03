using Canal.Core;
using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>
/// A route. The kernel tells routes apart by destination, table and metric (and, for IPv6 additions, by next hop). State such as dead or linkdown is
/// not part of it, so that a wanted and a read route compare equal.
/// </summary>
public sealed record Route : KernelObject
{
    /// <summary>What the kernel makes of metric 0 for IPv6 (IP6_RT_PRIO_USER).</summary>
    public const uint DefaultV6Metric = 1024;

    public required Cidr Destination { get; init; }

    public uint Table { get; init; } = RouteTable.Main;

    public RouteType Type { get; init; } = RouteType.Unicast;

    /// <summary>IPv4 only; a route without gateway to another host is <see cref="RouteScope.Link"/>.</summary>
    public RouteScope Scope { get; init; }

    public byte Protocol { get; init; } = RouteProtocol.Calico;

    /// <summary>RTA_OIF, index of the link out; 0 when there is none, or <see cref="NextHops"/> tell.</summary>
    public int Interface { get; init; }

    /// <summary>The next router; of the other family than the destination where the kernel allows it (RTA_VIA). Null: the destination is on the link.</summary>
    public IpAddress? Gateway { get; init; }

    /// <summary>The gateway need not be in an on-link prefix (RTNH_F_ONLINK).</summary>
    public bool Onlink { get; init; }

    /// <summary>RTA_PRIORITY; lower wins. For IPv6 the kernel turns 0 into <see cref="DefaultV6Metric"/>.</summary>
    public uint Metric { get; init; }

    /// <summary>RTA_PREFSRC, the source address of own packets; or null.</summary>
    public IpAddress? Source { get; init; }

    /// <summary>RTAX_MTU in bytes; 0: the link's.</summary>
    public uint Mtu { get; init; }

    /// <summary>Two ways or more; empty for an ordinary route.</summary>
    public EquatableArray<NextHop> NextHops { get; init; }

    public IpFamily Family => Destination.Family;

    /// <summary>A route to hosts on a link.</summary>
    public static Route ToLink(Cidr destination, int link) => new() { Destination = destination, Interface = link, Scope = RouteScope.Link };

    /// <summary>A route through a router that need not be in an on-link prefix, as overlays want it.</summary>
    public static Route Via(Cidr destination, IpAddress gateway, int link) =>
        new() { Destination = destination, Gateway = gateway, Interface = link, Onlink = true };

    /// <summary>The route as the kernel lists it once it is there: what it does not keep is dropped, what it fills in is filled in.</summary>
    public Route Canonical()
    {
        Route kept = this;
        if (Type.HasNoNextHop) kept = kept with { Interface = 0, Gateway = null, Onlink = false, NextHops = default };
        if (NextHops.Count == 1) kept = kept with { Interface = NextHops[0].Interface, Gateway = NextHops[0].Gateway, Onlink = NextHops[0].Onlink, NextHops = default };
        return Family == IpFamily.V4 ? kept : kept with { Scope = RouteScope.Universe, Metric = Metric == 0 ? DefaultV6Metric : Metric };
    }

    public override string Print(LinkNames names)
    {
        string text = Type == RouteType.Unicast ? $"route {Destination}" : $"route {Type.Word} {Destination}";
        if (Gateway is { } gateway) text += $" via {gateway}";
        if (Interface != 0) text += $" dev {names[Interface]}";
        if (Table != RouteTable.Main) text += $" table {Table}";
        text += $" proto {RouteProtocol.Word(Protocol)}";
        if (Scope != RouteScope.Universe) text += $" scope {Scope.Word}";
        if (Source is { } source) text += $" src {source}";
        if (Metric != 0) text += $" metric {Metric}";
        if (Mtu != 0) text += $" mtu {Mtu}";
        if (Onlink) text += " onlink";
        foreach (NextHop hop in NextHops) text += $" {hop.Print(names)}";
        return text;
    }
}
