using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Linux;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;

namespace Canal.Felix.Wiring;

/// <summary>
/// Makes routes, neighbours and sysctls of workload interfaces as <see cref="WiringPlanner"/> wants them: compares with what the kernel is known to hold
/// and sends only the difference. Owns every route of protocol 80 on workload interfaces and, after a grace period, those that others put there.
/// </summary>
internal sealed class InterfaceWirer(IRouteStack routes, SysctlTree sysctls, InterfaceTable table, TimeProvider time)
{
    /// <summary>CNI plugins may add a route of their own right after making the interface; it is left alone that long.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Dictionary<int, HeldState> held = [];
    private readonly Dictionary<string, string> failures = new(StringComparer.Ordinal);
    private string defaultRpFilter = "0";

    /// <summary>Why an interface that is up could not be wired, by name; empty when all is well.</summary>
    public IReadOnlyDictionary<string, string> Failures => failures;

    /// <summary>When a foreign route's grace period ends first; null when none runs.</summary>
    public DateTimeOffset? NextGraceEnd { get; private set; }

    /// <summary>Switches forwarding on where wanted. Returns sentences about what could not be set.</summary>
    public List<string> PrepareHost(FelixParameters parameters)
    {
        List<string> refusals = [];
        defaultRpFilter = ReadOr("0", "ipv4", "conf", "default", "rp_filter");
        if (!parameters.IpForwarding) return refusals;
        Set(refusals, "1", "ipv4", "ip_forward");
        if (parameters.Ipv6) Set(refusals, "1", "ipv6", "conf", "all", "forwarding");
        return refusals;
    }

    /// <summary>Reads from the kernel what workload interfaces have, all at once: at start and after lost events.</summary>
    public void ReadAll(FelixParameters parameters)
    {
        Dictionary<int, HeldState> before = new(held);
        held.Clear();
        foreach (Link link in table.Links)
            if (parameters.IsWorkloadInterface(link.Name)) held[link.Index] = new HeldState(before.GetValueOrDefault(link.Index)?.Since ?? DateTimeOffset.MinValue);
        foreach (Route route in routes.Routes(new RouteFilter(Table: RouteTable.Main)))
            if (held.TryGetValue(route.Interface, out HeldState? state)) state.Routes.Add(route);
        foreach (Neighbour neighbour in routes.Neighbours())
            if (IsOurs(neighbour) && held.TryGetValue(neighbour.Interface, out HeldState? state)) state.Neighbours.Add(neighbour);
        table.Doubted.Clear();
    }

    /// <summary>Someone else changed a route: what is held is corrected, and the interface looked at again.</summary>
    public void NoteForeignRoute(Route route, bool removed)
    {
        if (route.Table != RouteTable.Main || !held.TryGetValue(route.Interface, out HeldState? state)) return;
        if (removed) state.Routes.Remove(route);
        else state.Routes.Add(route);
        if (table.Find(route.Interface) is Link link) table.Dirty.Add(link.Name);
    }

    /// <summary>Looks at every dirty interface and makes it as it should be. Returns the names that were looked at.</summary>
    public List<string> Apply(FelixParameters parameters)
    {
        RereadDoubted(parameters);
        NextGraceEnd = null;
        List<string> looked = [.. table.Dirty];
        List<KernelChange> changes = [];
        foreach (string name in looked) Plan(name, parameters, changes);
        table.Dirty.Clear();
        Send(changes);
        ForgetGone();
        return looked;
    }

    private void RereadDoubted(FelixParameters parameters)
    {
        HashSet<int> reread = [];
        foreach (int index in table.Doubted)
        {
            if (table.Find(index) is not Link link || !parameters.IsWorkloadInterface(link.Name)) continue;
            held[index] = new HeldState(held.GetValueOrDefault(index)?.Since ?? time.GetUtcNow());
            foreach (Route route in routes.Routes(new RouteFilter(Table: RouteTable.Main, Interface: index))) held[index].Routes.Add(route);
            reread.Add(index);
        }
        table.Doubted.Clear();
        if (reread.Count == 0) return;
        foreach (Neighbour neighbour in routes.Neighbours())
            if (reread.Contains(neighbour.Interface) && IsOurs(neighbour)) held[neighbour.Interface].Neighbours.Add(neighbour);
    }

    private void Plan(string name, FelixParameters parameters, List<KernelChange> changes)
    {
        failures.Remove(name);
        if (table.Find(name) is not Link link || !held.TryGetValue(link.Index, out HeldState? state)) return;
        bool governed = table.Endpoints.TryGetValue(name, out EndpointPolicy? endpoint);
        InterfaceWiring wiring = governed && link.IsRunning
            ? WiringPlanner.For(endpoint!, link, address => table.Owns(address, link.Index), defaultRpFilter, parameters)
            : InterfaceWiring.None;
        WriteSysctls(name, wiring);
        PlanNeighbours(state, wiring, changes);
        PlanRoutes(name, state, wiring, governed, parameters, changes);
    }

    private static void PlanNeighbours(HeldState state, InterfaceWiring wiring, List<KernelChange> changes)
    {
        foreach (Neighbour stale in state.Neighbours)
            if (!wiring.Neighbours.Any(n => n.Address == stale.Address)) changes.Add(KernelChange.Delete(stale));
        foreach (Neighbour wanted in wiring.Neighbours)
            if (!state.Neighbours.Contains(wanted)) changes.Add(KernelChange.Replace(wanted));
    }

    private void PlanRoutes(string name, HeldState state, InterfaceWiring wiring, bool governed, FelixParameters parameters, List<KernelChange> changes)
    {
        foreach (Route wanted in wiring.Routes)
            if (!state.Routes.Contains(wanted)) changes.Add(KernelChange.Replace(wanted));
        foreach (Route present in state.Routes)
        {
            // A wanted route of the same key is a replacement of this one, not an addition to it.
            if (wiring.Routes.Contains(present) || wiring.Routes.Any(w => w.Destination == present.Destination && w.Metric == present.Metric)) continue;
            if (IsToBeRemoved(name, present, state, governed, parameters)) changes.Add(KernelChange.Delete(present));
        }
    }

    private bool IsToBeRemoved(string name, Route route, HeldState state, bool governed, FelixParameters parameters)
    {
        if (route.Protocol == RouteProtocol.Calico) return true;
        if (!governed || !parameters.RemoveExternalRoutes || route.Protocol == RouteProtocol.Kernel) return false;
        DateTimeOffset due = state.Since == DateTimeOffset.MinValue ? DateTimeOffset.MinValue : state.Since + Grace;
        if (due <= time.GetUtcNow()) return true;
        if (NextGraceEnd is null || due < NextGraceEnd) NextGraceEnd = due;
        postponed.Add(name);
        return false;
    }

    private readonly HashSet<string> postponed = new(StringComparer.Ordinal);

    /// <summary>Grace periods may have ended: the interfaces they were for are looked at again.</summary>
    public void EndGrace()
    {
        table.Dirty.UnionWith(postponed);
        postponed.Clear();
    }

    private void Send(List<KernelChange> changes)
    {
        if (changes.Count == 0) return;
        ChangeResult[] results = new ChangeResult[changes.Count];
        routes.Apply(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(changes), results);
        for (int i = 0; i < results.Length; i++) Note(changes[i], results[i]);
    }

    /// <summary>Keeps what is held in step with what was done. A link that went away or down in the meantime is no failure: its event is on the way.</summary>
    private void Note(KernelChange change, ChangeResult result)
    {
        bool deleted = change.Verb == ChangeVerb.Delete;
        int index = change.Subject is Route r ? r.Interface : ((Neighbour)change.Subject).Interface;
        if (!held.TryGetValue(index, out HeldState? state)) return;
        if (result.IsOk || (deleted && result.Errno is Errno.ESRCH or Errno.ENOENT or Errno.ENODEV))
        {
            state.Note(change);
            return;
        }
        table.Doubted.Add(index);
        if (result.Errno is Errno.ENODEV or Errno.ENETDOWN or Errno.ESRCH) return;
        if (table.Find(index) is Link link) failures[link.Name] = result.Error!;
    }

    private void ForgetGone()
    {
        foreach (int index in held.Keys.ToArray())
            if (table.Find(index) is null) held.Remove(index);
    }

    private void WriteSysctls(string name, InterfaceWiring wiring)
    {
        foreach ((string path, string value) in wiring.Sysctls)
        {
            try
            {
                sysctls.Write(value, ["net", .. path.Split('/')]);
            }
            catch (SysctlException e)
            {
                if (!e.IsAbsent) failures[name] = e.Message;
            }
        }
    }

    private void Set(List<string> refusals, string value, params string[] path)
    {
        try
        {
            sysctls.Write(value, ["net", .. path]);
        }
        catch (SysctlException e)
        {
            refusals.Add(e.Message);
        }
    }

    private string ReadOr(string fallback, params string[] path)
    {
        try
        {
            return sysctls.Read(["net", .. path]);
        }
        catch (SysctlException e) when (e.IsAbsent)
        {
            return fallback;
        }
    }

    private static bool IsOurs(Neighbour neighbour) => neighbour is { State: NeighbourState.Permanent, IsProxy: false, Mac: not null };

    /// <summary>What the kernel is known to hold for one interface.</summary>
    private sealed class HeldState(DateTimeOffset since)
    {
        /// <summary>When the interface was first seen; the minimum when it was there before this agent.</summary>
        public DateTimeOffset Since { get; } = since;

        public HashSet<Route> Routes { get; } = [];

        public HashSet<Neighbour> Neighbours { get; } = [];

        public void Note(KernelChange change)
        {
            if (change.Subject is Route route)
            {
                Routes.RemoveWhere(r => r.Destination == route.Destination && r.Metric == route.Metric && r.Table == route.Table);
                if (change.Verb != ChangeVerb.Delete) Routes.Add(route);
            }
            else if (change.Subject is Neighbour neighbour)
            {
                Neighbours.RemoveWhere(n => n.Address == neighbour.Address);
                if (change.Verb != ChangeVerb.Delete) Neighbours.Add(neighbour);
            }
        }
    }
}
