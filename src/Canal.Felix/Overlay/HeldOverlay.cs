using Canal.Core.Addressing;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;

namespace Canal.Felix.Overlay;

/// <summary>What the kernel is known to hold of ours besides workload interfaces: routes, and what is on the tunnels' devices.</summary>
internal sealed class HeldOverlay
{
    private readonly Dictionary<Cidr, List<Route>> routes = [];

    public HashSet<Neighbour> Neighbours { get; } = [];

    public HashSet<FdbEntry> Fdb { get; } = [];

    public IEnumerable<Cidr> Destinations => routes.Keys;

    public IReadOnlyList<Route> RoutesTo(Cidr destination) => routes.TryGetValue(destination, out List<Route>? held) ? held : [];

    /// <summary>Lists it. Routes of protocol 80 in the main table are ours, but for those of workload interfaces, which are the wiring's; so are all on our tunnels.</summary>
    public static HeldOverlay Read(IRouteStack stack, Underlay underlay, IReadOnlyDictionary<string, int> tunnels, FelixParameters parameters)
    {
        HeldOverlay held = new();
        HashSet<int> ours = [.. tunnels.Values], workloads = [.. underlay.Links.Where(l => parameters.IsWorkloadInterface(l.Name)).Select(l => l.Index)];
        foreach (Route route in stack.Routes(new RouteFilter(Table: RouteTable.Main, Protocol: RouteProtocol.Calico)))
            if (!workloads.Contains(route.Interface)) held.Add(route);
        foreach (int device in ours)
            foreach (Route route in stack.Routes(new RouteFilter(Table: RouteTable.Main, Interface: device)))
                if (route.Protocol is not (RouteProtocol.Calico or RouteProtocol.Kernel)) held.Add(route);
        if (ours.Count == 0) return held;
        foreach (Neighbour neighbour in stack.Neighbours())
            if (ours.Contains(neighbour.Interface) && neighbour is { State: NeighbourState.Permanent, IsProxy: false, Mac: not null }) held.Neighbours.Add(neighbour);
        foreach (FdbEntry entry in stack.Fdb())
            if (ours.Contains(entry.Interface) && entry.Self) held.Fdb.Add(entry);
        return held;
    }

    /// <summary>Keeps in step with a change that was made.</summary>
    public void Note(KernelChange change)
    {
        bool made = change.Verb != ChangeVerb.Delete;
        switch (change.Subject)
        {
            case Route route:
                Remove(route);
                if (made) Add(route);
                break;
            case Neighbour neighbour:
                Neighbours.RemoveWhere(n => n.Interface == neighbour.Interface && n.Address == neighbour.Address);
                if (made) Neighbours.Add(neighbour);
                break;
            case FdbEntry entry:
                Fdb.RemoveWhere(e => e.Interface == entry.Interface && e.Mac == entry.Mac);
                if (made) Fdb.Add(entry);
                break;
            default:
                break;
        }
    }

    private void Add(Route route)
    {
        if (!routes.TryGetValue(route.Destination, out List<Route>? held)) routes.Add(route.Destination, held = new(1));
        held.Add(route);
    }

    private void Remove(Route route)
    {
        if (!routes.TryGetValue(route.Destination, out List<Route>? held)) return;
        held.RemoveAll(r => r.Metric == route.Metric);
        if (held.Count == 0) routes.Remove(route.Destination);
    }
}
