using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>What a client of the data model fills in before it stores an object, as Calico 3.32 does.</summary>
public static class ResourceDefaults
{
    /// <summary>Fills in what is missing. Problems where a name cannot be computed; the document is then not fit to be stored.</summary>
    public static EquatableArray<Problem> Apply(ResourceDocument document)
    {
        if (!ResourceKinds.TryFindName(document.Kind, out ResourceKind kind)) return [new Problem("kind", $"{Problem.Quote(document.Kind)} is not a kind")];
        document.Root["apiVersion"] = ResourceCodec.ApiVersion;
        switch (kind)
        {
            case ResourceKind.NetworkPolicy or ResourceKind.GlobalNetworkPolicy:
                Policy(document);
                break;
            case ResourceKind.StagedNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy:
                Default(document.EnsureSpec(), "stagedAction", "Set");
                Policy(document);
                break;
            case ResourceKind.StagedKubernetesNetworkPolicy:
                Default(document.EnsureSpec(), "stagedAction", "Set");
                break;
            case ResourceKind.Tier:
                Tier(document.EnsureSpec());
                break;
            case ResourceKind.IPPool:
                Pool(document.EnsureSpec());
                break;
            case ResourceKind.FelixConfiguration:
                Felix(document.EnsureSpec());
                break;
            case ResourceKind.BGPConfiguration:
                Default(document.EnsureSpec(), "serviceLoadBalancerAggregation", "Enabled");
                break;
            case ResourceKind.WorkloadEndpoint:
                return Workload(document);
            default:
                break;
        }
        return default;
    }

    private static void Policy(ResourceDocument document)
    {
        JsonObject spec = document.EnsureSpec();
        Default(spec, "tier", PolicySpec.DefaultTier);
        if (ResourceDocument.Text(spec, "stagedAction") == "Delete") spec.Remove("types");
        else if (IsEmptyList(spec["types"])) spec["types"] = Types(spec);
        document.Labels = document.Labels.With(PolicyNames.TierLabel, ResourceDocument.Text(spec, "tier"));
        if (string.IsNullOrEmpty(document.Annotations[PolicyNames.Annotation]))
            document.Annotations = document.Annotations.With(PolicyNames.Annotation, PolicyNames.AnnotationFor(document.Name));
    }

    private static JsonArray Types(JsonObject spec)
    {
        JsonArray types = [];
        bool egress = !IsEmptyList(spec["egress"]);
        if (!egress || !IsEmptyList(spec["ingress"])) types.Add((JsonNode)"Ingress");
        if (egress) types.Add((JsonNode)"Egress");
        return types;
    }

    private static void Tier(JsonObject spec)
    {
        if (spec["order"] is null) spec["order"] = (long)Resources.Tier.DefaultOrder;
        Default(spec, "defaultAction", "Deny");
    }

    private static void Pool(JsonObject spec)
    {
        Default(spec, "ipipMode", "Never");
        Default(spec, "vxlanMode", "Never");
        Default(spec, "nodeSelector", "all()");
        Default(spec, "assignmentMode", "Automatic");
        if (IsEmptyList(spec["allowedUses"])) spec["allowedUses"] = new JsonArray((JsonNode)"Workload", (JsonNode)"Tunnel");
        bool hasSize = spec["blockSize"] is JsonValue size && (!size.TryGetValue(out int value) || value != 0);
        if (!hasSize && Addressing.Cidr.TryParse(ResourceDocument.Text(spec, "cidr"), out Addressing.Cidr cidr))
            spec["blockSize"] = IpPool.DefaultBlockSize(cidr.Family);
    }

    private static void Felix(JsonObject spec)
    {
        Default(spec, "nftablesMode", "Auto");
        Default(spec, "bpfConnectTimeLoadBalancing", "TCP");
        Default(spec, "bpfHostNetworkedNATWithoutCTLB", "Enabled");
        Default(spec, "floatingIPs", "Disabled");
    }

    private static EquatableArray<Problem> Workload(ResourceDocument document)
    {
        JsonObject spec = document.EnsureSpec();
        string orchestrator = ResourceDocument.Text(spec, "orchestrator");
        WorkloadEndpointName parts = WorkloadEndpointName.Of(new WorkloadEndpointSpec
        {
            Node = ResourceDocument.Text(spec, "node"),
            Orchestrator = orchestrator,
            Workload = ResourceDocument.Text(spec, "workload"),
            ContainerId = ResourceDocument.Text(spec, "containerID"),
            Pod = ResourceDocument.Text(spec, "pod"),
            Endpoint = ResourceDocument.Text(spec, "endpoint"),
        });
        if (parts.Print(out Problem problem) is not { } name) return [problem with { Path = $"spec.{problem.Path}" }];
        if (document.Name.Length == 0) document.Name = name;
        if (document.Name != name) return [new Problem("metadata.name", $"{Problem.Quote(document.Name)} differs from {name}, which the spec gives")];
        document.Labels = document.Labels.With("projectcalico.org/namespace", document.Namespace).With("projectcalico.org/orchestrator", orchestrator);
        return default;
    }

    private static void Default(JsonObject spec, string field, string value)
    {
        if (spec[field] is null || ResourceDocument.Text(spec, field) is "" && spec[field] is JsonValue present && present.TryGetValue(out string? _))
            spec[field] = value;
    }

    private static bool IsEmptyList(JsonNode? node) => node is null or JsonArray { Count: 0 };
}
