using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Resources;

namespace Canal.Core.Overlay;

/// <summary>
/// Computes from nodes, pools and blocks of addresses what one host needs to reach workloads of the others: routes, tunnel peers, and the sets of addresses
/// that translation and tunnel filters ask. A function of what is there now, never of its history. Cost in proportion to what changed, but for a pool, a
/// parameter and this host's own addresses, which are looked at with every route, and for nodes, of which all are looked at when one changes its addresses.
/// </summary>
public sealed class ClusterNetwork
{
    private static readonly IpFamily[] Families = [IpFamily.V4, IpFamily.V6];

    private readonly string self;
    private readonly AddressPools pools = new();
    private readonly Dictionary<string, ClusterNode> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Node, IpFamily Family), VxlanPeer> peers = [];
    private readonly List<string> peerProblems = [];
    private readonly ClaimTable claims = new();
    private readonly Dictionary<Cidr, List<(Cidr Destination, RouteClaim Claim)>> blocks = [];
    private readonly Dictionary<ResourceKey, List<(Cidr Destination, RouteClaim Claim)>> workloads = [];
    private readonly Dictionary<string, EquatableArray<Cidr>> localByInterface = new(StringComparer.Ordinal);
    private readonly Dictionary<Cidr, int> local = [];
    private readonly Dictionary<Cidr, ClusterRoute> routes = [];
    private readonly HashSet<Cidr> dirty = [];
    private readonly RouteDecision decision;
    private NetworkSets sets = NetworkSets.Empty;
    private bool allDirty, nodesDirty, setsDirty, tunnelsDirty, destinationsDirty;

    /// <summary>A network of which nothing is known yet.</summary>
    /// <param name="nodeName">This host.</param>
    public ClusterNetwork(string nodeName)
    {
        self = nodeName;
        decision = new RouteDecision(nodeName, pools, nodes, peers);
    }

    /// <summary>This host's node, or null.</summary>
    public ClusterNode? Self => nodes.GetValueOrDefault(self);

    /// <summary>The sets as they were last told.</summary>
    public NetworkSets Sets => sets;

    /// <summary>Every wanted route, as they were last told.</summary>
    public IReadOnlyDictionary<Cidr, ClusterRoute> Routes => routes;

    /// <summary>VXLAN carries traffic of the family.</summary>
    public bool UsesVxlan(IpFamily family) => decision.UsesVxlan(family);

    /// <summary>IP-in-IP carries traffic.</summary>
    public bool UsesIpip => decision.UsesIpip;

    /// <summary>Hosts that cannot be peers, each as a sentence; they count where VXLAN is used.</summary>
    public IReadOnlyList<string> PeerProblems => UsesVxlan(IpFamily.V4) || UsesVxlan(IpFamily.V6) ? peerProblems : [];

    /// <summary>The other hosts' ends of the VXLAN overlay.</summary>
    public IEnumerable<VxlanPeer> Peers(IpFamily family) => peers.Where(p => p.Key.Family == family).Select(p => p.Value);

    /// <summary>Another number after each change of any pool, also of what is of no interest to routes.</summary>
    public int PoolsVersion => pools.Version;

    /// <summary>Every node.</summary>
    public IReadOnlyCollection<ClusterNode> Nodes => nodes.Values;

    /// <summary>Where a node's workloads and tunnels are: its blocks and single addresses, those that local workloads have left out.</summary>
    public IEnumerable<Cidr> DestinationsOf(string node) => claims.OfNode(node).Where(d => !local.ContainsKey(d) && claims.Of(d).Min().Node == node);

    /// <summary>
    /// Which traffic of a family WireGuard carries. Costs as much as there are destinations: to be asked when <see cref="NetworkChanges"/> says that tunnels or
    /// destinations may be different.
    /// </summary>
    /// <param name="family">Of the traffic.</param>
    /// <param name="own">This host's public key.</param>
    /// <param name="encryptHosts">The hosts' own addresses are reached by WireGuard too.</param>
    public WireGuardPlan WireGuard(IpFamily family, WireGuardKey own, bool encryptHosts)
    {
        Dictionary<Cidr, string> owners = [];
        foreach (Cidr destination in claims.Destinations)
        {
            if (destination.Family != family) continue;
            RouteClaim[] counted = [.. claims.Of(destination).Where(decision.Counts)];
            if (counted.Length > 0) owners[destination] = counted.Min().Node;
        }
        foreach (Cidr address in local.Keys)
            if (address.Family == family && IsElsewhere(address, owners)) owners[address] = self;
        return WireGuardPlan.Of(nodes.Values, self, family, own, owners, encryptHosts);
    }

    /// <summary>What covers the address most narrowly is another node's; a local workload's address need not be told apart where it is this one's, or nobody's.</summary>
    private bool IsElsewhere(Cidr address, Dictionary<Cidr, string> owners)
    {
        for (int length = address.Length; length >= 0; length--)
            if (owners.TryGetValue(new Cidr(address.Address, length), out string? owner)) return owner != self;
        return false;
    }

    /// <summary>A resource appeared or changed (value given) or vanished (null). Other kinds than nodes and pools are of no interest.</summary>
    public void Apply(ResourceKey key, Resource? resource)
    {
        if (key.Kind == ResourceKind.IPPool) ApplyPool(key.Name, resource as IpPool);
        else if (key.Kind == ResourceKind.Node) ApplyNode(key.Name, resource as Node);
        else if (key.Kind == ResourceKind.WorkloadEndpoint && decision.Settings.RoutesFromWorkloads) ApplyWorkload(key, resource as WorkloadEndpoint);
    }

    /// <summary>A block appeared or changed, or vanished (null).</summary>
    public void ApplyBlock(Cidr cidr, IpamBlock? block)
    {
        List<(Cidr, RouteClaim)> now = block is null ? [] : BlockClaims.Of(block);
        Exchange(blocks.GetValueOrDefault(cidr) ?? [], now);
        if (now.Count == 0) blocks.Remove(cidr);
        else blocks[cidr] = now;
    }

    /// <summary>
    /// The parameters in force. Where workloads are is remembered only while routes follow them: there may be a hundred thousand.
    /// </summary>
    /// <param name="settings">The parameters.</param>
    /// <param name="workloads">All there are; gone through when routes begin to follow them.</param>
    public void Configure(NetworkSettings settings, IEnumerable<WorkloadPlace>? workloads = null)
    {
        if (decision.Settings == settings) return;
        if (!settings.RoutesFromWorkloads) ForgetWorkloads();
        else if (!decision.Settings.RoutesFromWorkloads)
            foreach (WorkloadPlace place in workloads ?? []) Place(place);
        decision.Settings = settings;
        allDirty = setsDirty = tunnelsDirty = true;
    }

    /// <summary>The addresses of the local workload on an interface; empty when there is none any more.</summary>
    public void SetLocal(string interfaceName, EquatableArray<Cidr> addresses)
    {
        EquatableArray<Cidr> before = localByInterface.GetValueOrDefault(interfaceName);
        if (before == addresses) return;
        foreach (Cidr address in addresses) CountLocal(address, 1);
        foreach (Cidr address in before) CountLocal(address, -1);
        if (addresses.IsEmpty) localByInterface.Remove(interfaceName);
        else localByInterface[interfaceName] = addresses;
    }

    /// <summary>What became different since the last call.</summary>
    public NetworkChanges TakeChanges()
    {
        NetworkChanges changes = new();
        if (nodesDirty) RebuildPeers();
        if (setsDirty) changes.Sets = TakeSets();
        (changes.Tunnels, changes.Destinations) = (tunnelsDirty, destinationsDirty);
        (nodesDirty, setsDirty, tunnelsDirty, destinationsDirty) = (false, false, false, false);
        if (allDirty) dirty.UnionWith(claims.Destinations);
        if (allDirty) dirty.UnionWith(routes.Keys);
        allDirty = false;
        foreach (Cidr destination in dirty) TakeRoute(destination, changes);
        dirty.Clear();
        return changes;
    }

    private void TakeRoute(Cidr destination, NetworkChanges changes)
    {
        ClusterRoute? now = local.ContainsKey(destination) ? null : decision.Best(destination, claims.Of(destination));
        if (routes.GetValueOrDefault(destination) == now) return;
        if (now is null) routes.Remove(destination);
        else routes[destination] = now;
        changes.Routes[destination] = now;
    }

    private void ApplyPool(string name, IpPool? pool)
    {
        if (pools.Set(name, pool)) allDirty = setsDirty = tunnelsDirty = true;
    }

    private void ApplyNode(string name, Node? node)
    {
        ClusterNode? before = nodes.GetValueOrDefault(name), now = node is null ? null : ClusterNode.Of(node);
        if (before == now) return;
        if (now is null) nodes.Remove(name);
        else nodes[name] = now;
        Exchange(TunnelClaims(before), TunnelClaims(now));
        nodesDirty = setsDirty = tunnelsDirty = true;
        // This node's own subnet decides which of the others are near.
        allDirty |= name == self;
        dirty.UnionWith(claims.OfNode(name));
    }

    private static List<(Cidr, RouteClaim)> TunnelClaims(ClusterNode? node)
    {
        if (node is null) return [];
        return [.. node.V4.TunnelAddresses.Concat(node.V6.TunnelAddresses).Select(a => (a, new RouteClaim(RouteClaimKind.Tunnel, node.Name)))];
    }

    private void ApplyWorkload(ResourceKey key, WorkloadEndpoint? endpoint)
    {
        bool known = WorkloadEndpointName.TryParse(key.Name, out WorkloadEndpointName name);
        Place(new WorkloadPlace(key, name.Node, endpoint is null || !known ? default : Calculation.EndpointAddresses.Of(endpoint.Spec)));
    }

    private void Place(WorkloadPlace place)
    {
        List<(Cidr, RouteClaim)> now = place.Node == self ? [] : [.. place.Addresses.Select(a => (a, new RouteClaim(RouteClaimKind.Workload, place.Node)))];
        Exchange(workloads.GetValueOrDefault(place.Key) ?? [], now);
        if (now.Count == 0) workloads.Remove(place.Key);
        else workloads[place.Key] = now;
    }

    private void ForgetWorkloads()
    {
        foreach (List<(Cidr, RouteClaim)> held in workloads.Values) Exchange(held, []);
        workloads.Clear();
    }

    private void Exchange(List<(Cidr Destination, RouteClaim Claim)> before, List<(Cidr Destination, RouteClaim Claim)> now)
    {
        foreach ((Cidr destination, RouteClaim claim) in before)
        {
            claims.Remove(destination, claim);
            dirty.Add(destination);
        }
        foreach ((Cidr destination, RouteClaim claim) in now)
        {
            claims.Add(destination, claim);
            dirty.Add(destination);
        }
        destinationsDirty |= before.Count + now.Count > 0;
    }

    private void CountLocal(Cidr address, int difference)
    {
        int count = local.GetValueOrDefault(address) + difference;
        if (count == 0) local.Remove(address);
        else local[address] = count;
        dirty.Add(address);
        destinationsDirty = true;
    }

    private void RebuildPeers()
    {
        Dictionary<(string, IpFamily), VxlanPeer> before = new(peers);
        peers.Clear();
        peerProblems.Clear();
        foreach (IpFamily family in Families)
            foreach (VxlanPeer peer in VxlanPeer.Of(nodes.Values, self, family, peerProblems)) peers[(peer.Node, family)] = peer;
        foreach (((string Node, IpFamily Family) end, VxlanPeer peer) in before.Concat(peers))
            if (before.GetValueOrDefault(end) != peers.GetValueOrDefault(end)) dirty.UnionWith(claims.OfNode(end.Node));
    }

    private NetworkSets? TakeSets()
    {
        NetworkSets now = new(
            PrefixCover.Of(pools.InForce.Select(p => p.Cidr)).ToEquatableArray(),
            PrefixCover.Of(pools.InForce.Where(p => p.NatOutgoing).Select(p => p.Cidr)).ToEquatableArray(),
            PrefixCover.Of(nodes.Values.SelectMany(Hosts)).ToEquatableArray(),
            PrefixCover.Of(peers.Where(p => UsesVxlan(p.Key.Family)).Select(p => new Cidr(p.Value.Host))).ToEquatableArray(),
            UsesVxlan(IpFamily.V4), UsesVxlan(IpFamily.V6), UsesIpip);
        if (now == sets) return null;
        return sets = now;
    }

    private static IEnumerable<Cidr> Hosts(ClusterNode node)
    {
        foreach (IpFamily family in Families)
            if (node.Ends(family).Host is { } host) yield return new Cidr(host.Address);
    }
}
