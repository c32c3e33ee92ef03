using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Canal.Cni;

/// <summary>Reads fields of a configuration; a field of a wrong type is an error that names it.</summary>
internal static class CniJson
{
    /// <summary>Readable on a terminal; none of it goes into HTML. Nodes write themselves, so the resolver knows nothing.</summary>
    public static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, TypeInfoResolver = JsonTypeInfoResolver.Combine() };

    public static JsonObject Parse(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new CniException(CniCode.Decode, "the configuration on stdin is not a JSON object");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new CniException(CniCode.Decode, $"the configuration on stdin is not JSON: {e.Message}");
        }
    }

    /// <summary>A text; empty when there is none.</summary>
    public static string Text(JsonObject? at, string field) => Find(at, field) switch
    {
        null => "",
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => throw Wrong(field, "a text"),
    };

    /// <summary>A flag, also as a text, which Calico's IPAM has; null when there is none.</summary>
    public static bool? Flag(JsonObject? at, string field) => Find(at, field) switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        JsonValue value when value.TryGetValue(out string? text) && bool.TryParse(text, out bool flag) => flag,
        _ => throw Wrong(field, "true or false"),
    };

    /// <summary>A whole number; 0 when there is none.</summary>
    public static int Number(JsonObject? at, string field, int most) => Find(at, field) switch
    {
        null => 0,
        JsonValue value when value.TryGetValue(out int number) && number >= 0 && number <= most => number,
        _ => throw Wrong(field, $"a whole number from 0 to {most}"),
    };

    public static JsonObject? Object(JsonObject? at, string field) => Find(at, field) switch
    {
        null => null,
        JsonObject found => found,
        _ => throw Wrong(field, "an object"),
    };

    public static IEnumerable<string> Texts(JsonObject? at, string field)
    {
        foreach (JsonNode? item in Items(at, field))
            yield return item is JsonValue value && value.TryGetValue(out string? text) ? text : throw Wrong(field, "a list of texts");
    }

    public static IEnumerable<JsonObject> Objects(JsonObject? at, string field)
    {
        foreach (JsonNode? item in Items(at, field))
            yield return item as JsonObject ?? throw Wrong(field, "a list of objects");
    }

    public static JsonArray Array(IEnumerable<string> texts)
    {
        JsonArray array = [];
        foreach (string text in texts) array.Add((JsonNode)text);
        return array;
    }

    private static JsonArray Items(JsonObject? at, string field) => Find(at, field) switch
    {
        null => [],
        JsonArray array => array,
        _ => throw Wrong(field, "a list"),
    };

    private static JsonNode? Find(JsonObject? at, string field) => at is not null && at.TryGetPropertyValue(field, out JsonNode? found) ? found : null;

    private static CniException Wrong(string field, string expected) => new(CniCode.Configuration, $"{field}: must be {expected}");
}
