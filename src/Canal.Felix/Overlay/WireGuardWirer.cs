using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Felix.Configuration;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;
using Canal.Linux.WireGuard;

namespace Canal.Felix.Overlay;

/// <summary>
/// Makes WireGuard's devices, peers, routes and routing rules as <see cref="ClusterNetwork"/> wants them: compares with what the kernel is known to hold and
/// sends only the difference. The private key is made here and given to the kernel, which keeps it with the device; it is nowhere else. What the kernel refuses is
/// tried again, and holds up nothing else; no key is told then, so that the other hosts send without encryption what could not be read here.
/// </summary>
internal sealed class WireGuardWirer(IRouteStack stack, IWireGuard wireGuard, ClusterNetwork network, Func<byte[]> newKey, TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly WireGuardSide[] sides = [new(IpFamily.V4), new(IpFamily.V6)];
    private readonly List<string> failures = [];

    /// <summary>Names that our devices have had.</summary>
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly List<RoutingRule> rules = [];
    private Underlay underlay = new([], []);
    private FelixParameters parameters = new();
    private (IpAddress? V4, IpAddress? V6) addresses;
    private TimeSpan pause = ShortestPause;
    private bool peersDirty, inDoubt = true;

    /// <summary>What the kernel refused, and hosts that cannot be peers; empty when all is well.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>When to try again; null when nothing is to be tried.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>The devices were looked at: what <see cref="PublicKey"/> says is so.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>This host's public key in base 64; empty: what is encrypted for this host would not be read.</summary>
    public string PublicKey(IpFamily family) => Side(family) is { IsProgrammed: true } side ? side.Held.PublicKey.ToString() : "";

    /// <summary>Remembers what must change. Nothing is sent.</summary>
    public void Plan(NetworkChanges changes) => peersDirty |= changes.Tunnels || changes.Destinations;

    /// <summary>The kernel's state is not known: it is listed and compared before anything else.</summary>
    public void Doubt() => inDoubt = true;

    /// <summary>Something happened in the kernel: what it means is found out by listing. Own doings are no news.</summary>
    public void Note(KernelEvent happened)
    {
        bool own = happened.PortId == stack.PortId;
        if (!parameters.Network.WireGuard.IsEnabled && rules.Count == 0) return;
        inDoubt |= happened.Subject switch
        {
            Link link => IsNews(link, happened.Kind == KernelEventKind.Removed),
            Linux.Routing.InterfaceAddress address => !own && Array.Exists(sides, s => s.Link == address.Interface),
            RoutingRule rule => !own && (IsOurs(rule) || parameters.Network.WireGuard.Of(rule.Family) is { IsEnabled: true } family && rule.Table == family.Table),
            Route route => !own && Array.Exists(sides, s => s.Table == route.Table && s.Family == route.Family),
            _ => false,
        };
    }

    /// <summary>Makes it so. Returns whether anything was looked at.</summary>
    public bool Apply(FelixParameters inForce)
    {
        // After a failure what the kernel holds is not what was asked for.
        // The device's own address is looked at with the devices.
        inDoubt |= addresses != Addresses();
        inDoubt |= parameters != inForce || RetryAt <= time.GetUtcNow() || (peersDirty && RetryAt is not null);
        parameters = inForce;
        if (!inDoubt && (!peersDirty || !inForce.Network.WireGuard.IsEnabled)) return false;
        failures.Clear();
        if (inDoubt) Reread();
        List<RoutingRule> wanted = [];
        foreach (WireGuardSide side in sides) Make(side, wanted);
        MakeRules(wanted);
        IsKnown = true;
        // Only now: nothing leads there any more.
        foreach (WireGuardSide side in sides)
            if (!side.IsProgrammed) Send(side, side.HeldRoutes.Destinations.ToDictionary(d => d, _ => (Route?)null));
        (peersDirty, inDoubt) = (false, false);
        RetryAt = failures.Count == 0 ? null : time.GetUtcNow() + pause;
        pause = failures.Count == 0 ? ShortestPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        return true;
    }

    private (IpAddress? V4, IpAddress? V6) Addresses() => (network.Self?.V4.WireGuardAddress, network.Self?.V6.WireGuardAddress);

    private WireGuardSide Side(IpFamily family) => sides[family == IpFamily.V4 ? 0 : 1];

    /// <summary>Everything may differ: devices first, because the rest is on them.</summary>
    private void Reread()
    {
        underlay = new Underlay(stack.Links(), stack.Addresses());
        rules.Clear();
        rules.AddRange(stack.Rules().Where(IsOurs));
        MakeDevices();
        foreach (WireGuardSide side in sides)
        {
            WireGuardFamily family = parameters.Network.WireGuard.Of(side.Family);
            // Also tables that a rule of an earlier run leads to.
            uint[] tables = [.. rules.Where(r => r.Family == side.Family).Select(r => r.Table).Append(side.Table).Append(family.IsEnabled ? family.Table : 0).Where(t => t != 0).Distinct()];
            foreach (uint table in tables.Where(t => !family.IsEnabled || t != family.Table)) Empty(side.Family, table);
            side.Table = family.IsEnabled ? family.Table : 0;
            side.HeldRoutes = HeldEntries.Read(stack, [], side.Table == 0 ? [] : Ours(side.Family, side.Table));
        }
    }

    /// <summary>Those of protocol 80, and all on our device: nobody else has routes through it in this table.</summary>
    private IEnumerable<Route> Ours(IpFamily family, uint table) =>
        stack.Routes(new RouteFilter(family, table)).Where(r => parameters.IsOwnOverlayProtocol(r.Protocol) || (r.Interface != 0 && r.Interface == Side(family).Link));

    private void Empty(IpFamily family, uint table)
    {
        // An operator may have named a table that is not ours alone.
        if (table is RouteTable.Main or RouteTable.Local or RouteTable.Default) return;
        foreach (Route route in stack.Routes(new RouteFilter(family, table)).Where(r => parameters.IsOwnOverlayProtocol(r.Protocol))) Try(KernelChange.Delete(route));
    }

    private void MakeDevices()
    {
        addresses = Addresses();
        WireGuardParameters wanted = parameters.Network.WireGuard;
        uint mtu = underlay.Mtu(parameters.Network.MtuInterfacePattern);
        List<TunnelDevice> devices = [];
        foreach (WireGuardFamily family in wanted.Families)
        {
            names.UnionWith([family.Device, new WireGuardParameters().Of(family.Family).Device]);
            if (!family.IsEnabled) continue;
            if (parameters.Marks.WireGuard == 0) failures.Add("nftables_mark_mask has no bit left for WireGuard, which needs the fifth or sixth");
            else if (underlay.Find(family.Device) is { } other && other.Kind != WireGuardSide.Kind) failures.Add($"{family.Device} is to be WireGuard's device, but is another");
            else devices.Add(new TunnelDevice(new Link { Name = family.Device, Kind = WireGuardSide.Kind, Mtu = family.MtuOf(mtu) }, network.Self?.Ends(family.Family).WireGuardAddress is { } address ? [address] : default));
        }
        string[] ours = [.. names.Where(n => underlay.Find(n) is null or { Kind: WireGuardSide.Kind })];
        underlay = new TunnelDevices(stack, ours, failures).Make(devices, underlay);
        foreach (WireGuardSide side in sides)
            side.Link = devices.Exists(d => d.Link.Name == wanted.Of(side.Family).Device) && underlay.Find(wanted.Of(side.Family).Device) is { Kind: WireGuardSide.Kind } link ? link.Index : 0;
    }

    private void Make(WireGuardSide side, List<RoutingRule> wantedRules)
    {
        side.IsProgrammed = false;
        WireGuardFamily family = parameters.Network.WireGuard.Of(side.Family);
        if (!family.IsEnabled || side.Link == 0) return;
        try
        {
            if (inDoubt) side.Take(Configured(side.Link, family));
            WireGuardPlan plan = network.WireGuard(side.Family, side.Held.PublicKey, parameters.Network.WireGuard.EncryptHosts);
            failures.AddRange(plan.Problems);
            side.SetPeers(wireGuard, plan, family.Port, parameters.Network.WireGuard.KeepAlive);
            if (!parameters.RouteSyncDisabled) Send(side, side.Routes(plan, parameters));
            wantedRules.Add(new RoutingRule
            {
                Family = side.Family,
                Priority = parameters.Network.WireGuard.RulePriority,
                Table = family.Table,
                Mark = parameters.Marks.WireGuard,
                Mask = parameters.Marks.WireGuard,
                Invert = true,
                Protocol = RouteProtocol.Calico,
            });
            side.IsProgrammed = true;
        }
        catch (NetlinkException e)
        {
            failures.Add(e.Message);
        }
    }

    /// <summary>The device with its own settings as they should be. A key that it has stays: it outlives this program, and the others know it.</summary>
    private WireGuardDevice Configured(int link, WireGuardFamily family)
    {
        WireGuardDevice held = wireGuard.Read(link);
        uint mark = parameters.Marks.WireGuard;
        bool keyless = held.PublicKey.IsNone, port = held.ListenPort != family.Port, marked = held.Mark == mark;
        if (!keyless && !port && marked) return held;
        byte[]? key = keyless ? newKey() : null;
        wireGuard.Change(new WireGuardChange { Interface = link, PrivateKey = key, ListenPort = port ? family.Port : null, Mark = marked ? null : mark });
        if (key is not null) System.Security.Cryptography.CryptographicOperations.ZeroMemory(key);
        return wireGuard.Read(link);
    }

    /// <summary>New rules before old ones go: nothing is to be sent without encryption in between.</summary>
    private void MakeRules(List<RoutingRule> wanted)
    {
        foreach (RoutingRule rule in wanted)
            if (!rules.Contains(rule) && Try(KernelChange.Add(rule))) rules.Add(rule);
        foreach (RoutingRule rule in rules.Where(r => !wanted.Contains(r)).ToArray())
            if (Try(KernelChange.Delete(rule))) rules.Remove(rule);
    }

    private void Send(WireGuardSide side, Dictionary<Cidr, Route?> wanted)
    {
        List<KernelChange> changes = [];
        foreach (Cidr destination in side.HeldRoutes.Destinations.Union(wanted.Keys).ToArray()) side.HeldRoutes.Compare(destination, wanted.GetValueOrDefault(destination), changes);
        side.HeldRoutes.Send(stack, changes, failures);
    }

    private bool Try(KernelChange change)
    {
        ChangeResult result = stack.Try(change);
        bool done = result.IsOk || (change.Verb == ChangeVerb.Delete && result.Errno is Errno.ENOENT or Errno.ESRCH) || (change.Verb == ChangeVerb.Add && result.Errno == Errno.EEXIST);
        if (!done) failures.Add(result.Error!);
        return done;
    }

    /// <summary>Whoever made it: nothing else asks for what is not marked.</summary>
    public static bool IsOurs(RoutingRule rule) => rule is { Protocol: RouteProtocol.Calico, Invert: true, Mask: not 0, From: null, To: null };

    private bool IsNews(Link link, bool removed)
    {
        Link? known = underlay.Links.FirstOrDefault(l => l.Index == link.Index);
        bool concerns = names.Contains(link.Name) || Array.Exists(sides, s => s.Link == link.Index) || underlay.MtuFollows(link.Name, parameters.Network.MtuInterfacePattern);
        return concerns && (removed ? known is not null : known is null || known.Name != link.Name || known.Mtu != link.Mtu || known.IsAdminUp != link.IsAdminUp);
    }
}
