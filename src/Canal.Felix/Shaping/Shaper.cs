using System.Globalization;
using System.Runtime.InteropServices;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Felix.Wiring;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;

namespace Canal.Felix.Shaping;

/// <summary>
/// Limits the bandwidth of workloads as <see cref="Shape"/> says: compares with what the kernel is known to hold and sends only the difference. A tbf of our handle
/// at the root of a workload's interface limits what goes to the workload. What comes from it a filter sends to a device of kind ifb, which has such a tbf too and
/// gives the packets back. Qdiscs of others stay; a workload whose interface has one has no limit that way, and is told.
/// </summary>
internal sealed class Shaper(IRouteStack stack, InterfaceTable table)
{
    /// <summary>By this the qdiscs are ours: <c>ca1a:</c>.</summary>
    internal const uint Handle = 0xca1a0000;

    /// <summary>That of Calico's own, and of the CNI plugin bandwidth's: taken over where a limit is wanted.</summary>
    private const uint CalicoHandle = 0x00010000;

    private const string Ifb = "ifb", Prefix = "bwcali";

    private readonly Dictionary<int, HeldTraffic> held = [];
    private readonly SortedSet<string> failures = new(StringComparer.Ordinal);
    private bool inDoubt = true, isDue = true;

    /// <summary>Whose bandwidth is not limited, and why, as a sentence; null when all is well.</summary>
    public string? Trouble => failures.Count == 0 ? null : string.Join("; ", failures);

    /// <summary>The kernel's state is not known, or what was refused is to be tried again: it is listed and compared.</summary>
    public void Doubt() => inDoubt = true;

    /// <summary>Endpoints changed.</summary>
    public void Look() => isDue = true;

    /// <summary>Something happened in the kernel. Own doings are known.</summary>
    public void Note(KernelEvent happened)
    {
        bool removed = happened.Kind == KernelEventKind.Removed, own = happened.PortId == stack.PortId;
        switch (happened.Subject)
        {
            case Link link:
                if (removed) held.Remove(link.Index);
                isDue = true;
                break;
            case Qdisc qdisc when !own:
                Of(qdisc.Interface).Note(qdisc, removed);
                isDue = true;
                break;
            case IngressFilter filter when !own:
                Of(filter.Interface).Note(filter, removed);
                isDue = true;
                break;
        }
    }

    /// <summary>Makes it so. Returns whether anything was looked at.</summary>
    /// <exception cref="NetlinkException">What the kernel holds is not known.</exception>
    public bool Apply(FelixParameters parameters)
    {
        if (!inDoubt && !isDue) return false;
        if (inDoubt) ReadAll();
        failures.Clear();
        isDue = false;
        List<KernelChange> changes = [];
        HashSet<string> devices = new(StringComparer.Ordinal);
        HashSet<int> limited = [];
        foreach ((string name, EndpointPolicy endpoint) in table.Endpoints)
        {
            if (!Shape.IsWanted(endpoint.Qos) || !parameters.IsWorkloadInterface(name) || table.Find(name) is not Link link) continue;
            Shape shape = Shape.Of(endpoint.Qos, link.Mtu);
            limited.Add(link.Index);
            PlanRoot(link, shape.Ingress, changes, $"ingress bandwidth of {endpoint.DisplayName}");
            if (shape.Egress is null) PlanNoDetour(link, isWorkload: true, changes);
            else PlanDetour(link, shape.Egress, devices, changes, $"egress bandwidth of {endpoint.DisplayName}");
        }
        foreach (int index in held.Keys.Except(limited).ToArray())
        {
            if (table.Find(index) is not Link link) held.Remove(index);
            else if (!IsOurs(link)) PlanNothing(link, parameters, changes);
        }
        foreach (Link link in table.Links)
            if (IsOurs(link) && !devices.Contains(link.Name)) changes.Add(KernelChange.Delete(link));
        Send(changes);
        return true;
    }

    /// <summary>All that any run made, of workloads' interfaces or not.</summary>
    public static List<KernelChange> Removal(IRouteStack stack, FelixParameters parameters)
    {
        InterfaceTable table = new();
        table.SetLinks(stack.Links());
        Shaper shaper = new(stack, table);
        shaper.ReadAll();
        List<KernelChange> changes = [];
        foreach (Link link in table.Links)
            if (!IsOurs(link)) shaper.PlanNothing(link, parameters, changes);
        changes.AddRange(table.Links.Where(IsOurs).Select(KernelChange.Delete));
        return changes;
    }

    private void ReadAll()
    {
        held.Clear();
        foreach (Qdisc qdisc in stack.Qdiscs())
        {
            if (qdisc.Handle == 0) continue;
            HeldTraffic state = Of(qdisc.Interface);
            state.Note(qdisc, removed: false);
            if (!qdisc.IsRoot) state.Filters.AddRange(stack.IngressFilters(qdisc.Interface));
        }
        inDoubt = false;
    }

    private HeldTraffic Of(int link) => CollectionsMarshal.GetValueRefOrAddDefault(held, link, out _) ??= new HeldTraffic();

    private void PlanRoot(Link link, TokenBucket? bucket, List<KernelChange> changes, string what)
    {
        Qdisc? root = held.GetValueOrDefault(link.Index)?.Root;
        if (bucket is null)
        {
            if (root is { Handle: Handle }) changes.Add(KernelChange.Delete(root));
            return;
        }
        Qdisc wanted = new() { Interface = link.Index, Kind = "tbf", Handle = Handle, Bucket = bucket };
        if (root == wanted) return;
        if (root is null or { Handle: Handle, Kind: "tbf" } or { Handle: CalicoHandle, Kind: "tbf" } || IsOurs(link)) changes.Add(KernelChange.Replace(wanted));
        else failures.Add($"{what}: {link.Name} has a qdisc {root.Kind} that is not ours, which stays");
    }

    /// <summary>The device must be there before the rest can name it: its event brings the next look.</summary>
    private void PlanDetour(Link link, TokenBucket bucket, HashSet<string> devices, List<KernelChange> changes, string what)
    {
        string name = DeviceOf(link);
        devices.Add(name);
        if (table.Find(name) is not Link device)
        {
            changes.Add(KernelChange.Add(new Link { Name = name, Kind = Ifb, Mtu = link.Mtu, Flags = LinkFlags.Up }));
            return;
        }
        if (!IsOurs(device))
        {
            failures.Add($"{what}: there is a device {name} that is not of kind {Ifb}");
            return;
        }
        if (!device.IsAdminUp) changes.Add(KernelChange.SetUp(device.Index, up: true));
        PlanRoot(device, bucket, changes, what);
        HeldTraffic state = Of(link.Index);
        if (state.Hook is null) changes.Add(KernelChange.Add(Qdisc.Ingress(link.Index)));
        List<IngressFilter> filters = state.Filters.FindAll(f => IsOurs(f, isWorkload: true));
        IngressFilter? kept = filters.Find(f => f.Target == device.Index) ?? filters.FirstOrDefault();
        if (kept is null) changes.Add(KernelChange.Add(new IngressFilter(link.Index, device.Index)));
        else if (kept.Target != device.Index) changes.Add(KernelChange.Replace(kept with { Target = device.Index }));
        changes.AddRange(filters.Where(f => f != kept).Select(KernelChange.Delete));
    }

    /// <summary>The hook goes with our filter, unless it has others' filters.</summary>
    private void PlanNoDetour(Link link, bool isWorkload, List<KernelChange> changes)
    {
        if (held.GetValueOrDefault(link.Index) is not { Hook: { } hook } state) return;
        List<IngressFilter> filters = state.Filters.FindAll(f => IsOurs(f, isWorkload));
        changes.AddRange(filters.Select(KernelChange.Delete));
        if (filters.Count > 0 && filters.Count == state.Filters.Count && hook.Kind == "ingress") changes.Add(KernelChange.Delete(hook));
    }

    private void PlanNothing(Link link, FelixParameters parameters, List<KernelChange> changes)
    {
        PlanRoot(link, null, changes, "");
        PlanNoDetour(link, parameters.IsWorkloadInterface(link.Name), changes);
    }

    private void Send(List<KernelChange> changes)
    {
        if (changes.Count == 0) return;
        ChangeResult[] results = stack.ApplyAll(CollectionsMarshal.AsSpan(changes));
        for (int i = 0; i < results.Length; i++) Note(changes[i], results[i]);
    }

    /// <summary>Keeps what is held in step with what was done. A link that went away in the meantime, or was made by the look before, is no failure: its event is on the way.</summary>
    private void Note(KernelChange change, ChangeResult result)
    {
        bool deleted = change.Verb == ChangeVerb.Delete;
        if (result.IsOk && change.Subject is Qdisc qdisc) Of(qdisc.Interface).Note(qdisc, deleted);
        // The kernel chose its handle.
        else if (result.IsOk && change.Subject is IngressFilter filter && (deleted || filter.Handle != 0)) Of(filter.Interface).Note(filter, deleted);
        else if (result.IsOk && change.Subject is IngressFilter made) Of(made.Interface).Filters.AddRange(stack.IngressFilters(made.Interface).Where(f => f.Target == made.Target));
        else if (!result.IsOk && result.Errno != Errno.ENODEV && (result.Errno, change.Subject) is not (Errno.EEXIST, Link))
        {
            failures.Add(Explain(change, result));
        }
    }

    private static string Explain(KernelChange change, ChangeResult result)
    {
        string? module = (change.Subject, result.Errno) switch
        {
            (Link, Errno.ENOTSUP) when change.Verb == ChangeVerb.Add => Ifb,
            (Qdisc qdisc, Errno.ENOENT) => $"sch_{qdisc.Kind}",
            (IngressFilter, Errno.ENOENT) => "cls_u32 or act_mirred",
            _ => null,
        };
        return module is null ? result.Error! : $"this kernel has no {module}, without which bandwidth is not limited: {result.Error}";
    }

    /// <summary>Indices are never the same, so neither are these names.</summary>
    private static string DeviceOf(Link link) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{link.Index:x}");

    /// <summary>A device that Calico's Felix made for the same is taken for one of ours that is not wanted any more.</summary>
    private static bool IsOurs(Link link) => link.Kind == Ifb && link.Name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>On a workload's interface one that leads nowhere is ours, whose device somebody took away.</summary>
    private bool IsOurs(IngressFilter filter, bool isWorkload) => filter.Target is { } index && (table.Find(index) is Link target ? IsOurs(target) : isWorkload);
}
