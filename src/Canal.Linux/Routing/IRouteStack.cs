namespace Canal.Linux.Routing;

/// <summary>
/// The routing side of one network namespace: lists what the kernel holds, changes it. Listings are of one moment only as far as the kernel goes (see
/// README). One user at a time. Every method throws <see cref="Netlink.NetlinkException"/> when the conversation itself fails.
/// </summary>
public interface IRouteStack
{
    /// <summary>nl_pid of the requests, by which a <see cref="LinkMonitor"/> tells own changes from others'.</summary>
    uint PortId { get; }

    IReadOnlyList<Link> Links();

    IReadOnlyList<InterfaceAddress> Addresses();

    /// <summary>Routes as <see cref="Route.Canonical"/> has them, without the kernel's cached clones. A table that is not there has none.</summary>
    IReadOnlyList<Route> Routes(RouteFilter filter);

    IReadOnlyList<RoutingRule> Rules();

    /// <summary>All states, proxies too.</summary>
    IReadOnlyList<Neighbour> Neighbours();

    IReadOnlyList<FdbEntry> Fdb();

    /// <summary>Of all links: what is at the root, and the hooks.</summary>
    IReadOnlyList<Qdisc> Qdiscs();

    /// <summary>Filters for what comes in by the link; none when it has no hook for them, or is gone.</summary>
    IReadOnlyList<IngressFilter> IngressFilters(int link);

    /// <summary>
    /// Applies the changes in their order. A refused change does not stop those after it; <paramref name="results"/> has as many entries as
    /// <paramref name="changes"/>. When it throws (ENOBUFS: answers were lost), what was applied is not known: list again.
    /// </summary>
    void Apply(ReadOnlySpan<KernelChange> changes, Span<ChangeResult> results);
}
