using Canal.Core.Resources;

namespace Canal.Core.Access;

/// <summary>
/// The least that each of Canal's programs needs of etcd. What a daemon watches is listed here, so that its role cannot lag behind it. etcd knows ranges of keys
/// and nothing finer: whoever gives addresses out may write all blocks and handles, and who registers workloads of any namespace may write all workload endpoints.
/// </summary>
public static class EtcdRoles
{
    /// <summary>Of whoever administers the cluster: all of Calico's, Canal's and flannel's keys.</summary>
    public const string Operator = "canal-operator";

    private const string CanalRoot = "/canal/", CalicoRoot = "/calico/";

    /// <summary>Where changes that are to be confirmed are kept.</summary>
    public const string Guards = "/canal/v1/guards/";

    /// <summary>How the profiles' names begin that canal-docker makes for networks that name none.</summary>
    public const string DockerProfiles = "docker-";

    /// <summary>What canal-felix watches.</summary>
    public static IReadOnlyList<ResourceKind> FelixKinds { get; } =
    [
        ResourceKind.ClusterInformation, ResourceKind.FelixConfiguration, ResourceKind.Tier, ResourceKind.Profile, ResourceKind.NetworkPolicy,
        ResourceKind.GlobalNetworkPolicy, ResourceKind.NetworkSet, ResourceKind.GlobalNetworkSet, ResourceKind.HostEndpoint, ResourceKind.StagedNetworkPolicy,
        ResourceKind.StagedGlobalNetworkPolicy, ResourceKind.StagedKubernetesNetworkPolicy, ResourceKind.Node, ResourceKind.WorkloadEndpoint, ResourceKind.IPPool,
        ResourceKind.BGPConfiguration, ResourceKind.BGPPeer,
    ];

    /// <summary>What canal-bird-config-renderer watches, beside this host's block affinities.</summary>
    public static IReadOnlyList<ResourceKind> BgpKinds { get; } =
        [ResourceKind.Node, ResourceKind.BGPConfiguration, ResourceKind.BGPPeer, ResourceKind.BGPFilter, ResourceKind.IPPool, ResourceKind.CalicoNodeStatus];

    /// <summary>The roles of a host's programs, and that of the cluster's administrator.</summary>
    /// <param name="node">The host's node_name.</param>
    /// <param name="scope">What of the cluster is not as by default.</param>
    public static IReadOnlyList<EtcdRole> Of(string node, EtcdScope scope) =>
    [
        Role($"canal-felix-{node}",
        [
            .. FelixKinds.Select(PrefixOf), KeyPermission.ReadAll(Guards), KeyPermission.Use(KeyOf(ResourceKind.Node, node)),
            KeyPermission.UseAll(StatusKeys.Host(scope.Region, node)), KeyPermission.UseAll(StatusKeys.HostEndpoints(node)), .. Addresses(node),
        ]),
        Role($"canal-cni-{node}",
        [
            KeyPermission.Read(KeyOf(ResourceKind.ClusterInformation, "default")), KeyPermission.UseAll(ResourceKinds.Of(ResourceKind.WorkloadEndpoint).Prefix), .. Addresses(node),
        ]),
        Role($"canal-docker-{node}",
        [
            KeyPermission.Read(KeyOf(ResourceKind.ClusterInformation, "default")), KeyPermission.UseAll(DockerEndpointsOf(node, scope.DockerNamespace)),
            KeyPermission.UseAll(KeyOf(ResourceKind.Profile, DockerProfiles)), KeyPermission.Use(KeyOf(ResourceKind.Node, node)), .. Addresses(node),
        ]),
        Role($"canal-bird-config-renderer-{node}",
        [
            .. BgpKinds.Select(kind => kind == ResourceKind.CalicoNodeStatus ? KeyPermission.UseAll(ResourceKinds.Of(kind).Prefix) : PrefixOf(kind)),
            KeyPermission.ReadAll(AffinitiesOf(node)), KeyPermission.Use(KeyOf(ResourceKind.Node, node)),
        ]),
        Role($"canal-flannel-bridge-{node}",
        [
            KeyPermission.Read($"{scope.FlannelPrefix}/config"), KeyPermission.UseAll($"{scope.FlannelPrefix}/subnets"),
            KeyPermission.Read(KeyOf(ResourceKind.ClusterInformation, "default")), KeyPermission.Use(KeyOf(ResourceKind.Node, node)),
            .. scope.FlannelPool.Length == 0 ? [] : (KeyPermission[])[KeyPermission.Use(KeyOf(ResourceKind.IPPool, scope.FlannelPool)), KeyPermission.Use(KeyOf(ResourceKind.IPPool, $"{scope.FlannelPool}-ipv6"))],
        ]),
        Role(Operator, [KeyPermission.UseAll(CalicoRoot), KeyPermission.UseAll(CanalRoot), KeyPermission.UseAll($"{scope.FlannelPrefix}/")]),
    ];

    /// <summary>
    /// What policy follows from: who may write there decides what passes. Node addresses, endpoints and the rest decide who is who, and are what hosts must write.
    /// </summary>
    public static IReadOnlyList<KeyPermission> Policy { get; } =
    [
        .. new[]
        {
            ResourceKind.Tier, ResourceKind.Profile, ResourceKind.NetworkPolicy, ResourceKind.GlobalNetworkPolicy, ResourceKind.NetworkSet, ResourceKind.GlobalNetworkSet,
            ResourceKind.HostEndpoint, ResourceKind.FelixConfiguration, ResourceKind.ClusterInformation,
        }.Select(kind => KeyPermission.UseAll(ResourceKinds.Of(kind).Prefix)),
    ];

    /// <summary>etcd keeps one permission for a range: of two, the one that allows more counts.</summary>
    private static EtcdRole Role(string name, params IEnumerable<KeyPermission> permissions) => new(name,
        permissions.GroupBy(p => (p.Key, p.IsPrefix)).Select(same => new KeyPermission(same.Key.Key, same.Key.IsPrefix, same.Aggregate(KeyAccess.None, (access, p) => access | p.Access))).ToEquatableArray());

    private static IEnumerable<KeyPermission> Addresses(string node) =>
    [
        KeyPermission.Read(IpamKey.Config.ToEtcdKey()), KeyPermission.UseAll(IpamKey.Blocks), KeyPermission.UseAll(IpamKey.Handle("").ToEtcdKey()),
        KeyPermission.UseAll(AffinitiesOf(node)), PrefixOf(ResourceKind.IPPool), PrefixOf(ResourceKind.IPReservation), PrefixOf(ResourceKind.Profile),
        KeyPermission.Read(KeyOf(ResourceKind.Node, node)),
    ];

    private static string AffinitiesOf(string node) => IpamKey.Affinities(BlockOwner.Host(node));

    /// <summary>Names of endpoints begin with the node's, and those of Docker say so: unlike the CNI plugins', which may be in any namespace, they can be told by their keys.</summary>
    private static string DockerEndpointsOf(string node, string @namespace) =>
        new ResourceKey(ResourceKind.WorkloadEndpoint, @namespace, new WorkloadEndpointName(node, WorkloadEndpointName.Libnetwork, WorkloadEndpointName.Libnetwork, "").PrintPrefix(out _) ?? "").ToEtcdKey();

    private static string KeyOf(ResourceKind kind, string name) => new ResourceKey(kind, null, name).ToEtcdKey();

    private static KeyPermission PrefixOf(ResourceKind kind) => KeyPermission.ReadAll(ResourceKinds.Of(kind).Prefix);
}
