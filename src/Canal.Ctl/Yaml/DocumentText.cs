using System.Text.Json;
using System.Text.Json.Nodes;

namespace Canal.Ctl;

/// <summary>Reads a text that is JSON or YAML, whichever it turns out to be.</summary>
internal static class DocumentText
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <inheritdoc cref="YamlReader.Read"/>
    public static IEnumerable<YamlDocument> Read(string text)
    {
        ReadOnlySpan<char> content = text.AsSpan().TrimStart();
        bool maybeJson = content.StartsWith('{') || content.StartsWith('[');
        return maybeJson && Json(text) is { } root ? [new YamlDocument(1, root)] : YamlReader.Read(text);
    }

    // JSON is YAML nearly, but YAML has no tabs before values and other escapes. What fails here may still be YAML's flow style, or several documents.
    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text, null, Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
