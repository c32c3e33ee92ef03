using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>What cannot be changed once it is stored: addresses are handed out from an address pool by its cidr in blocks of its size.</summary>
internal static class FixedFields
{
    private static readonly string[] OfPools = ["cidr", "blockSize"];

    /// <summary>A block size that the document leaves open stays what it is, which may not be today's default.</summary>
    public static void Keep(ResourceKind kind, ResourceDocument old, ResourceDocument document)
    {
        if (kind == ResourceKind.IPPool && old.Spec?["blockSize"] is { } size && document.Spec is { } spec && spec["blockSize"] is null)
            spec["blockSize"] = size.DeepClone();
    }

    /// <summary>The fields that the document would change.</summary>
    public static IEnumerable<Problem> Changed(ResourceKind kind, ResourceDocument old, ResourceDocument document)
    {
        if (kind != ResourceKind.IPPool)
            yield break;
        foreach (string field in OfPools)
        {
            if (old.Spec?[field] is { } before && !JsonNode.DeepEquals(before, document.Spec?[field]))
                yield return new Problem($"spec.{field}", $"cannot be changed from {before.ToJsonString()}: delete the pool and create another");
        }
    }
}
