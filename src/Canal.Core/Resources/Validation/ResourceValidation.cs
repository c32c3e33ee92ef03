using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>What a writer checks before it stores an object, after <see cref="ResourceDefaults"/>. etcd checks nothing, so this is the only gate.</summary>
/// <param name="selectorProblem">What is wrong with a selector's text, or null: the seam to the selector grammar.</param>
public sealed class ResourceValidation(Func<string, string?> selectorProblem)
{
    /// <summary>Everything wrong with the document, with the paths of the fields; empty when it may be stored.</summary>
    public EquatableArray<Problem> Validate(ResourceDocument document)
    {
        if (!ResourceKinds.TryFindName(document.Kind, out ResourceKind kind)) return [new Problem("kind", $"{Problem.Quote(document.Kind)} is not a kind")];
        Findings findings = new(selectorProblem);
        Checked root = new(document.Root, "", findings);
        MetadataValidation.Check(root, kind);
        if (root.Object("spec") is { } spec) Spec(spec, kind, document.Name);
        Sets(document, kind, findings);
        Unknown(document, kind, findings);
        Unreadable(document, kind, findings);
        return findings.Problems;
    }

    /// <summary>Checks the spec by the rules of its kind.</summary>
    internal static void Spec(Checked spec, ResourceKind kind, string name)
    {
        if (kind.IsTiered()) PolicyValidation.Policy(spec, kind);
        else if (kind == ResourceKind.Tier) PolicyValidation.Tier(spec, name);
        else if (kind == ResourceKind.Profile) PolicyValidation.Profile(spec);
        else if (kind is ResourceKind.NetworkSet or ResourceKind.GlobalNetworkSet) PolicyValidation.Nets(spec, "nets");
        else if (kind == ResourceKind.IPReservation) PolicyValidation.Nets(spec, "reservedCIDRs");
        else if (kind == ResourceKind.WorkloadEndpoint) EndpointValidation.Workload(spec);
        else if (kind == ResourceKind.HostEndpoint) EndpointValidation.Host(spec);
        else if (kind == ResourceKind.IPPool) PoolValidation.Check(spec);
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
