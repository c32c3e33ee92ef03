using System.Collections.Frozen;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>What fields mean, in a sentence each. A field of one name means the same in nearly all kinds; the others are written Kind.name.</summary>
internal static class FieldTexts
{
    private const string Table = """
        action: What a matching rule does: Allow, Deny, Log (and go on), or Pass (on to the next tier).
        BGPFilter.action: Accept or Reject.
        address: An address, with or without the length of its network.
        addresses: Addresses of the node, each of type CalicoNodeIP, InternalIP or ExternalIP.
        addCommunity: Adds a community to an accepted route.
        allowSpoofedSourcePrefixes: Prefixes that packets of the workload may come from beside its own addresses.
        allowedUses: What addresses are taken for: Workload, Tunnel, LoadBalancer. Default: Workload and Tunnel.
        annotations: Free text by name, for people and tools.
        apiVersion: projectcalico.org/v3.
        applyOnForward: Apply to packets that the host forwards too, not only to those to and from itself.
        asNumber: The number of the autonomous system; for a configuration the default of all nodes (64512).
        asPathPrefix: Matches routes whose path begins with these AS numbers.
        assignmentMode: Automatic, or Manual: addresses only for those who ask for this pool.
        autoAllocateBlocks: Nodes may take further blocks for themselves.
        autoCreate: Make a host endpoint for every node.
        bgp: The node's part in BGP.
        bindMode: What BIRD listens on: None (everything) or NodeIP.
        blockSize: Length of the prefixes that nodes take from the pool at a time: 20 to 32 (default 26), or 116 to 128 (default 122). Cannot be changed.
        calicoVersion: The release that Calico's components reported.
        cidr: A prefix, 10.0.0.0/16. Of a pool it cannot be changed.
        classes: What is reported: Agent, BGP, Routes.
        clusterGUID: Identifies the cluster: 32 hexadecimal digits.
        clusterType: Words for what the cluster is made of, with commas between.
        code: The ICMP code, 0 to 255; needs a type.
        communities: BGP communities: of a configuration names for values, of an advertisement names or values, of a filter those matched.
        containerID: The id of the container.
        controllers: Settings of each controller.
        creationTimestamp: When it was made; set by the writer.
        datastoreReady: false makes every agent wait, as during a migration.
        defaultAction: What becomes of packets of endpoints that policies of the tier select and none of them decided: Deny or Pass.
        defaultEndpointToHostAction: What becomes of packets from workloads to their own host: Drop, Accept or Return.
        deleted: Marks an affinity that is being given up.
        destination: What the packet goes to; all that is given has to match.
        disableBGPExport: Do not announce the pool's routes.
        disabled: Take no more addresses from the pool.
        doNotTrack: Apply before connection tracking: both directions have to be allowed.
        dscp: The code point to mark packets with: 0 to 63, or a name such as EF.
        egress: Rules for packets from the endpoint, in order; the first that decides counts.
        endpoint: The endpoint's name in its workload, such as eth0.
        exact: The whole path.
        expectedIPs: Addresses of the interface.
        exportV4: Rules for IPv4 routes that are announced, in order.
        exportV6: Rules for IPv6 routes that are announced, in order.
        externalIP: The address that others see.
        failsafeInboundHostPorts: Ports of hosts that stay reachable whatever the policies say.
        failsafeOutboundHostPorts: Ports that hosts can always reach whatever the policies say.
        filters: Names of BGPFilters, in order.
        hostIP: The address on the host that is passed on to the port.
        hostPort: The port of the host that is passed on to the port; 0 for none.
        http: Matches HTTP requests; looked at by dataplanes that read HTTP only.
        icmp: Matches ICMP; needs the protocol ICMP or ICMPv6.
        ignoredInterfaces: Interfaces whose routes BIRD does not look at; * stands for anything.
        importV4: Rules for IPv4 routes that are taken on, in order.
        importV6: Rules for IPv6 routes that are taken on, in order.
        ingress: Rules for packets to the endpoint, in order; the first that decides counts.
        interface: The interface of a route; * stands for anything.
        interfaceName: The host's side of the endpoint; of a host endpoint * for all interfaces.
        interfaces: Interfaces of the node.
        internalIP: The workload's own address.
        ipNATs: Addresses that are translated to the workload's own.
        ipNetworks: The workload's addresses, /32 or /128 each.
        ipVersion: Match only packets of this version, 4 or 6.
        ipipMode: IP in IP between nodes: Always, CrossSubnet or Never (default).
        ipv4Address: The node's IPv4 address, with the length of its network.
        ipv4Gateway: The IPv4 address that the workload sends to.
        ipv4IPIPTunnelAddr: The address of the IPIP tunnel.
        ipv4NormalRoutePriority: The priority (metric) of IPv4 routes.
        ipv4VXLANTunnelAddr: The IPv4 address of the VXLAN tunnel.
        ipv6Address: The node's IPv6 address, with the length of its network.
        ipv6Gateway: The IPv6 address that the workload sends to.
        ipv6NormalRoutePriority: The priority (metric) of IPv6 routes.
        ipv6VXLANTunnelAddr: The IPv6 address of the VXLAN tunnel.
        keepOriginalNextHop: Announce routes with the next hop they came with; nextHopMode: Keep says the same.
        keepaliveTime: How often the peer is told that the session lives.
        kind: The kind.
        labels: Names and values that selectors match.
        labelsToApply: Labels that endpoints with the profile have.
        listenPort: The port of BGP; default 179.
        localASNumber: The AS number to use towards this peer.
        localWorkloadPeeringIPV4: The IPv4 address that workloads peer with.
        localWorkloadPeeringIPV6: The IPv6 address that workloads peer with.
        localWorkloadSelector: Peer with the workloads of the node that match.
        logSeverityScreen: The least severity that is logged: Trace, Debug, Info, Warning, Error or Fatal.
        mac: The workload's MAC address.
        matchOperator: How cidr is compared: Equal, NotEqual, In or NotIn.
        max: The largest.
        maxBlocksPerHost: How many blocks a node may have; 0 for any number. Needs strictAffinity.
        maxRestartTime: How long a peer may be away before its routes are dropped.
        metadata: Name, namespace, labels and what the writer keeps of an object's life.
        methods: HTTP methods.
        min: The smallest.
        name: The name.
        names: Names.
        namespace: The namespace.
        namespaceSelector: Selects namespaces by their labels; in a rule together with selector; global() for what has no namespace.
        natOutgoing: Translate packets from the pool to outside of all pools to the node's own address.
        nets: Prefixes or addresses; one has to match.
        net: A prefix.
        nextHopMode: Auto, Self or Keep.
        node: The node's name.
        nodeMeshMaxRestartTime: How long a node of the mesh may be away before its routes are dropped.
        nodeMeshPassword: The password of sessions between nodes.
        nodeSelector: Selects nodes by their labels.
        nodeToNodeMeshEnabled: Every node peers with every other; default true.
        notICMP: Matches ICMP of another type and code.
        notNets: Prefixes; none may match.
        notPorts: Ports; none may match.
        notProtocol: Any protocol but this.
        notSelector: Selects endpoints and network sets; none may match.
        numAllowedLocalASNumbers: How often the own AS number may stand in the path of a route from the peer.
        operations: Changes to an accepted route, in order.
        optional: The password may be missing.
        orchRefs: The node's names with orchestrators.
        orchestrator: Who made it: cni, k8s, libnetwork, openstack or another word.
        order: Where it stands: lower numbers first; without one last. Ties go by name.
        password: The password of the session.
        paths: HTTP paths, each exact or a prefix.
        peerIP: The peer's address, with its port when it is not 179: 192.0.2.1:1790, [2001:db8::1]:1790.
        peerSelector: Peer with the nodes that match.
        peerType: eBGP or iBGP.
        performanceHints: AssumeNeededOnEveryNode: prepare the policy everywhere.
        pod: The pod's name.
        podSelector: Kubernetes' selector of pods.
        policyTypes: Kubernetes' Ingress and Egress.
        port: A port, 1 to 65535.
        ports: In a rule ports, ranges FIRST:LAST and names of endpoints' ports, one of which has to match; of an endpoint its ports' names.
        preDNAT: Apply before addresses are translated; ingress only.
        prefix: The beginning of a path.
        prefixAdvertisements: Communities that routes within prefixes are announced with.
        prefixLength: Matches routes by the length of their prefix.
        prependASPath: Puts AS numbers before the path of an accepted route.
        priority: The priority (metric) of the route.
        profiles: Names of profiles, whose rules apply when no tier has a policy for the endpoint.
        programClusterRoutes: Whether this resource's own program, BIRD or canal-felix, writes the routes to other nodes' blocks, or those of pools of one kind.
        protocol: TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255.
        qosControls: Limits on the workload's traffic.
        reachableBy: The gateway towards the peer.
        reservedCIDRs: Prefixes and addresses that are never handed out.
        resourceVersion: The revision in etcd it was read at; given back it must still be that one.
        reversePeering: Auto makes the selected nodes peer back; Manual does not.
        routeReflectorClusterID: Makes the node a route reflector of this cluster, written as an IPv4 address.
        secretKeyRef: Where the password is: the name of a secret and the key in it.
        selector: A selector over labels: role == 'db' && has(env). Of a policy whom it applies to; of a rule endpoints and network sets, one of which has to match.
        serviceAccountName: The workload's service account.
        serviceAccountSelector: Only endpoints whose service account has matching labels.
        serviceAccounts: Service accounts by name and labels.
        serviceClusterIPs: Prefixes of service addresses that are announced.
        serviceExternalIPs: Prefixes of external service addresses that are announced.
        serviceLoadBalancerAggregation: Announce load balancer prefixes as a whole: Enabled or Disabled.
        serviceLoadBalancerIPs: Prefixes of load balancer addresses that are announced.
        services: A Kubernetes service, by name and namespace; matches nothing where there are none.
        setPriority: Sets the priority of an accepted route.
        source: What the packet comes from; all that is given has to match.
        BGPFilter.source: RemotePeers: routes learnt from others than this cluster's nodes.
        sourceAddress: The address sessions come from: UseNodeIP (default) or None.
        spec: What is wanted.
        stagedAction: Set, Delete, Learn or Ignore.
        state: The state of the affinity.
        status: What was found.
        strictAffinity: Nodes take addresses from their own blocks only.
        tier: The tier the policy is in; default: default.
        ttlSecurity: How many hops away the peer may be, checked by the TTL of its packets.
        type: The type.
        types: Ingress, Egress or both; default: those there are rules for, and Ingress when there are none.
        uid: Identifies the object for its life; set by the writer.
        updatePeriodSeconds: How often it is reported; 0 for once.
        value: The value.
        values: The values.
        vxlanMode: VXLAN between nodes: Always, CrossSubnet or Never (default).
        vxlanTunnelMACAddr: The MAC address of the VXLAN tunnel.
        vxlanTunnelMACAddrV6: The MAC address of the IPv6 VXLAN tunnel.
        wireguard: Addresses of the WireGuard interfaces.
        variant: The product's variant.
        workload: The workload's name.
        """;

    private static readonly FrozenDictionary<string, string> Texts = Table.Split('\n').Select(line => line.Split(": ", 2)).ToFrozenDictionary(line => line[0], line => line[1], StringComparer.Ordinal);

    /// <summary>The sentence; null when there is none.</summary>
    public static string? Find(ResourceKind kind, string field) => Texts.GetValueOrDefault($"{ResourceKinds.Of(kind).Name}.{field}") ?? Texts.GetValueOrDefault(field);
}
