namespace Canal.Core.Resources;

/// <summary>The fields of every kind, as of Calico 3.32. Kinds whose fields are another part's knowledge have no shape:
/// KubeControllersConfiguration, and what is inside the Kubernetes parts of StagedKubernetesNetworkPolicy.</summary>
internal static class ResourceShapes
{
    private static readonly Shape Entity = Shape.Of("nets notNets selector notSelector namespaceSelector ports notPorts")
        .With("services", Shape.Of("name namespace"))
        .With("serviceAccounts", Shape.Of("names selector"));

    private static readonly Shape Icmp = Shape.Of("type code");

    private static readonly Shape Rule = Shape.Of("action ipVersion protocol notProtocol")
        .With("icmp", Icmp)
        .With("notICMP", Icmp)
        .With("source", Entity)
        .With("destination", Entity)
        .With("http", Shape.Of("methods").With("paths", Shape.Of("exact prefix")))
        .With("metadata", Shape.Of("annotations"));

    private static readonly Shape Policy = Shape.Of("tier order selector types serviceAccountSelector performanceHints").With("ingress", Rule).With("egress", Rule);

    private static readonly Shape GlobalPolicy = Policy.And("doNotTrack preDNAT applyOnForward namespaceSelector");

    private static readonly Shape EndpointPort = Shape.Of("name protocol port");

    private static readonly Shape Secret = Shape.Empty.With("secretKeyRef", Shape.Of("name key optional"));

    private static readonly Shape Filter = Shape.Of("action cidr matchOperator source interface peerType asPathPrefix priority")
        .With("prefixLength", Shape.Of("min max"))
        .With("communities", Shape.Of("values"))
        .With("operations", Shape.Empty.With("addCommunity", Shape.Of("value")).With("prependASPath", Shape.Of("prefix")).With("setPriority", Shape.Of("value")));

    private static readonly Shape Metadata = Shape.Of(
        "name namespace uid creationTimestamp resourceVersion labels annotations selfLink generation ownerReferences finalizers deletionTimestamp deletionGracePeriodSeconds managedFields generateName");

    private static readonly Shape Block = Shape.Of("cidr");

    /// <summary>The fields of the spec; null where they are not known here.</summary>
    public static Shape? Spec(ResourceKind kind) => kind switch
    {
        ResourceKind.NetworkPolicy => Policy,
        ResourceKind.GlobalNetworkPolicy => GlobalPolicy,
        ResourceKind.StagedNetworkPolicy => Policy.And("stagedAction"),
        ResourceKind.StagedGlobalNetworkPolicy => GlobalPolicy.And("stagedAction"),
        ResourceKind.StagedKubernetesNetworkPolicy => Shape.Of("stagedAction podSelector ingress egress policyTypes"),
        ResourceKind.Tier => Shape.Of("order defaultAction"),
        ResourceKind.Profile => Shape.Of("labelsToApply").With("ingress", Rule).With("egress", Rule),
        ResourceKind.WorkloadEndpoint => Workload,
        ResourceKind.HostEndpoint => Shape.Of("node interfaceName expectedIPs profiles").With("ports", EndpointPort),
        ResourceKind.NetworkSet or ResourceKind.GlobalNetworkSet => Shape.Of("nets"),
        ResourceKind.IPPool => Shape.Of(
            "cidr blockSize ipipMode vxlanMode natOutgoing disabled disableBGPExport nodeSelector namespaceSelector allowedUses assignmentMode"),
        ResourceKind.IPReservation => Shape.Of("reservedCIDRs"),
        ResourceKind.BGPConfiguration => BgpConfiguration,
        ResourceKind.BGPPeer => Shape.Of(
            "node nodeSelector peerIP peerSelector localWorkloadSelector asNumber localASNumber keepOriginalNextHop nextHopMode sourceAddress maxRestartTime "
            + "keepaliveTime numAllowedLocalASNumbers ttlSecurity reachableBy filters reversePeering").With("password", Secret),
        ResourceKind.BGPFilter => Shape.Empty.With("importV4", Filter).With("importV6", Filter).With("exportV4", Filter).With("exportV6", Filter),
        ResourceKind.Node => Node,
        ResourceKind.ClusterInformation => Shape.Of("clusterGUID clusterType calicoVersion variant datastoreReady"),
        ResourceKind.CalicoNodeStatus => Shape.Of("node classes updatePeriodSeconds"),
        ResourceKind.FelixConfiguration => FelixFields.Shape,
        ResourceKind.IPAMConfiguration => Shape.Of("strictAffinity maxBlocksPerHost autoAllocateBlocks kubeVirtVMAddressPersistence"),
        ResourceKind.BlockAffinity => Shape.Of("state node cidr deleted type"),
        _ => null,
    };

    private static readonly Shape Workload = Shape.Of(
        "orchestrator workload node containerID pod endpoint serviceAccountName ipNetworks ipv4Gateway ipv6Gateway profiles interfaceName mac allowSpoofedSourcePrefixes")
        .With("ipNATs", Shape.Of("internalIP externalIP"))
        .With("ports", Shape.Of("name protocol port hostPort hostIP"))
        .With("qosControls", Shape.Of(
            "ingressBandwidth egressBandwidth ingressBurst egressBurst ingressPeakrate egressPeakrate ingressMinburst egressMinburst ingressPacketRate "
            + "egressPacketRate ingressPacketBurst egressPacketBurst ingressMaxConnections egressMaxConnections dscp"));

    private static readonly Shape BgpConfiguration = Shape.Of(
        "logSeverityScreen nodeToNodeMeshEnabled asNumber listenPort serviceLoadBalancerAggregation nodeMeshMaxRestartTime bindMode ignoredInterfaces "
        + "localWorkloadPeeringIPV4 localWorkloadPeeringIPV6 programClusterRoutes ipv4NormalRoutePriority ipv6NormalRoutePriority")
        .With("serviceLoadBalancerIPs", Block)
        .With("serviceExternalIPs", Block)
        .With("serviceClusterIPs", Block)
        .With("communities", Shape.Of("name value"))
        .With("prefixAdvertisements", Shape.Of("cidr communities"))
        .With("nodeMeshPassword", Secret);

    private static readonly Shape Node = Shape.Of("ipv4VXLANTunnelAddr ipv6VXLANTunnelAddr vxlanTunnelMACAddr vxlanTunnelMACAddrV6")
        .With("bgp", Shape.Of("asNumber ipv4Address ipv6Address ipv4IPIPTunnelAddr routeReflectorClusterID"))
        .With("orchRefs", Shape.Of("nodeName orchestrator"))
        .With("wireguard", Shape.Of("interfaceIPv4Address interfaceIPv6Address"))
        .With("addresses", Shape.Of("address type"))
        .With("interfaces", Shape.Of("name addresses"));

    /// <summary>The whole object.</summary>
    public static Shape Whole(ResourceKind kind)
    {
        Shape whole = Shape.Of("kind apiVersion spec status").With("metadata", Metadata);
        return Spec(kind) is { } spec ? whole.With("spec", spec) : whole;
    }
}
