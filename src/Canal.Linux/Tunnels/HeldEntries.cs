using System.Runtime.InteropServices;
using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.Linux.Tunnels;

/// <summary>What the kernel is known to hold of ours between hosts: routes, and what is on the tunnels' devices. Compares, and sends the difference.</summary>
public sealed class HeldEntries
{
    private readonly Dictionary<Cidr, List<Route>> routes = [];

    public HashSet<Neighbour> Neighbours { get; } = [];

    public HashSet<FdbEntry> Fdb { get; } = [];

    public IEnumerable<Cidr> Destinations => routes.Keys;

    public IReadOnlyList<Route> RoutesTo(Cidr destination) => routes.TryGetValue(destination, out List<Route>? held) ? held : [];

    /// <summary>Lists it. All of our devices is ours, but for what the kernel made itself.</summary>
    /// <param name="stack">The kernel.</param>
    /// <param name="devices">Indexes of our devices.</param>
    /// <param name="others">Our routes over other devices.</param>
    public static HeldEntries Read(IRouteStack stack, IReadOnlyCollection<int> devices, IEnumerable<Route> others)
    {
        HeldEntries held = new();
        HashSet<int> ours = [.. devices];
        foreach (Route route in others)
            if (!ours.Contains(route.Interface)) held.Add(route);
        foreach (int device in ours)
            foreach (Route route in stack.Routes(new RouteFilter(Table: RouteTable.Main, Interface: device)))
                if (route.Protocol != RouteProtocol.Kernel) held.Add(route);
        if (ours.Count == 0) return held;
        foreach (Neighbour neighbour in stack.Neighbours())
            if (ours.Contains(neighbour.Interface) && neighbour is { State: NeighbourState.Permanent, IsProxy: false, Mac: not null }) held.Neighbours.Add(neighbour);
        foreach (FdbEntry entry in stack.Fdb())
            if (ours.Contains(entry.Interface) && entry.Self) held.Fdb.Add(entry);
        return held;
    }

    /// <summary>What makes the entries of our devices these.</summary>
    public void Compare(IReadOnlySet<Neighbour> neighbours, IReadOnlySet<FdbEntry> fdb, List<KernelChange> into)
    {
        HashSet<(int, IpAddress)> kept = [.. neighbours.Select(n => (n.Interface, n.Address))];
        // Something else for the same address goes by being replaced, but where what is wanted is there already.
        HashSet<(int, MacAddress)> replaced = [.. fdb.Where(e => !Fdb.Contains(e)).Select(e => (e.Interface, e.Mac))];
        into.AddRange(Neighbours.Where(n => !kept.Contains((n.Interface, n.Address))).Select(KernelChange.Delete));
        into.AddRange(Fdb.Where(e => !fdb.Contains(e) && !replaced.Contains((e.Interface, e.Mac))).Select(KernelChange.Delete));
        into.AddRange(neighbours.Where(n => !Neighbours.Contains(n)).Select(KernelChange.Replace));
        into.AddRange(fdb.Where(e => !Fdb.Contains(e)).Select(KernelChange.Replace));
    }

    /// <summary>What makes this the route to a destination; null: there is none of ours.</summary>
    public void Compare(Cidr destination, Route? wanted, List<KernelChange> into)
    {
        bool replaces = false, present = false;
        foreach (Route held in RoutesTo(destination))
        {
            if (held == wanted) present = true;
            else if (held.Metric == wanted?.Metric) replaces = true;
            else into.Add(KernelChange.Delete(held));
        }
        if (wanted is null || present) return;
        // Without one of ours in its place, a route of another program there must not be overwritten.
        into.Add(replaces ? KernelChange.Replace(wanted) : KernelChange.Add(wanted));
    }

    /// <summary>Makes the changes. What the kernel refuses is added to the failures and stops nothing else.</summary>
    public void Send(IRouteStack stack, List<KernelChange> changes, List<string> failures)
    {
        if (changes.Count == 0) return;
        ChangeResult[] results = new ChangeResult[changes.Count];
        stack.Apply(CollectionsMarshal.AsSpan(changes), results);
        for (int i = 0; i < results.Length; i++)
        {
            bool gone = changes[i].Verb == ChangeVerb.Delete && results[i].Errno is Errno.ESRCH or Errno.ENOENT or Errno.ENODEV;
            if (results[i].IsOk || gone) Note(changes[i]);
            else failures.Add(results[i].Errno == Errno.EEXIST ? $"{results[i].Error}: another program's route is in its place" : results[i].Error!);
        }
    }

    private void Note(KernelChange change)
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
            case FdbEntry entry when made:
                Fdb.RemoveWhere(e => e.Interface == entry.Interface && e.Mac == entry.Mac);
                Fdb.Add(entry);
                break;
            case FdbEntry entry:
                Fdb.Remove(entry);
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
