using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.Felix.Overlay;

/// <summary>
/// Makes tunnel devices, tunnel peers and routes between hosts as <see cref="ClusterNetwork"/> wants them: compares with what the kernel is known to hold
/// and sends only the difference. Routes of others are never touched; one in the way of ours is told. What the kernel refuses is tried again, and holds up
/// nothing else.
/// </summary>
internal sealed class OverlayWirer(IRouteStack stack, ClusterNetwork network, TunnelOffload offload, TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly IpFamily[] Families = [IpFamily.V4, IpFamily.V6];

    private readonly HashSet<Cidr> dirtyRoutes = [];
    private readonly Dictionary<string, int> tunnels = new(StringComparer.Ordinal);
    private readonly List<string> failures = [];
    private Underlay underlay = new([], []);
    private FelixParameters parameters = new();
    private HeldEntries held = new();
    private TimeSpan pause = ShortestPause;
    private bool peersDirty, inDoubt = true;

    /// <summary>What the kernel refused; empty when all is well.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>When to try again; null when nothing is to be tried.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>MTU for workloads, as last computed; 0 before.</summary>
    public uint WorkloadMtu { get; private set; }

    /// <summary>Remembers what must change. Nothing is sent.</summary>
    public void Plan(NetworkChanges changes)
    {
        dirtyRoutes.UnionWith(changes.Routes.Keys);
        if (!changes.Tunnels) return;
        peersDirty = true;
        // A node's own end may be another now, and the devices with it.
        inDoubt = true;
    }

    /// <summary>The kernel's state is not known: it is listed and compared before anything else.</summary>
    public void Doubt() => inDoubt = true;

    /// <summary>Something happened in the kernel: what it means for tunnels and routes is found out by listing. Own doings are no news.</summary>
    public void Note(KernelEvent happened)
    {
        bool own = happened.PortId == stack.PortId;
        inDoubt |= happened.Subject switch
        {
            Link link => IsNews(link, happened.Kind == KernelEventKind.Removed),
            InterfaceAddress address => !own && (tunnels.ContainsValue(address.Interface) || IsHostAddress(address.Address)),
            Route route => !own && route.Table == RouteTable.Main && IsOurs(route),
            Neighbour neighbour => !own && tunnels.ContainsValue(neighbour.Interface) && IsNews(neighbour, happened.Kind == KernelEventKind.Removed),
            FdbEntry entry => !own && tunnels.ContainsValue(entry.Interface) && IsNews(entry, happened.Kind == KernelEventKind.Removed),
            _ => false,
        };
    }

    /// <summary>Makes it so. Returns whether anything was looked at.</summary>
    public bool Apply(FelixParameters inForce)
    {
        inDoubt |= parameters != inForce;
        parameters = inForce;
        if (RetryAt <= time.GetUtcNow()) inDoubt = true;
        if (!inDoubt && !peersDirty && dirtyRoutes.Count == 0) return false;
        failures.Clear();
        if (inDoubt) Reread();
        OverlayPlanner planner = new(network, underlay, tunnels, inForce);
        List<KernelChange> changes = [];
        if (peersDirty) held.Compare(Families.SelectMany(planner.Neighbours).ToHashSet(), Families.SelectMany(planner.Fdb).ToHashSet(), changes);
        foreach (Cidr destination in inForce.RouteSyncDisabled ? [] : dirtyRoutes) held.Compare(destination, network.Routes.TryGetValue(destination, out ClusterRoute? route) ? planner.RouteOf(route) : null, changes);
        (peersDirty, inDoubt) = (false, false);
        dirtyRoutes.Clear();
        held.Send(stack, changes, failures);
        ScheduleRetry();
        return true;
    }

    /// <summary>Other hosts' ends of VXLAN tunnels that packets go through, where it is not known whether checksums arrive.</summary>
    public EquatableArray<ChecksumPeer> DoubtfulPeers()
    {
        List<ChecksumPeer> peers = [];
        foreach (IpFamily family in Families)
        {
            string device = TunnelNames.Vxlan(family);
            if (!tunnels.TryGetValue(device, out int index) || !offload.IsDoubtful(device)) continue;
            HashSet<IpAddress> gateways = [.. network.Routes.Values.Where(r => r.Class == RouteClass.VxlanTunnel && r.Destination.Family == family && r.Gateway is not null).Select(r => r.Gateway!.Value)];
            peers.AddRange(gateways.Order().Select(gateway => new ChecksumPeer(device, index, gateway)));
        }
        return peers.ToEquatableArray();
    }

    /// <summary>Everything may differ: devices first, because the rest is on them.</summary>
    private void Reread()
    {
        underlay = new Underlay(stack.Links(), stack.Addresses());
        List<TunnelDevice> wanted = TunnelPlanner.Devices(network, parameters, underlay);
        WorkloadMtu = TunnelPlanner.WorkloadMtu(network, parameters, underlay);
        failures.AddRange(Families.Select(Unaddressed).OfType<string>());
        TunnelDevices devices = new(stack, TunnelNames.All, failures);
        underlay = devices.Make(wanted, underlay);
        tunnels.Clear();
        foreach (TunnelDevice device in wanted)
            if (underlay.Find(device.Link.Name) is { } link && device.Fits(link)) tunnels[link.Name] = link.Index;
        offload.Use = parameters.Network.Offload;
        foreach (IpFamily family in Families)
            if (tunnels.ContainsKey(TunnelNames.Vxlan(family)) && offload.Prepare(TunnelNames.Vxlan(family)) is { } refused) failures.Add(refused);
        held = HeldEntries.Read(stack, tunnels.Values, RoutesBetweenHosts());
        peersDirty = true;
        dirtyRoutes.UnionWith(held.Destinations);
        dirtyRoutes.UnionWith(network.Routes.Keys);
    }

    /// <summary>Tunnels and routes start at the address that the Node tells: without it there are none.</summary>
    private string? Unaddressed(IpFamily family)
    {
        if (network.Self?.Ends(family).Host is not { } host || underlay.Carrying(host.Address) is not null) return null;
        bool needed = network.UsesVxlan(family) || network.Routes.Values.Any(route => route.Destination.Family == family && route.Class is not (RouteClass.BlockDrop or RouteClass.IpipTunnel));
        return needed ? $"this host's Node says {host.Address}, which no interface here has" : null;
    }

    /// <summary>Routes of protocol 80 in the main table are ours, but for those of workload interfaces, which are the wiring's.</summary>
    private IEnumerable<Route> RoutesBetweenHosts()
    {
        HashSet<int> workloads = [.. underlay.Links.Where(l => parameters.IsWorkloadInterface(l.Name)).Select(l => l.Index)];
        return parameters.OwnOverlayProtocols.SelectMany(protocol => stack.Routes(new RouteFilter(Table: RouteTable.Main, Protocol: protocol))).Where(r => !workloads.Contains(r.Interface));
    }

    private void ScheduleRetry()
    {
        RetryAt = failures.Count == 0 ? null : time.GetUtcNow() + pause;
        pause = failures.Count == 0 ? ShortestPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
    }

    private bool IsNews(Link link, bool removed)
    {
        if (!Concerns(link)) return false;
        Link? known = underlay.Links.FirstOrDefault(l => l.Index == link.Index);
        return removed ? known is not null : known is null || known.Name != link.Name || known.Mtu != link.Mtu || known.Mac != link.Mac || known.IsAdminUp != link.IsAdminUp || known.Detail != link.Detail;
    }

    /// <summary>A tunnel, what tunnels hang on, or what the MTU follows; links of workloads come and go without a word here.</summary>
    private bool Concerns(Link link) =>
        TunnelNames.All.Contains(link.Name) || tunnels.ContainsValue(link.Index) || underlay.MtuFollows(link.Name, parameters.Network.MtuInterfacePattern)
            || underlay.Addresses.Any(a => a.Interface == link.Index && IsHostAddress(a.Address));

    private bool IsHostAddress(IpAddress address) => network.Self is { } self && self.Ends(address.Family).Host?.Address == address;

    /// <summary>The kernel tells the end of a neighbour in its own name, whoever asked for it; what is held says whether it was expected.</summary>
    private bool IsNews(Neighbour neighbour, bool removed) =>
        removed ? held.Neighbours.Any(n => n.Interface == neighbour.Interface && n.Address == neighbour.Address) : !held.Neighbours.Contains(neighbour);

    private bool IsNews(FdbEntry entry, bool removed) => removed == held.Fdb.Contains(entry);

    private bool IsOurs(Route route) =>
        tunnels.ContainsValue(route.Interface) || network.Routes.ContainsKey(route.Destination) || (parameters.IsOwnOverlayProtocol(route.Protocol) && held.RoutesTo(route.Destination).Count > 0);
}
