using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>What a writer checks before it stores an object, after <see cref="ResourceDefaults"/>. etcd checks nothing, so this is the only gate.</summary>
public static class ResourceValidation
{
    /// <summary>Everything wrong with the document, with the paths of the fields; empty when it may be stored.</summary>
    public static EquatableArray<Problem> Validate(ResourceDocument document)
    {
        if (!ResourceKinds.TryFindName(document.Kind, out ResourceKind kind)) return [new Problem("kind", $"{Problem.Quote(document.Kind)} is not a kind")];
        Findings findings = new();
        Checked root = new(document.Root, "", findings);
        MetadataValidation.Check(root, kind);
        if (root.Object("spec") is { } spec) Spec(spec, kind, document.Name);
        if (kind == ResourceKind.Node && root.Object("status") is { } status) NodeValidation.Status(status);
        Sets(document, kind, findings);
        Unknown(document, kind, findings);
        Unreadable(document, kind, findings);
        return findings.Problems;
    }

    /// <summary>Checks the spec by the rules of its kind.</summary>
    internal static void Spec(Checked spec, ResourceKind kind, string name)
    {
        switch (kind)
        {
            case ResourceKind.NetworkPolicy or ResourceKind.GlobalNetworkPolicy or ResourceKind.StagedNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy:
                PolicyValidation.Policy(spec, kind);
                break;
            case ResourceKind.StagedKubernetesNetworkPolicy:
                PolicyValidation.Kubernetes(spec);
                break;
            case ResourceKind.Tier:
                PolicyValidation.Tier(spec, name);
                break;
            case ResourceKind.Profile:
                PolicyValidation.Profile(spec);
                break;
            case ResourceKind.NetworkSet or ResourceKind.GlobalNetworkSet:
                PolicyValidation.Nets(spec, "nets");
                break;
            case ResourceKind.WorkloadEndpoint:
                EndpointValidation.Workload(spec);
                break;
            case ResourceKind.HostEndpoint:
                EndpointValidation.Host(spec);
                break;
            default:
                Networking(spec, kind, name);
                break;
        }
    }

    private static void Networking(Checked spec, ResourceKind kind, string name)
    {
        switch (kind)
        {
            case ResourceKind.IPPool:
                PoolValidation.Check(spec);
                break;
            case ResourceKind.IPReservation:
                PolicyValidation.Nets(spec, "reservedCIDRs");
                break;
            case ResourceKind.IPAMConfiguration:
                PoolValidation.Ipam(spec);
                break;
            case ResourceKind.BlockAffinity:
                PoolValidation.Affinity(spec);
                break;
            case ResourceKind.BGPConfiguration:
                BgpValidation.Configuration(spec, name);
                break;
            case ResourceKind.BGPPeer:
                BgpPeerValidation.Check(spec);
                break;
            case ResourceKind.BGPFilter:
                BgpFilterValidation.Check(spec);
                break;
            case ResourceKind.Node:
                NodeValidation.Check(spec);
                break;
            case ResourceKind.CalicoNodeStatus:
                NodeValidation.StatusRequest(spec);
                break;
            case ResourceKind.FelixConfiguration:
                FelixValidation.Check(spec);
                break;
            case ResourceKind.KubeControllersConfiguration:
                ControllersValidation.Check(spec);
                break;
            default:
                break;
        }
    }

    // The label that readers add to sets must not come from elsewhere.
    private static void Sets(ResourceDocument document, ResourceKind kind, Findings findings)
    {
        const string Reserved = "projectcalico.org/namespace";
        if (kind is ResourceKind.NetworkSet or ResourceKind.GlobalNetworkSet && document.Labels.ContainsKey(Reserved))
            findings.Add($"metadata.labels.{Reserved}", "is reserved");
    }

    private static void Unknown(ResourceDocument document, ResourceKind kind, Findings findings)
    {
        List<Problem> problems = [];
        ResourceShapes.Whole(kind).FindUnknown(document.Root, "", problems);
        foreach (Problem problem in problems) findings.Add(problem.Path, problem.Sentence);
    }

    // Whatever a reader would stumble over, except that an endpoint may be stored before it has addresses.
    private static void Unreadable(ResourceDocument document, ResourceKind kind, Findings findings)
    {
        bool unfinished = kind == ResourceKind.WorkloadEndpoint && document.Spec?["ipNetworks"] is null or JsonArray { Count: 0 };
        ResourceKey key = new(kind, ResourceKinds.Of(kind).Namespaced ? document.Namespace : null, document.Name);
        foreach (Problem problem in document.Decode(key).Problems)
            if (!(unfinished && problem.Path == "spec.ipNetworks")) findings.Add(problem.Path, problem.Sentence);
    }
}
