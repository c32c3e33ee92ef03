using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A stored resource as people see it: under its display name, without the annotation that only keeps that name, with its revision.</summary>
internal static class ShownResource
{
    private static readonly string[] RootOrder = ["apiVersion", "kind", "metadata", "spec", "status"];

    // What another cluster would have to make anew.
    private static readonly string[] OfThisCluster = ["uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "managedFields", "ownerReferences"];

    public static JsonObject Of(StoredResource resource) => Of(resource.Document!, resource.DisplayName, resource.Key.Kind, resource.Revision);

    /// <param name="stored">What is stored, or is to be.</param>
    /// <param name="name">The name to show.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="revision">The revision it was read at; 0 for none.</param>
    public static JsonObject Of(ResourceDocument stored, string name, ResourceKind kind, long revision)
    {
        ResourceDocument document = stored.Clone();
        document.Name = name;
        document.ResourceVersion = revision == 0 ? "" : Text(revision);
        if (kind.IsTiered())
            document.Annotations = document.Annotations.Without(PolicyNames.Annotation);
        JsonObject ordered = [];
        foreach (string field in RootOrder.Concat(document.Root.Select(field => field.Key).Except(RootOrder)))
        {
            if (document.Root.TryGetPropertyValue(field, out JsonNode? value))
                ordered[field] = value?.DeepClone();
        }
        return ordered;
    }

    /// <summary>Takes out what is this cluster's alone.</summary>
    public static JsonObject Exported(JsonObject shown)
    {
        foreach (string field in OfThisCluster)
            (shown["metadata"] as JsonObject)?.Remove(field);
        return shown;
    }

    /// <summary>Several as one list.</summary>
    /// <param name="kind">The kind of them all; null when they are of several.</param>
    /// <param name="items">The resources.</param>
    /// <param name="revision">What the list is of.</param>
    public static JsonObject List(ResourceKindEntry? kind, IEnumerable<JsonObject> items, long revision) => new()
    {
        ["apiVersion"] = kind is null ? "v1" : ResourceCodec.ApiVersion,
        ["kind"] = $"{kind?.Name}List",
        ["metadata"] = new JsonObject { ["resourceVersion"] = Text(revision) },
        ["items"] = new JsonArray([.. items]),
    };

    private static string Text(long revision) => revision.ToString(CultureInfo.InvariantCulture);
}
