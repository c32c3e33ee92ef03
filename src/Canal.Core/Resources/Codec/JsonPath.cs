using System.Text;
using System.Text.Json;

namespace Canal.Core.Resources;

/// <summary>Names a place in a JSON text. Decoders keep no path while they read, because nearly all data is good; it is found again by reading the
/// text a second time up to the place.</summary>
internal static class JsonPath
{
    /// <summary>The path of the value that starts at this byte, <c>spec.ingress[1].action</c>; as far as the text can be read when it is broken there.</summary>
    public static string At(ReadOnlySpan<byte> json, long offset)
    {
        Utf8JsonReader reader = new(json);
        List<Level> levels = [];
        try
        {
            while (reader.Read() && reader.TokenStartIndex <= offset)
            {
                Step(ref reader, levels);
                if (reader.TokenStartIndex == offset && reader.TokenType != JsonTokenType.PropertyName) break;
            }
        }
        catch (JsonException)
        {
            // The text is broken further on than what has been followed; the path so far is the answer.
        }
        return Print(levels, offset);
    }

    private static void Step(ref Utf8JsonReader reader, List<Level> levels)
    {
        JsonTokenType token = reader.TokenType;
        if (token is JsonTokenType.EndObject or JsonTokenType.EndArray)
        {
            levels.RemoveAt(levels.Count - 1);
            return;
        }
        if (token == JsonTokenType.PropertyName)
        {
            levels[^1] = levels[^1] with { Name = Name(ref reader) };
            return;
        }
        if (levels.Count > 0 && levels[^1].Name is null) levels[^1] = levels[^1] with { Index = levels[^1].Index + 1 };
        if (token == JsonTokenType.StartObject) levels.Add(new Level("", -1, reader.TokenStartIndex));
        if (token == JsonTokenType.StartArray) levels.Add(new Level(null, -1, reader.TokenStartIndex));
    }

    private static string Name(ref Utf8JsonReader reader) => Encoding.UTF8.GetString(reader.ValueSpan);

    private static string Print(List<Level> levels, long offset)
    {
        StringBuilder path = new();
        foreach (Level level in levels)
        {
            if (level.Start == offset) break; // the container itself is the place
            if (level.Name is null) path.Append('[').Append(Math.Max(level.Index, 0)).Append(']');
            else AppendName(path, level.Name);
        }
        return path.ToString();
    }

    private static void AppendName(StringBuilder path, string name)
    {
        if (name.Length == 0) return;
        if (name.AsSpan().ContainsAny('.', '/', '[')) path.Append("[\"").Append(name).Append("\"]");
        else if (path.Length > 0) path.Append('.').Append(name);
        else path.Append(name);
    }

    // An object has a name (empty before its first field), an array an index (-1 before its first item).
    private readonly record struct Level(string? Name, int Index, long Start);
}
