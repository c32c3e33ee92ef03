namespace Canal.Core.Resources;

/// <summary>The kinds of projectcalico.org/v3 that etcd holds under <c>/calico/resources/</c>.</summary>
public enum ResourceKind : byte
{
    NetworkPolicy,
    GlobalNetworkPolicy,
    StagedNetworkPolicy,
    StagedGlobalNetworkPolicy,
    StagedKubernetesNetworkPolicy,
    Tier,
    Profile,
    WorkloadEndpoint,
    HostEndpoint,
    NetworkSet,
    GlobalNetworkSet,
    IPPool,
    IPReservation,
    BGPConfiguration,
    BGPPeer,
    BGPFilter,
    Node,
    FelixConfiguration,
    ClusterInformation,
    CalicoNodeStatus,
    KubeControllersConfiguration,
    IPAMConfiguration,
    BlockAffinity,
    LiveMigration,
}
