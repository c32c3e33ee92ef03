namespace Canal.Core.Resources;

/// <summary>Which reader reads which kind.</summary>
internal static class SpecReader
{
    /// <summary>Reads <c>spec</c>, the value stood on; null there is an empty spec.</summary>
    /// <param name="json">Stands on the spec.</param>
    /// <param name="key">Says the kind.</param>
    /// <param name="metadata">As read so far; a stand-in until <see cref="Complete"/> when it comes after the spec.</param>
    /// <param name="soFar">What a status that came first has made.</param>
    public static Resource Read(ref JsonScanner json, ResourceKey key, Metadata metadata, Resource? soFar)
    {
        switch (key.Kind)
        {
            case ResourceKind.WorkloadEndpoint:
                return new WorkloadEndpoint { Key = key, Metadata = metadata, Spec = EndpointReader.ReadWorkload(ref json) };
            case ResourceKind.HostEndpoint:
                return EndpointReader.ReadHost(ref json, new HostEndpoint { Key = key, Metadata = metadata, Node = "" });
            case ResourceKind.NetworkPolicy:
                return new NetworkPolicy { Key = key, Metadata = metadata, Spec = PolicyReader.Read(ref json, key.Kind) };
            case ResourceKind.GlobalNetworkPolicy:
                return new GlobalNetworkPolicy { Key = key, Metadata = metadata, Spec = PolicyReader.Read(ref json, key.Kind) };
            case ResourceKind.StagedNetworkPolicy:
                return new StagedNetworkPolicy { Key = key, Metadata = metadata, Spec = PolicyReader.Read(ref json, key.Kind) };
            case ResourceKind.StagedGlobalNetworkPolicy:
                return new StagedGlobalNetworkPolicy { Key = key, Metadata = metadata, Spec = PolicyReader.Read(ref json, key.Kind) };
            case ResourceKind.StagedKubernetesNetworkPolicy:
                return new StagedKubernetesNetworkPolicy { Key = key, Metadata = metadata, Spec = KubernetesPolicyReader.Read(ref json) };
            case ResourceKind.Tier:
                return PolicyReader.ReadTier(ref json, new Tier { Key = key, Metadata = metadata });
            case ResourceKind.Profile:
                return PolicyReader.ReadProfile(ref json, new Profile { Key = key, Metadata = metadata });
            case ResourceKind.NetworkSet:
                return new NetworkSet { Key = key, Metadata = metadata, Nets = PolicyReader.ReadNets(ref json, "nets"u8) };
            case ResourceKind.GlobalNetworkSet:
                return new GlobalNetworkSet { Key = key, Metadata = metadata, Nets = PolicyReader.ReadNets(ref json, "nets"u8) };
            default:
                return ReadRare(ref json, key, metadata, soFar);
        }
    }

    private static Resource ReadRare(ref JsonScanner json, ResourceKey key, Metadata metadata, Resource? soFar)
    {
        switch (key.Kind)
        {
            case ResourceKind.IPPool:
                return ClusterReader.ReadPool(ref json, new IpPool { Key = key, Metadata = metadata, Cidr = default, BlockSize = 0 });
            case ResourceKind.IPReservation:
                return new IpReservation { Key = key, Metadata = metadata, ReservedCidrs = PolicyReader.ReadNets(ref json, "reservedCIDRs"u8) };
            case ResourceKind.BGPConfiguration:
                return BgpReader.ReadConfiguration(ref json, new BgpConfiguration { Key = key, Metadata = metadata });
            case ResourceKind.BGPPeer:
                return BgpReader.ReadPeer(ref json, new BgpPeer { Key = key, Metadata = metadata });
            case ResourceKind.BGPFilter:
                return BgpFilterReader.Read(ref json, new BgpFilter { Key = key, Metadata = metadata });
            case ResourceKind.Node:
                return NodeReader.ReadSpec(ref json, soFar as Node ?? new Node { Key = key, Metadata = metadata });
            case ResourceKind.FelixConfiguration:
                return ClusterReader.ReadFelix(ref json, new FelixConfiguration { Key = key, Metadata = metadata });
            case ResourceKind.ClusterInformation:
                return ClusterReader.ReadInformation(ref json, new ClusterInformation { Key = key, Metadata = metadata });
            case ResourceKind.CalicoNodeStatus:
                return ClusterReader.ReadStatusRequest(ref json, soFar as CalicoNodeStatus ?? new CalicoNodeStatus { Key = key, Metadata = metadata, Node = "" });
            default:
                OpaqueResource opaque = soFar as OpaqueResource ?? new OpaqueResource { Key = key, Metadata = metadata };
                return opaque with { Fields = ClusterReader.ReadFields(ref json) };
        }
    }

    /// <summary>Reads <c>status</c> of the kinds whose status is of use; passes over it for the others.</summary>
    public static Resource? ReadStatus(ref JsonScanner json, ResourceKey key, Metadata metadata, Resource? soFar)
    {
        switch (key.Kind)
        {
            case ResourceKind.Node:
                return NodeReader.ReadStatus(ref json, soFar as Node ?? new Node { Key = key, Metadata = metadata });
            case ResourceKind.CalicoNodeStatus:
                CalicoNodeStatus status = soFar as CalicoNodeStatus ?? new CalicoNodeStatus { Key = key, Metadata = metadata, Node = "" };
                return status with { StatusJson = json.Raw() };
            case ResourceKind.KubeControllersConfiguration or ResourceKind.IPAMConfiguration or ResourceKind.BlockAffinity or ResourceKind.LiveMigration:
                OpaqueResource opaque = soFar as OpaqueResource ?? new OpaqueResource { Key = key, Metadata = metadata };
                return opaque with { StatusJson = json.Raw() };
            default:
                json.SkipValue();
                return soFar;
        }
    }

    /// <summary>Puts the metadata in where it came late, and fails the resource for what it lacks.</summary>
    public static Resource Complete(ref JsonScanner json, Resource resource, Metadata metadata)
    {
        if (!ReferenceEquals(resource.Metadata, metadata)) resource = resource with { Metadata = metadata };
        switch (resource)
        {
            case WorkloadEndpoint endpoint:
                EndpointReader.Require(ref json, endpoint.Spec);
                return endpoint;
            case HostEndpoint endpoint:
                EndpointReader.Require(ref json, endpoint);
                return endpoint;
            case IpPool pool:
                return ClusterReader.Complete(ref json, pool);
            case FelixConfiguration felix:
                return felix with { Parameters = ClusterReader.Parameters(metadata.Annotations) };
            case CalicoNodeStatus { Node: "" } status:
                json.FailAt("spec.node", "is missing");
                return status;
            default:
                return resource;
        }
    }
}
