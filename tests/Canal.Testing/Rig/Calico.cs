namespace Canal.Testing.Rig;

/// <summary>Starts a resource of each kind that the scenarios write.</summary>
public static class Calico
{
    public static Resource NetworkPolicy(string ns, string name) => Resource.Of("NetworkPolicy", "networkpolicies", ns, name).Tier("default");

    public static Resource GlobalNetworkPolicy(string name) => Resource.Of("GlobalNetworkPolicy", "globalnetworkpolicies", null, name).Tier("default");

    public static Resource StagedNetworkPolicy(string ns, string name) => Resource.Of("StagedNetworkPolicy", "stagednetworkpolicies", ns, name).Tier("default");

    public static Resource StagedGlobalNetworkPolicy(string name) => Resource.Of("StagedGlobalNetworkPolicy", "stagedglobalnetworkpolicies", null, name).Tier("default");

    public static Resource StagedKubernetesNetworkPolicy(string ns, string name) => Resource.Of("StagedKubernetesNetworkPolicy", "stagedkubernetesnetworkpolicies", ns, name);

    public static Resource Tier(string name) => Resource.Of("Tier", "tiers", null, name);

    public static Resource Profile(string name) => Resource.Of("Profile", "profiles", null, name);

    public static Resource GlobalNetworkSet(string name, params string[] nets) =>
        Resource.Of("GlobalNetworkSet", "globalnetworksets", null, name).Spec("nets", Resource.Array(nets));

    public static Resource Node(string name) => Resource.Of("Node", "nodes", null, name);

    public static Resource IpPool(string name, string cidr) => Resource.Of("IPPool", "ippools", null, name).Spec("cidr", cidr);

    public static Resource BgpConfiguration() => Resource.Of("BGPConfiguration", "bgpconfigurations", null, "default");

    /// <summary>A peering with the local workloads that a selector selects.</summary>
    public static Resource WorkloadPeering(string name, string selector) =>
        Resource.Of("BGPPeer", "bgppeers", null, name).Spec("localWorkloadSelector", selector).Spec("asNumber", 65401);

    public static Resource FelixConfiguration(string name) => Resource.Of("FelixConfiguration", "felixconfigurations", null, name);

    public static Resource ClusterInformation(bool ready) => Resource.Of("ClusterInformation", "clusterinformations", null, "default")
        .Spec("clusterGUID", "5a0d7c1b6f5d4f0fa8a5d2b0f8e7c6b5").Spec("clusterType", "bm").Spec("calicoVersion", "v3.32.0").Spec("datastoreReady", ready);

    /// <summary>A host endpoint; <c>*</c> for all interfaces, an empty name to go by its addresses.</summary>
    public static Resource HostEndpoint(string name, string node, string interfaceName, params string[] expectedIps) =>
        Resource.Of("HostEndpoint", "hostendpoints", null, name).Labels(("host-endpoint", "true"), ("host", node)).Spec("node", node)
            .Spec("interfaceName", interfaceName.Length > 0 ? interfaceName : null).Spec("expectedIPs", Resource.Array(expectedIps));

    /// <summary>A workload endpoint named by Calico's rule: node, <c>cni</c>, container, <c>eth0</c>, with dashes doubled inside each part.</summary>
    public static Resource WorkloadEndpoint(string ns, string node, string container, string interfaceName, string mac, params string[] addresses) =>
        Resource.Of("WorkloadEndpoint", "workloadendpoints", ns, $"{Escape(node)}-cni-{Escape(container)}-eth0")
            .Labels(("name", container), ("projectcalico.org/namespace", ns), ("projectcalico.org/orchestrator", "cni"))
            .Spec("orchestrator", "cni").Spec("node", node).Spec("containerID", container).Spec("endpoint", "eth0")
            .Spec("ipNetworks", Resource.Array(addresses)).Spec("interfaceName", interfaceName).Spec("mac", mac).Profiles("open");

    private static string Escape(string segment) => segment.Replace("-", "--", StringComparison.Ordinal);
}
