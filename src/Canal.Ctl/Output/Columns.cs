using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>What the tables show of each kind, after namespace and name.</summary>
internal static class Columns
{
    private static readonly Column[] Policy =
        [new("TIER", "spec.tier"), new("ORDER", "spec.order"), new("SELECTOR", "spec.selector"), new("TYPES", "spec.types", wide: true)];

    private static readonly Column[] Staged = [.. Policy, new("ACTION", "spec.stagedAction")];

    public static IReadOnlyList<Column> Of(ResourceKind kind) => kind switch
    {
        ResourceKind.NetworkPolicy => Policy,
        ResourceKind.GlobalNetworkPolicy => [.. Policy, new("FORWARD", "spec.applyOnForward", wide: true)],
        ResourceKind.StagedNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy => Staged,
        ResourceKind.StagedKubernetesNetworkPolicy => [new("ACTION", "spec.stagedAction")],
        ResourceKind.Tier => [new("ORDER", "spec.order"), new("DEFAULTACTION", "spec.defaultAction")],
        ResourceKind.Profile => [new("LABELS", "spec.labelsToApply")],
        ResourceKind.WorkloadEndpoint =>
        [
            new("NODE", "spec.node"), new("INTERFACE", "spec.interfaceName"), new("NETWORKS", "spec.ipNetworks"), new("PROFILES", "spec.profiles"),
            new("LABELS", "metadata.labels", wide: true),
        ],
        ResourceKind.HostEndpoint =>
        [
            new("NODE", "spec.node"), new("INTERFACE", "spec.interfaceName"), new("IPS", "spec.expectedIPs"), new("PROFILES", "spec.profiles", wide: true),
            new("LABELS", "metadata.labels", wide: true),
        ],
        ResourceKind.NetworkSet or ResourceKind.GlobalNetworkSet => [new("NETS", "spec.nets"), new("LABELS", "metadata.labels", wide: true)],
        ResourceKind.IPReservation => [new("CIDRS", "spec.reservedCIDRs")],
        ResourceKind.ClusterInformation => [new("READY", "spec.datastoreReady"), new("GUID", "spec.clusterGUID"), new("TYPE", "spec.clusterType", wide: true)],
        ResourceKind.CalicoNodeStatus => [new("NODE", "spec.node"), new("CLASSES", "spec.classes"), new("UPDATED", "status.lastUpdated")],
        ResourceKind.BlockAffinity => [new("NODE", "spec.node"), new("CIDR", "spec.cidr"), new("STATE", "spec.state")],
        _ => OfNetworking(kind),
    };

    private static Column[] OfNetworking(ResourceKind kind) => kind switch
    {
        ResourceKind.IPPool =>
        [
            new("CIDR", "spec.cidr"), new("BLOCK", "spec.blockSize"), new("NAT", "spec.natOutgoing"), new("IPIP", "spec.ipipMode"), new("VXLAN", "spec.vxlanMode"),
            new("DISABLED", "spec.disabled"), new("SELECTOR", "spec.nodeSelector", wide: true), new("USES", "spec.allowedUses", wide: true),
        ],
        ResourceKind.Node =>
        [
            new("ASN", "spec.bgp.asNumber"), new("IPV4", "spec.bgp.ipv4Address"), new("IPV6", "spec.bgp.ipv6Address"), new("VXLAN", "spec.ipv4VXLANTunnelAddr", wide: true),
            new("LABELS", "metadata.labels", wide: true),
        ],
        ResourceKind.BGPPeer =>
            [new("PEERIP", "spec.peerIP"), new("ASN", "spec.asNumber"), new("NODE", "spec.node"), new("NODES", "spec.nodeSelector"), new("PEERS", "spec.peerSelector", wide: true)],
        ResourceKind.BGPConfiguration => [new("MESH", "spec.nodeToNodeMeshEnabled"), new("ASN", "spec.asNumber"), new("LOG", "spec.logSeverityScreen")],
        ResourceKind.FelixConfiguration => [new("NODES", "spec.nodeSelector"), new("LOG", "spec.logSeverityScreen")],
        _ => [],
    };
}
