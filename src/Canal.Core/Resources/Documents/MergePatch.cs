using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>JSON Merge Patch (RFC 7386): what the patch names is put in, null takes away, lists are replaced whole.</summary>
public static class MergePatch
{
    /// <summary>The patched value; neither argument is changed.</summary>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes) return patch?.DeepClone();
        JsonObject result = target is JsonObject before ? (JsonObject)before.DeepClone() : [];
        foreach ((string name, JsonNode? change) in changes)
        {
            if (change is null) result.Remove(name);
            else result[name] = Apply(result[name], change);
        }
        return result;
    }
}
