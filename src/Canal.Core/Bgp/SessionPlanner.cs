using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>
/// Which sessions this host has. Global BGPPeers first, then those for this node, then the other sides of all, then the mesh; of two for one neighbour and
/// port the first counts, since BIRD keeps the second idle without a word. Of two Nodes with one address the first by name counts in the mesh.
/// </summary>
internal sealed class SessionPlanner(BgpInputs inputs, BgpCluster cluster, List<CalculationProblem> problems)
{
    private readonly SortedDictionary<string, BgpSession> sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<(IpAddress, ushort), BgpSession> byNeighbour = [];
    private readonly SortedSet<string> filters = new(StringComparer.Ordinal);
    private readonly HashSet<string> missing = new(StringComparer.Ordinal);
    private readonly HashSet<HostRoute> hostRoutes = [];

    public EquatableArray<BgpSession> Sessions => sessions.Values.ToEquatableArray();

    /// <summary>Routes to the peers that are reachable only by a given gateway.</summary>
    public IEnumerable<HostRoute> HostRoutes => hostRoutes;

    /// <summary>The filters that sessions use.</summary>
    public EquatableArray<NamedFilter> Filters => filters.Select(Resolve).ToEquatableArray();

    public void Plan(Node self)
    {
        PeerScope[] scopes = [.. inputs.Peers.Values.OrderBy(p => p.Key.Name, StringComparer.Ordinal).Select(PeerScope.Of)];
        foreach (PeerScope scope in scopes)
            if (scope.IsGlobal) AddPeer(self, scope, BgpSessionKind.Global);
        foreach (PeerScope scope in scopes)
            if (!scope.IsGlobal && scope.IsFor(cluster, self)) AddPeer(self, scope, BgpSessionKind.Node);
        foreach (PeerScope scope in scopes)
            if (scope.Peer.ReversePeering != "Manual" && !scope.IsLocalWorkload) AddReverse(self, scope);
        if ((cluster.Default?.NodeToNodeMeshEnabled ?? true) && BgpCluster.ClusterIdOf(self) is null) AddMesh(self);
    }

    private void AddPeer(Node self, PeerScope scope, BgpSessionKind kind)
    {
        if (scope.IsLocalWorkload) AddWorkloads(self, scope.Peer);
        else if (scope.SelectsPeers) AddSelected(self, scope, kind);
        else if (scope.Peer.PeerIp.Length > 0) AddAddress(self, scope.Peer, kind);
    }

    private void AddSelected(Node self, PeerScope scope, BgpSessionKind kind)
    {
        foreach (Node node in cluster.Nodes)
            if (scope.PeersWith(cluster, node))
                foreach (IpFamily family in BgpCluster.Families) AddNode(self, node, family, scope.Peer, kind, told: true);
    }

    private void AddAddress(Node self, BgpPeer peer, BgpSessionKind kind)
    {
        if (!PeerAddress.TryParse(peer.PeerIp, out PeerAddress target) || BgpCluster.AddressOf(self, target.Address.Family) is not { } ours || target.Address == ours) return;
        if (peer.AsNumber is not { } remote)
        {
            Tell(peer, "spec.asNumber: is missing, which a peer given by address needs");
            return;
        }
        Node? owner = cluster.OwnerOf(target.Address);
        ushort? port = target.Port ?? (owner is not null && cluster.AsOf(owner) == remote ? cluster.ListenPortOf(owner.Key.Name) : null);
        BgpSession session = new()
        {
            Name = NameOf(kind, target.Address, port),
            Kind = kind,
            Description = $"BGPPeer {peer.Key.Name}",
            Neighbor = target.Address,
            Port = port,
            RemoteAs = remote,
            LocalAs = peer.LocalAsNumber ?? cluster.AsOf(self),
            Passive = kind == BgpSessionKind.Global && owner is not null && WaitsFor(ours, target.Address),
            AllowLocalAs = peer.NumAllowedLocalAsNumbers is > 0 and { } times ? times : null,
        };
        Add(WithSettings(session, self, peer, null), peer, told: true);
    }

    private void AddWorkloads(Node self, BgpPeer peer)
    {
        foreach (WorkloadPeer workload in inputs.WorkloadPeers)
            foreach (IpFamily family in BgpCluster.Families)
                if (workload.PeerName == peer.Key.Name && workload.Address(family) is { } address && BgpCluster.AddressOf(self, family) is not null) AddWorkload(self, peer, address);
    }

    private void AddWorkload(Node self, BgpPeer peer, IpAddress address)
    {
        if (peer.AsNumber is not { } remote)
        {
            Tell(peer, "spec.asNumber: is missing, which a local workload's peering needs");
            return;
        }
        BgpSession session = new()
        {
            Name = NameOf(BgpSessionKind.LocalWorkload, address, null),
            Kind = BgpSessionKind.LocalWorkload,
            Description = $"BGPPeer {peer.Key.Name}",
            Neighbor = address,
            RemoteAs = remote,
            LocalAs = peer.LocalAsNumber ?? cluster.AsOf(self),
            Multihop = 0,
            Passive = true,
        };
        Add(WithFilters(session, peer), peer, told: true);
    }

    /// <summary>This node as the peer of a BGPPeer: the sessions that the nodes it is for expect of us.</summary>
    private void AddReverse(Node self, PeerScope scope)
    {
        foreach (IpFamily family in BgpCluster.Families)
        {
            if (!IsTarget(self, scope, family)) continue;
            foreach (Node node in cluster.Nodes)
                if (scope.IsFor(cluster, node)) AddNode(self, node, family, scope.Peer, BgpSessionKind.Node, told: false);
        }
    }

    private bool IsTarget(Node self, PeerScope scope, IpFamily family)
    {
        if (scope.SelectsPeers) return scope.PeersWith(cluster, self);
        return PeerAddress.TryParse(scope.Peer.PeerIp, out PeerAddress target) && target.Address.Family == family && BgpCluster.AddressOf(self, family) == target.Address
            && (scope.Peer.AsNumber ?? cluster.GlobalAs) == cluster.AsOf(self) && (target.Port ?? cluster.ListenPortOf(self.Key.Name)) == cluster.ListenPortOf(self.Key.Name);
    }

    private void AddNode(Node self, Node node, IpFamily family, BgpPeer peer, BgpSessionKind kind, bool told)
    {
        if (BgpCluster.AddressOf(self, family) is not { } ours || BgpCluster.AddressOf(node, family) is not { } theirs || ours == theirs) return;
        ushort? port = cluster.ListenPortOf(node.Key.Name);
        BgpSession session = new()
        {
            Name = NameOf(kind, theirs, port),
            Kind = kind,
            Description = $"node {node.Key.Name}, BGPPeer {peer.Key.Name}",
            Neighbor = theirs,
            Port = port,
            RemoteAs = cluster.AsOf(node),
            LocalAs = cluster.AsOf(self),
        };
        Add(WithSettings(session, self, peer, BgpCluster.ClusterIdOf(node)), peer, told);
    }

    private void AddMesh(Node self)
    {
        foreach (Node node in cluster.Nodes)
        {
            if (node == self || BgpCluster.ClusterIdOf(node) is not null) continue;
            foreach (IpFamily family in BgpCluster.Families)
            {
                if (BgpCluster.AddressOf(self, family) is not { } ours || BgpCluster.AddressOf(node, family) is not { } theirs) continue;
                if (ours == theirs) Tell(node, $"spec.bgp: {theirs} is this host's own address; there is no session with the node");
                else AddMesh(self, node, ours, theirs);
            }
        }
        if (cluster.Default is { NodeMeshPassword: { } secret } configuration && WrongWith(secret) is { } wrong) Tell(configuration, $"every session of the mesh is held down: {wrong}");
    }

    private void AddMesh(Node self, Node node, IpAddress ours, IpAddress theirs)
    {
        ushort? port = cluster.ListenPortOf(node.Key.Name);
        BgpSession session = new()
        {
            Name = NameOf(BgpSessionKind.Mesh, theirs, null),
            Kind = BgpSessionKind.Mesh,
            Description = $"node {node.Key.Name}",
            Neighbor = theirs,
            Port = port,
            RemoteAs = cluster.AsOf(node),
            LocalAs = cluster.AsOf(self),
            // Between nodes of different systems BIRD's default would be one hop, which fails across subnets.
            Multihop = cluster.AsOf(node) == cluster.AsOf(self) ? null : 0,
            SourceAddress = ours,
            Passive = WaitsFor(ours, theirs),
            GracefulRestartTime = Seconds(cluster.Default?.NodeMeshMaxRestartTime ?? ""),
        };
        Add(cluster.Default?.NodeMeshPassword is { } secret ? WithPassword(session, secret) : session, node);
    }

    private BgpSession WithSettings(BgpSession session, Node self, BgpPeer peer, IpAddress? clusterId)
    {
        bool secured = peer.TtlSecurity is > 0;
        IpAddress? ours = BgpCluster.ClusterIdOf(self);
        session = session with
        {
            Multihop = secured ? peer.TtlSecurity!.Value : 0,
            TtlSecurity = secured,
            SourceAddress = peer.SourceAddress == "None" ? null : BgpCluster.AddressOf(self, session.Family),
            GracefulRestartTime = Seconds(peer.MaxRestartTime),
            KeepaliveTime = Seconds(peer.KeepaliveTime),
            NextHop = NextHopOf(peer, session.IsInternal),
            ReflectorClusterId = session.IsInternal && ours is not null && clusterId != ours ? ours : null,
        };
        session = WithFilters(session, peer);
        if (peer.ReachableBy is { } gateway && gateway.Family == session.Family) hostRoutes.Add(new HostRoute(new Cidr(session.Neighbor), gateway));
        return peer.Password is { } secret ? WithPassword(session, secret) : session;
    }

    private static BgpNextHop NextHopOf(BgpPeer peer, bool isInternal) => peer.NextHopMode switch
    {
        "Self" => BgpNextHop.Self,
        "Keep" => BgpNextHop.Keep,
        "" when peer.KeepOriginalNextHop && !isInternal => BgpNextHop.Keep,
        _ => BgpNextHop.Default,
    };

    private BgpSession WithPassword(BgpSession session, SecretKeyRef secret)
    {
        return WrongWith(secret) is { } wrong ? session with { Held = wrong } : session with { Password = inputs.Passwords[secret] };
    }

    /// <summary>Why a password cannot be used; null when it can.</summary>
    private string? WrongWith(SecretKeyRef secret)
    {
        if (!inputs.Passwords.TryGetValue(secret, out BgpPassword password)) return $"password {secret.Name}/{secret.Key} is missing";
        return password.Wrong() is { } wrong ? $"password {secret.Name}/{secret.Key} {wrong}" : null;
    }

    private BgpSession WithFilters(BgpSession session, BgpPeer peer)
    {
        List<string> imports = [], exports = [];
        foreach (string name in peer.Filters)
        {
            if (!IsKnown(name, peer)) continue;
            NamedFilter filter = Resolve(name);
            if ((session.Family == IpFamily.V4 ? filter.ImportV4 : filter.ImportV6).Count > 0) imports.Add(name);
            if ((session.Family == IpFamily.V4 ? filter.ExportV4 : filter.ExportV6).Count > 0) exports.Add(name);
        }
        filters.UnionWith(imports);
        filters.UnionWith(exports);
        return session with { ImportFilters = imports.ToEquatableArray(), ExportFilters = exports.ToEquatableArray() };
    }

    private bool IsKnown(string name, BgpPeer peer)
    {
        if (inputs.Filters.ContainsKey(name) || inputs.RefusedFilters.Contains(name)) return true;
        bool rejects = inputs.Choices.RejectWhereFilterIsMissing;
        if (missing.Add(name)) Tell(peer, $"spec.filters: there is no BGPFilter {name}{(rejects ? "; nothing passes" : "; it is passed over")}");
        return rejects;
    }

    private NamedFilter Resolve(string name) => inputs.Filters.TryGetValue(name, out BgpFilter? filter) ? NamedFilter.Of(filter) : NamedFilter.RejectingAll(name);

    private void Add(BgpSession session, BgpPeer from, bool told)
    {
        if (TryAdd(session) is { } first)
        {
            if (told) Tell(from, $"session {session.Name} is left out: {first.Name} of {first.Description} has the same neighbour and port");
        }
        else if (session.Held.Length > 0)
        {
            Tell(from, $"session {session.Name} is held down: {session.Held}");
        }
    }

    /// <summary>A session of the mesh. That a BGPPeer speaks of the same neighbour is as it should be; that another Node has its address is not.</summary>
    private void Add(BgpSession session, Node from)
    {
        if (TryAdd(session) is { Kind: BgpSessionKind.Mesh } first) Tell(from, $"spec.bgp: {session.Neighbor} is the address of {first.Description} too, which comes first by name; there is no session with this one");
    }

    /// <summary>
    /// Null when it was added, else the one that was there before. The mesh's names, as Calico's, know no port: of two ports at one address in the mesh, one counts.
    /// </summary>
    private BgpSession? TryAdd(BgpSession session)
    {
        if (byNeighbour.TryGetValue((session.Neighbor, session.Port ?? 179), out BgpSession? first) || sessions.TryGetValue(session.Name, out first)) return first;
        byNeighbour.Add((session.Neighbor, session.Port ?? 179), session);
        sessions.Add(session.Name, session);
        return null;
    }

    private void Tell(Resource resource, string reason) => problems.Add(new CalculationProblem(resource.Key, reason));

    private static int? Seconds(string duration) => BgpSeconds.TryParse(duration, out int seconds) ? seconds : null;

    // Compared as text, as the other side does if it is Calico: both must come to opposite answers.
    private static bool WaitsFor(IpAddress ours, IpAddress theirs) => string.CompareOrdinal(theirs.ToString(), ours.ToString()) > 0;

    private static string NameOf(BgpSessionKind kind, IpAddress neighbour, ushort? port)
    {
        string prefix = kind == BgpSessionKind.LocalWorkload ? "Local_Workload" : kind.ToString();
        string address = neighbour.ToString().Replace('.', '_').Replace(':', '_');
        return port is null ? $"{prefix}_{address}" : $"{prefix}_{address}_port_{port}";
    }
}
