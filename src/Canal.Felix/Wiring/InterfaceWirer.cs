using System.Runtime.InteropServices;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Linux;
using Canal.Linux.Conntrack;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;

namespace Canal.Felix.Wiring;

/// <summary>
/// Makes routes, neighbours, addresses and sysctls of workload interfaces as <see cref="WiringPlanner"/> wants them: compares with what the kernel is known to
/// hold and sends only the difference. Owns every route of protocol 80 on workload interfaces and, after a grace period, those that others put there; BIRD's
/// only where it has no neighbour. Owns every single address (of full length, of the link's scope where it is IPv4) of these interfaces. When an
/// address changes hands, its connections are forgotten between the end of the old route and the beginning of the new one.
/// </summary>
internal sealed class InterfaceWirer(IRouteStack routes, IConntrack conntrack, HostSysctls sysctls, InterfaceTable table, TimeProvider time)
{
    /// <summary>
    /// CNI plugins may add a route of their own right after making the interface; it is left alone that long. So is an address by which a workload called
    /// its host: BIRD, which ends the session, could not tell the workload without it.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Dictionary<int, HeldState> held = [];
    private readonly Dictionary<string, string> failures = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> postponed = new(StringComparer.Ordinal);
    private string? flowFailure;
    private bool isFirst = true;

    /// <summary>Why an interface that is up could not be wired, by name; empty when all is well. Such an interface is looked at again after <see cref="Retry"/>.</summary>
    public IReadOnlyDictionary<string, string> Failures => failures;

    /// <summary>What does not work, as a sentence; null when all is well.</summary>
    public string? Trouble => failures.Count > 0 ? $"{failures.Count} interfaces are not wired, first {failures.First().Key}: {failures.First().Value}" : flowFailure;

    /// <summary>There is something to do.</summary>
    public bool IsDue => table.Dirty.Count > 0 || table.Doubted.Count > 0 || (table.Tenants.Departed.Count > 0 && flowFailure is null);

    /// <summary>When a grace period ends first; null when none runs.</summary>
    public DateTimeOffset? NextGraceEnd => postponed.Count == 0 ? null : postponed.Values.Min();

    /// <summary>Reads from the kernel what workload interfaces have, all at once: at start and after lost events.</summary>
    public void ReadAll(FelixParameters parameters)
    {
        Dictionary<int, HeldState> before = new(held);
        held.Clear();
        foreach (Link link in table.Links)
            if (parameters.IsWorkloadInterface(link.Name) || before.ContainsKey(link.Index))
                held[link.Index] = new HeldState(before.TryGetValue(link.Index, out HeldState? known) ? known.Since : isFirst ? DateTimeOffset.MinValue : time.GetUtcNow());
        foreach (Route route in routes.Routes(new RouteFilter(Table: RouteTable.Main)))
            if (held.TryGetValue(route.Interface, out HeldState? state)) state.Routes.Add(route);
        foreach (Neighbour neighbour in routes.Neighbours())
            if (IsOurs(neighbour) && held.TryGetValue(neighbour.Interface, out HeldState? state)) state.Neighbours.Add(neighbour);
        foreach (InterfaceAddress address in routes.Addresses())
            if (IsOurs(address) && held.TryGetValue(address.Interface, out HeldState? state)) state.Addresses.Add(address.Address);
        table.Doubted.Clear();
    }

    /// <summary>Someone else changed a route: what is held is corrected, and the interface looked at again.</summary>
    public void NoteForeignRoute(Route route, bool removed)
    {
        if (route.Table != RouteTable.Main || !held.TryGetValue(route.Interface, out HeldState? state)) return;
        if (!removed) state.Routes.Add(route);
        else if (!state.Routes.Remove(route) && state.Routes.Any(other => HeldState.IsSameKey(other, route))) table.Doubted.Add(route.Interface);
        Dirty(route.Interface);
    }

    /// <summary>Someone else changed a neighbour that is ours.</summary>
    public void NoteForeignNeighbour(Neighbour neighbour, bool removed)
    {
        if (neighbour.IsProxy || !held.TryGetValue(neighbour.Interface, out HeldState? state)) return;
        if (state.Neighbours.RemoveWhere(other => other.Address == neighbour.Address) == 0 && !IsOurs(neighbour)) return;
        if (!removed && IsOurs(neighbour)) state.Neighbours.Add(neighbour);
        Dirty(neighbour.Interface);
    }

    /// <summary>Someone else changed an address, which may be ours; with the last IPv4 address of a link go its routes, silently.</summary>
    public void NoteForeignAddress(InterfaceAddress address, bool removed)
    {
        if (!held.TryGetValue(address.Interface, out HeldState? state)) return;
        if (removed && address.Address.Family == IpFamily.V4) table.Doubted.Add(address.Interface);
        if (!IsOurs(address)) return;
        if (removed ? state.Addresses.Remove(address.Address) : state.Addresses.Add(address.Address)) Dirty(address.Interface);
    }

    /// <summary>A setting of the interface changed: a workload's are looked at again.</summary>
    public void NoteSettings(int link)
    {
        if (held.ContainsKey(link)) Dirty(link);
    }

    /// <summary>Interfaces that could not be wired are to be read and looked at again.</summary>
    public void Retry()
    {
        foreach (string name in failures.Keys)
        {
            table.Dirty.Add(name);
            if (table.Find(name) is Link link) table.Doubted.Add(link.Index);
        }
        flowFailure = null;
    }

    /// <summary>Grace periods may have ended: the interfaces they were for are looked at again.</summary>
    public void EndGrace()
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach ((string name, DateTimeOffset due) in postponed)
            if (due <= now) table.Dirty.Add(name);
    }

    /// <summary>Looks at every dirty interface and makes it as it should be. Returns the names that were looked at.</summary>
    /// <exception cref="NetlinkException">What the kernel holds is not known: read all of it.</exception>
    public List<string> Apply(FelixParameters parameters)
    {
        RereadDoubted(parameters);
        List<string> looked = [.. table.Dirty];
        List<KernelChange> changes = [];
        foreach (string name in looked) Plan(name, parameters, changes);
        table.Dirty.Clear();
        SendDepartures(changes);
        ForgetConnections(changes);
        Send(changes);
        ForgetGone(parameters);
        isFirst = false;
        return looked;
    }

    private void RereadDoubted(FelixParameters parameters)
    {
        HashSet<int> reread = [];
        foreach (int index in table.Doubted)
        {
            if (table.Find(index) is not Link link || !(parameters.IsWorkloadInterface(link.Name) || held.ContainsKey(index))) continue;
            HeldState state = new(held.GetValueOrDefault(index)?.Since ?? time.GetUtcNow());
            foreach (Route route in routes.Routes(new RouteFilter(Table: RouteTable.Main, Interface: index))) state.Routes.Add(route);
            held[index] = state;
            reread.Add(index);
            table.Dirty.Add(link.Name);
        }
        table.Doubted.Clear();
        if (reread.Count == 0) return;
        foreach (Neighbour neighbour in routes.Neighbours())
            if (reread.Contains(neighbour.Interface) && IsOurs(neighbour)) held[neighbour.Interface].Neighbours.Add(neighbour);
        foreach (InterfaceAddress address in routes.Addresses())
            if (reread.Contains(address.Interface) && IsOurs(address)) held[address.Interface].Addresses.Add(address.Address);
    }

    private void Plan(string name, FelixParameters parameters, List<KernelChange> changes)
    {
        failures.Remove(name);
        postponed.Remove(name);
        if (table.Find(name) is not Link link || !held.TryGetValue(link.Index, out HeldState? state)) return;
        EndpointPolicy? endpoint = parameters.IsWorkloadInterface(name) ? table.Endpoints.GetValueOrDefault(name) : null;
        InterfaceWiring wiring = endpoint is not null && link.IsRunning
            ? WiringPlanner.For(endpoint, link, address => table.Owns(address, link.Index), sysctls.DefaultRpFilter, parameters)
            : InterfaceWiring.None;
        if (endpoint is not null) Settle(endpoint, wiring, state);
        if (sysctls.Write(wiring) is string refusal) failures[name] = refusal;
        PlanAddresses(link, state, wiring.Addresses, changes);
        PlanNeighbours(state, wiring, changes);
        PlanRoutes(name, state, wiring, endpoint, parameters, changes);
    }

    /// <summary>At the first look an address that has no route here may have had another tenant while no agent was running.</summary>
    private void Settle(EndpointPolicy endpoint, InterfaceWiring wiring, HeldState state)
    {
        foreach (Route route in wiring.Routes)
            table.Tenants.Settle(route.Destination, new Tenant(endpoint.Key, endpoint.InterfaceName), isFirst && !state.Routes.Any(held => held.Destination == route.Destination));
    }

    private static void PlanNeighbours(HeldState state, InterfaceWiring wiring, List<KernelChange> changes)
    {
        foreach (Neighbour stale in state.Neighbours)
            if (!wiring.Neighbours.Any(n => n.Address == stale.Address)) changes.Add(KernelChange.Delete(stale));
        foreach (Neighbour wanted in wiring.Neighbours)
            if (!state.Neighbours.Contains(wanted)) changes.Add(KernelChange.Replace(wanted));
    }

    private void PlanAddresses(Link link, HeldState state, EquatableArray<IpAddress> wanted, List<KernelChange> changes)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (IpAddress address in wanted)
            if (!state.Addresses.Contains(address)) changes.Add(KernelChange.Replace(OwnAddress(link, address)));
        foreach (IpAddress present in state.Addresses)
        {
            if (wanted.Contains(present)) state.Unwanted.Remove(present);
            else if (state.Unwanted.TryAdd(present, now + Grace) || state.Unwanted[present] > now) Postpone(link.Name, state.Unwanted[present]);
            else PlanDeletion(link, present, state, changes);
        }
    }

    /// <summary>With a link's last IPv4 address the kernel takes away its IPv4 routes and neighbours, so those that are wanted are made again in the same breath.</summary>
    private void PlanDeletion(Link link, IpAddress address, HeldState state, List<KernelChange> changes)
    {
        changes.Add(KernelChange.Delete(OwnAddress(link, address)));
        if (address.Family == IpFamily.V6) return;
        state.Routes.RemoveWhere(route => route.Destination.Family == IpFamily.V4);
        state.Neighbours.RemoveWhere(neighbour => neighbour.Address.Family == IpFamily.V4);
        table.Doubted.Add(link.Index);
    }

    /// <summary>Of the link's scope, so that nobody takes it for an address that other hosts know.</summary>
    private static InterfaceAddress OwnAddress(Link link, IpAddress address) => new()
    {
        Interface = link.Index,
        Address = address,
        PrefixLength = (byte)address.Family.Bits,
        Scope = address.Family == IpFamily.V4 ? RouteScope.Link : RouteScope.Universe,
        NoDad = address.Family == IpFamily.V6,
        NoPrefixRoute = address.Family == IpFamily.V6,
    };

    private void PlanRoutes(string name, HeldState state, InterfaceWiring wiring, EndpointPolicy? endpoint, FelixParameters parameters, List<KernelChange> changes)
    {
        if (parameters.RouteSyncDisabled) return;
        foreach (Route wanted in wiring.Routes)
            if (!state.Routes.Contains(wanted)) changes.Add(KernelChange.Replace(wanted));
        foreach (Route present in state.Routes)
        {
            // A wanted route of the same key is a replacement of this one, not an addition to it.
            if (wiring.Routes.Contains(present) || wiring.Routes.Any(wanted => HeldState.IsSameKey(wanted, present))) continue;
            if (IsToBeRemoved(name, present, state, endpoint, parameters)) changes.Add(KernelChange.Delete(present));
            if (isFirst && parameters.IsOwnProtocol(present.Protocol) && !wiring.Routes.Any(wanted => wanted.Destination == present.Destination)) table.Tenants.Departed.Add(present.Destination.Address);
        }
    }

    private bool IsToBeRemoved(string name, Route route, HeldState state, EndpointPolicy? endpoint, FelixParameters parameters)
    {
        if (parameters.IsOwnProtocol(route.Protocol)) return true;
        if (endpoint is null || !parameters.RemoveExternalRoutes || route.Protocol == RouteProtocol.Kernel) return false;
        // What the workload told BIRD.
        if (endpoint.BgpPeer.Length > 0 && route.Protocol == RouteProtocol.Bird) return false;
        DateTimeOffset due = state.Since == DateTimeOffset.MinValue ? DateTimeOffset.MinValue : state.Since + Grace;
        if (due <= time.GetUtcNow()) return true;
        Postpone(name, due);
        return false;
    }

    private void Postpone(string name, DateTimeOffset due)
    {
        if (!postponed.TryGetValue(name, out DateTimeOffset other) || due < other) postponed[name] = due;
    }

    /// <summary>Routes to addresses that change hands end first.</summary>
    private void SendDepartures(List<KernelChange> changes)
    {
        if (table.Tenants.Departed.Count == 0) return;
        List<KernelChange> departures = changes.FindAll(change => change.Verb == ChangeVerb.Delete && IsDeparted(change));
        changes.RemoveAll(departures.Contains);
        Send(departures);
    }

    /// <summary>While the connections of an address cannot be forgotten, nobody gets a route to it.</summary>
    private void ForgetConnections(List<KernelChange> changes)
    {
        if (table.Tenants.Departed.Count == 0) return;
        try
        {
            conntrack.Forget(table.Tenants.Departed);
            table.Tenants.Departed.Clear();
            flowFailure = null;
        }
        catch (NetlinkException e)
        {
            flowFailure = $"forget the connections of {table.Tenants.Departed.Count} addresses, first {table.Tenants.Departed.First()}: {e.Message}";
            foreach (KernelChange withheld in changes.FindAll(IsDeparted))
                if (table.Find(((Route)withheld.Subject).Interface) is Link link) failures[link.Name] = flowFailure;
            changes.RemoveAll(IsDeparted);
        }
    }

    private bool IsDeparted(KernelChange change) => change.Subject is Route route && table.Tenants.Departed.Contains(route.Destination.Address);

    private void Send(List<KernelChange> changes)
    {
        if (changes.Count == 0) return;
        ChangeResult[] results = new ChangeResult[changes.Count];
        routes.Apply(CollectionsMarshal.AsSpan(changes), results);
        for (int i = 0; i < results.Length; i++) Note(changes[i], results[i]);
    }

    /// <summary>Keeps what is held in step with what was done. A link that went away or down in the meantime is no failure: its event is on the way.</summary>
    private void Note(KernelChange change, ChangeResult result)
    {
        bool deleted = change.Verb == ChangeVerb.Delete;
        int index = change.Subject switch
        {
            Route route => route.Interface,
            InterfaceAddress address => address.Interface,
            object neighbour => ((Neighbour)neighbour).Interface,
        };
        if (!held.TryGetValue(index, out HeldState? state)) return;
        if (result.IsOk || (deleted && result.Errno is Errno.ESRCH or Errno.ENOENT or Errno.ENODEV or Errno.EADDRNOTAVAIL))
        {
            state.Note(change);
            return;
        }
        if (result.Errno is Errno.ENODEV or Errno.ENETDOWN or Errno.ESRCH) table.Doubted.Add(index);
        else if (table.Find(index) is Link link) failures[link.Name] = result.Error!;
    }

    /// <summary>Links that are no more, and links that were a workload's until they were renamed.</summary>
    private void ForgetGone(FelixParameters parameters)
    {
        foreach (int index in held.Keys.ToArray())
            if (table.Find(index) is not Link link || !parameters.IsWorkloadInterface(link.Name)) held.Remove(index);
    }

    private void Dirty(int index)
    {
        if (table.Find(index) is Link link) table.Dirty.Add(link.Name);
    }

    /// <summary>Of an interface of a workload: it is this program's.</summary>
    public static bool IsOurs(InterfaceAddress address) =>
        address.PrefixLength == address.Address.Family.Bits && address.Peer is null && (address.Address.Family == IpFamily.V6 || address.Scope == RouteScope.Link);

    private static bool IsOurs(Neighbour neighbour) => neighbour is { State: NeighbourState.Permanent, IsProxy: false, Mac: not null };
}
