using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Backends;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Kernel;

/// <summary>
/// Makes devices, routes, neighbours and FDB entries as the network's leases want them: compares with what the kernel is known to hold and sends the
/// difference. Anything that happens to one of them in the kernel is doubt: all is listed and compared again.
/// </summary>
/// <param name="stack">The kernel.</param>
/// <param name="prepare">Makes a device's settings as they should be, by its name; returns what stands in the way, or null.</param>
/// <param name="time">For pauses.</param>
internal sealed class KernelWirer(IRouteStack stack, Func<string, string?> prepare, TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>Beside all events: what no event tells is found within this time.</summary>
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(5);

    private readonly List<string> failures = [];
    private readonly HashSet<int> devices = [];
    private KernelPlan plan = new();
    private HeldEntries held = new();
    private (UplinkWishes Wishes, FlannelNetwork Network, Uplink Uplink)? chosen;
    private TimeSpan pause = ShortestPause;
    private DateTimeOffset nextLook;
    private bool inDoubt = true, planDirty = true;

    /// <summary>What stands in the way; empty when all is well.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>When to look again without being told to.</summary>
    public DateTimeOffset NextLook => nextLook;

    /// <summary>What was last planned from; null before the first look, and while there is no way to other hosts.</summary>
    public PlanInputs? Inputs { get; private set; }

    /// <summary>What this host's lease is to say; null while something it needs is missing.</summary>
    public FlannelLease? Lease { get; private set; }

    /// <summary>What is in force.</summary>
    public KernelPlan Plan => plan;

    /// <summary>The kernel's state is not known.</summary>
    public void Doubt() => inDoubt = true;

    /// <summary>Leases changed.</summary>
    public void PlanAnew() => planDirty = true;

    /// <summary>Makes it so. Returns whether anything was looked at.</summary>
    /// <param name="order">What is wanted.</param>
    public bool Apply(KernelOrder order)
    {
        if (nextLook <= time.GetUtcNow()) inDoubt = true;
        if (!inDoubt && !planDirty) return false;
        failures.Clear();
        try
        {
            if (inDoubt) Look(order);
            if (Inputs is { } inputs && Inputs.Own is not null) Program(order, inputs);
        }
        catch (Exception e) when (e is UplinkException or IOException)
        {
            // Nothing is taken away: an interface or address that is being set up anew comes back, and what is over it with it.
            // The lease is renewed meanwhile.
            Inputs = null;
            failures.Add(e.Message);
        }
        (inDoubt, planDirty) = (false, false);
        Schedule();
        return true;
    }

    /// <summary>Devices first, because the rest is on them.</summary>
    private void Look(KernelOrder order)
    {
        KernelPicture picture = KernelPicture.Read(stack);
        Uplink uplink = ChooseUplink(order, picture);
        PlanInputs inputs = new(order.Network, uplink, picture, order.Own) { Former = order.Former };
        if (order.Planner.Prepare(inputs)) inputs = inputs with { Picture = picture = KernelPicture.Read(stack) };
        List<TunnelDevice> wanted = order.Planner.Devices(inputs);
        Underlay made = new TunnelDevices(stack, [.. order.Planner.DeviceNames, .. order.Retired], failures).Make(wanted, picture.Underlay);
        devices.Clear();
        foreach (TunnelDevice device in wanted)
            if (made.Find(device.Link.Name) is { } link && device.Fits(link) && devices.Add(link.Index) && prepare(link.Name) is { } refused) failures.Add(refused);
        Inputs = inputs with { Picture = picture with { Underlay = made } };
        order.Planner.Configure(Inputs, failures);
        string? obstacle = order.Planner.Obstacle(Inputs);
        // What the kernel refused says more.
        if (obstacle is not null && failures.Count == 0) failures.Add(obstacle);
        Lease = obstacle is null ? order.Planner.Lease(Inputs) : null;
        held = HeldEntries.Read(stack, devices, picture.Routes.Where(route => IsBetweenHosts(route, order)));
    }

    /// <summary>
    /// Once chosen it stays while it is there, as in flannel: neither a default route that is gone for a moment nor one that a VPN brings moves the tunnels.
    /// </summary>
    private Uplink ChooseUplink(KernelOrder order, KernelPicture picture)
    {
        if (chosen is { } before && before.Wishes == order.Wishes && before.Network == order.Network && StillThere(before.Uplink, picture) is { } same) return same;
        Uplink uplink = UplinkSelection.Choose(order.Wishes, picture, order.Network);
        chosen = (order.Wishes, order.Network, uplink);
        return uplink;
    }

    private static Uplink? StillThere(Uplink before, KernelPicture picture)
    {
        Link? link = picture.Underlay.Links.FirstOrDefault(l => l.Index == before.Link.Index && l.Name == before.Link.Name);
        bool Has(IpAddress? address) => address is null || picture.Underlay.Addresses.Any(a => a.Interface == before.Link.Index && a.Address == address && !a.IsDeprecated);
        return link is { Mtu: > 0 } && Has(before.V4) && Has(before.V6) ? before with { Link = link } : null;
    }

    /// <summary>
    /// Routes of flannel's kind inside the network, over whatever device: ours, of an earlier run or of a flanneld before. The kernel's own routes, those of
    /// other programs with a number of their own, and of other lengths are not, unless a lease asks for that very one. No one else makes black holes there.
    /// </summary>
    private static bool IsBetweenHosts(Route route, KernelOrder order) => route.Protocol == RouteProtocol.Boot
        && order.Ranges.Any(r => r.Family == route.Family && r.Network.Contains(route.Destination)
            && (route.Type == RouteType.Blackhole || (order.Planner.MakesRoutes && route is { Type: RouteType.Unicast, Gateway: not null }
                && (r.SubnetLength == route.Destination.Length || order.Peers.Any(peer => peer.Subnet[r.Family] == route.Destination)))));

    private void Program(KernelOrder order, PlanInputs inputs)
    {
        plan = order.Planner.Plan(order.Peers, inputs);
        failures.AddRange(plan.Failures);
        if (order.Blackhole)
            foreach (FlannelRange range in order.Network.Ranges)
                if (inputs.Own?[range.Family] is { } own) plan.Add(new Route { Destination = own, Type = RouteType.Blackhole });
        List<KernelChange> changes = [];
        held.Compare(plan.Neighbours, plan.Fdb, changes);
        foreach (Cidr destination in held.Destinations.Union(plan.Routes.Keys).ToArray()) held.Compare(destination, plan.Routes.GetValueOrDefault(destination), changes);
        held.Send(stack, changes, failures);
    }

    private void Schedule()
    {
        nextLook = time.GetUtcNow() + (failures.Count == 0 ? Refresh : pause);
        pause = failures.Count == 0 ? ShortestPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
    }

    /// <summary>Something happened in the kernel. Own doings are no news.</summary>
    public void Note(KernelEvent happened)
    {
        if (happened.Kind == KernelEventKind.Overrun) inDoubt = true;
        bool own = happened.PortId == stack.PortId, removed = happened.Kind == KernelEventKind.Removed;
        inDoubt |= happened.Subject switch
        {
            _ when Inputs is null => happened.Subject is Link or InterfaceAddress or Route,
            Link link => IsNews(link, removed, Inputs),
            InterfaceAddress address => !own && (devices.Contains(address.Interface) || address.Interface == Inputs.Uplink.Link.Index || Inputs.Uplink.Is(address.Address)),
            Route route => !own && route.Table == RouteTable.Main && IsNews(route, removed, Inputs),
            Neighbour neighbour => !own && devices.Contains(neighbour.Interface) && IsNews(neighbour, removed),
            FdbEntry entry => !own && devices.Contains(entry.Interface) && removed == held.Fdb.Contains(entry),
            _ => false,
        };
    }

    /// <summary>A tunnel of ours, or what the tunnels hang on.</summary>
    private bool IsNews(Link link, bool removed, PlanInputs inputs)
    {
        Link? known = inputs.Picture.Underlay.Links.FirstOrDefault(l => l.Index == link.Index);
        if (!devices.Contains(link.Index) && link.Index != inputs.Uplink.Link.Index && known?.Name != inputs.Uplink.Link.Name && !IsDeviceName(link.Name)) return false;
        return removed || known is null || known.Name != link.Name || known.Mtu != link.Mtu || known.Mac != link.Mac || known.Flags != link.Flags || known.Detail != link.Detail;
    }

    private bool IsDeviceName(string name) => name.StartsWith("flannel", StringComparison.Ordinal);

    /// <summary>The kernel tells the end of a neighbour without its hardware address.</summary>
    private bool IsNews(Neighbour neighbour, bool removed) =>
        removed ? held.Neighbours.Any(n => n.Interface == neighbour.Interface && n.Address == neighbour.Address) : !held.Neighbours.Contains(neighbour);

    /// <summary>Ours, or one that decides which interface reaches whom.</summary>
    private bool IsNews(Route route, bool removed, PlanInputs inputs)
    {
        if (plan.Routes.TryGetValue(route.Destination, out Route? wanted)) return removed || route != wanted;
        return held.RoutesTo(route.Destination).Count > 0 || route.Destination.Length == 0
            || (route.Interface == inputs.Uplink.Link.Index && route.Gateway is null) || (devices.Contains(route.Interface) && route.Protocol != RouteProtocol.Kernel);
    }
}
