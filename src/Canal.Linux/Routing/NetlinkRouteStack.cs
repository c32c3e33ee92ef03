using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>The kernel's routing by rtnetlink(7), in the network namespace of the thread that opened it. Needs Linux 4.20 (strict dump filters).</summary>
public sealed class NetlinkRouteStack : IRouteStack, IDisposable
{
    private static readonly IpFamily[] Families = [IpFamily.V4, IpFamily.V6];

    private readonly RtnetlinkConversation conversation;
    private LinkNames names = LinkNames.None;

    private NetlinkRouteStack(RtnetlinkConversation conversation) => this.conversation = conversation;

    public uint PortId => conversation.PortId;

    /// <summary>Dumps read again because they changed meanwhile.</summary>
    public int Interruptions => conversation.Interruptions;

    /// <exception cref="NetlinkException">The kernel refused the socket.</exception>
    public static NetlinkRouteStack Open() => new(new RtnetlinkConversation(NetlinkSocket.Open(NETLINK_ROUTE, strict: true)));

    public IReadOnlyList<Link> Links()
    {
        List<Link> links = [];
        LinkCodec.WriteDump(conversation.BeginDump(RTM_GETLINK));
        conversation.Dump("links", links, LinkCodec.Read);
        names = new LinkNames(links);
        return links;
    }

    public IReadOnlyList<InterfaceAddress> Addresses()
    {
        List<InterfaceAddress> addresses = [];
        foreach (IpFamily family in Families)
        {
            AddressCodec.WriteDump(conversation.BeginDump(RTM_GETADDR), family);
            Dump("addresses", addresses, message => IsOf(family, message) ? AddressCodec.Read(message) : null);
        }
        return addresses;
    }

    public IReadOnlyList<Route> Routes(RouteFilter filter)
    {
        List<Route> routes = [];
        foreach (IpFamily family in Families)
            if (filter.Family is null || filter.Family == family) DumpRoutes(family, filter, routes);
        return routes;
    }

    private void DumpRoutes(IpFamily family, RouteFilter filter, List<Route> into)
    {
        RouteCodec.WriteDump(conversation.BeginDump(RTM_GETROUTE), family, filter);
        try
        {
            Dump("routes", into, message => IsOf(family, message) ? RouteCodec.Read(message) : null);
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOENT && filter.Table is not null)
        {
            // The table comes to be with its first route.
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENODEV && filter.Interface is not null)
        {
            // The link is gone and its routes with it.
        }
    }

    public IReadOnlyList<RoutingRule> Rules()
    {
        List<RoutingRule> rules = [];
        foreach (IpFamily family in Families)
        {
            RuleCodec.WriteDump(conversation.BeginDump(RTM_GETRULE), family);
            Dump("rules", rules, message => IsOf(family, message) ? RuleCodec.Read(message) : null);
        }
        return rules;
    }

    public IReadOnlyList<Neighbour> Neighbours()
    {
        List<Neighbour> neighbours = [];
        foreach (IpFamily family in Families)
        {
            DumpNeighbours(family, 0, neighbours);
            DumpNeighbours(family, NTF_PROXY, neighbours);
        }
        return neighbours;
    }

    private void DumpNeighbours(IpFamily family, byte flags, List<Neighbour> into)
    {
        NeighbourCodec.WriteDump(conversation.BeginDump(RTM_GETNEIGH), family, flags);
        Dump("neighbours", into, message => IsOf(family, message) ? NeighbourCodec.Read(message) as Neighbour : null);
    }

    /// <summary>Where a kernel runs without IPv6 there is nothing of it.</summary>
    private void Dump<T>(string what, List<T> into, RtnetlinkConversation.ReadMessage<T> read) where T : class
    {
        try
        {
            conversation.Dump(what, into, read);
        }
        catch (NetlinkException e) when (e.Errno == EAFNOSUPPORT)
        {
            // Rules say so; other dumps of an unknown family come as dumps of all, which IsOf sifts.
        }
    }

    private static bool IsOf(IpFamily family, NetlinkMessage message) => !message.Payload.IsEmpty && message.Payload[0] == AddressFamily.Number(family);

    public IReadOnlyList<FdbEntry> Fdb()
    {
        List<FdbEntry> entries = [];
        NeighbourCodec.WriteFdbDump(conversation.BeginDump(RTM_GETNEIGH));
        conversation.Dump("FDB entries", entries, static message => NeighbourCodec.Read(message) as FdbEntry);
        return entries;
    }

    public IReadOnlyList<Qdisc> Qdiscs()
    {
        List<Qdisc> qdiscs = [];
        TrafficCodec.WriteQdiscDump(conversation.BeginDump(RTM_GETQDISC));
        conversation.Dump("qdiscs", qdiscs, TrafficCodec.ReadQdisc);
        return qdiscs;
    }

    public IReadOnlyList<IngressFilter> IngressFilters(int link)
    {
        List<IngressFilter> filters = [];
        TrafficCodec.WriteFilterDump(conversation.BeginDump(RTM_GETTFILTER), link);
        // Each priority comes once more, as a whole.
        conversation.Dump("filters", filters, static message => TrafficCodec.ReadFilter(message) is { Handle: not 0 } filter ? filter : null);
        return filters;
    }

    public void Apply(ReadOnlySpan<KernelChange> changes, Span<ChangeResult> results) => conversation.Apply(changes, results, names);

    public void Dispose() => conversation.Dispose();
}
