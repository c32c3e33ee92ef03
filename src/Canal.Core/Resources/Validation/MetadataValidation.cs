using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>The rules about names, labels and annotations.</summary>
internal static class MetadataValidation
{
    private const int MostAnnotations = 262144;

    /// <summary>The only name that resources have of which there is one in a cluster.</summary>
    private const string OnlyName = "default";

    public static void Check(Checked document, ResourceKind kind)
    {
        if (document.Object("metadata") is not { } metadata)
        {
            document.Fail("metadata.name", "is missing");
            return;
        }
        Name(metadata, kind);
        Labels(metadata, "labels");
        Annotations(metadata);
        bool hasNamespace = metadata.Text("namespace").Length > 0;
        if (ResourceKinds.Of(kind).Namespaced && !hasNamespace) metadata.Fail("namespace", "is missing");
        if (!ResourceKinds.Of(kind).Namespaced && hasNamespace) metadata.Fail("namespace", $"is not for a {ResourceKinds.Of(kind).Name}, which is global");
    }

    private static void Name(Checked metadata, ResourceKind kind)
    {
        string name = metadata.Text("name");
        bool fits = kind switch
        {
            ResourceKind.NetworkPolicy or ResourceKind.StagedNetworkPolicy => Names.IsNamespacedPolicyName(name),
            ResourceKind.GlobalNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy => Names.IsPolicyName(name),
            ResourceKind.Tier => Names.IsTierName(name),
            _ => Names.IsName(name),
        };
        if (!fits) metadata.Fail("name", name.Length == 0 ? "is missing" : $"{Problem.Quote(name)} is not a name for a {ResourceKinds.Of(kind).Name}{Allowed(kind)}");
        else if (IsOnlyOne(kind) && name != OnlyName) metadata.Fail("name", $"the only {ResourceKinds.Of(kind).Name} is called {OnlyName}");
    }

    private static string Allowed(ResourceKind kind) => kind switch
    {
        ResourceKind.Tier => ": up to 63 lower case letters, digits and inner dashes",
        _ when kind.IsTiered() => $"{Names.OfResources}, with one dot at most",
        _ => Names.OfResources,
    };

    private static bool IsOnlyOne(ResourceKind kind) =>
        kind is ResourceKind.ClusterInformation or ResourceKind.IPAMConfiguration or ResourceKind.KubeControllersConfiguration;

    /// <summary>Notes names and values that labels cannot have.</summary>
    public static void Labels(Checked owner, string field)
    {
        if (owner.Object(field) is not { } labels) return;
        foreach ((string name, JsonNode? _) in labels.Node)
        {
            if (!Names.IsQualified(name)) labels.Fail(name, $"{Problem.Quote(name)} is not a label's name{Names.OfLabels}");
            else if (!Names.IsLabelValue(labels.Text(name))) labels.Fail(name, $"{Problem.Quote(labels.Text(name))} is not a label's value: up to 63 letters, digits and inner - _ .");
        }
    }

    /// <summary>Notes names that annotations cannot have, and too much text in all of them.</summary>
    public static void Annotations(Checked owner)
    {
        if (owner.Object("annotations") is not { } annotations) return;
        long size = 0;
        foreach ((string name, JsonNode? _) in annotations.Node)
        {
            if (!Names.IsQualified(name.ToLowerInvariant())) annotations.Fail(name, $"{Problem.Quote(name)} is not an annotation's name{Names.OfLabels}");
            size += name.Length + annotations.Text(name).Length;
        }
        if (size > MostAnnotations) owner.Fail("annotations", $"has more than {MostAnnotations} bytes");
    }
}
