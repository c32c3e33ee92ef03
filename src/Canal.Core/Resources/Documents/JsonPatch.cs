using System.Globalization;
using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>JSON Patch (RFC 6902): a list of add, remove, replace, move, copy and test.</summary>
public static class JsonPatch
{
    /// <summary>The patched object; null with the problem, named by the operation, when one cannot be done. Neither argument is changed.</summary>
    public static JsonObject? Apply(JsonObject target, JsonArray operations, out Problem problem)
    {
        problem = default;
        JsonNode? root = target.DeepClone();
        for (int i = 0; i < operations.Count; i++)
        {
            string? wrong = operations[i] is JsonObject operation ? Do(ref root, operation) : "is not an object";
            if (wrong is null) continue;
            problem = new Problem($"[{i}]", wrong);
            return null;
        }
        if (root is JsonObject result) return result;
        problem = new Problem("", "leaves no object");
        return null;
    }

    private static string? Do(ref JsonNode? root, JsonObject operation)
    {
        string name = Text(operation, "op"), path = Text(operation, "path"), from = Text(operation, "from");
        if (name is "add" or "replace" or "test" && !operation.ContainsKey("value")) return "has no value";
        JsonNode? value = operation["value"]?.DeepClone();
        switch (name)
        {
            case "add":
                return Add(ref root, path, value);
            case "remove":
                return Remove(ref root, path);
            case "replace":
                return path.Length == 0 ? Add(ref root, path, value) : Remove(ref root, path) ?? Add(ref root, path, value);
            case "test":
                return !Find(root, path, out JsonNode? there) ? Missing(path) : JsonNode.DeepEquals(there, value) ? null : $"{Problem.Quote(path)} is not what was expected";
            case "copy":
                return Find(root, from, out JsonNode? original) ? Add(ref root, path, original?.DeepClone()) : Missing(from);
            case "move":
                if (!Find(root, from, out JsonNode? moved)) return Missing(from);
                JsonNode? copy = moved?.DeepClone();
                return Remove(ref root, from) ?? Add(ref root, path, copy);
            default:
                return $"{Problem.Quote(name)} is not one of add, remove, replace, move, copy, test";
        }
    }

    private static string? Add(ref JsonNode? root, string path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            root = value;
            return null;
        }
        if (!Split(path, out string parent, out string last) || !Find(root, parent, out JsonNode? owner)) return Missing(path);
        if (owner is JsonObject fields) fields[last] = value;
        else if (owner is JsonArray items && last == "-") items.Add(value);
        else if (owner is JsonArray list && Index(last, list.Count, out int index)) list.Insert(index, value);
        else return Missing(path);
        return null;
    }

    private static string? Remove(ref JsonNode? root, string path)
    {
        if (!Split(path, out string parent, out string last) || !Find(root, parent, out JsonNode? owner)) return Missing(path);
        if (owner is JsonObject fields && fields.Remove(last)) return null;
        if (owner is not JsonArray items || !Index(last, items.Count - 1, out int index)) return Missing(path);
        items.RemoveAt(index);
        return null;
    }

    /// <summary>Follows a JSON Pointer (RFC 6901).</summary>
    private static bool Find(JsonNode? root, string path, out JsonNode? found)
    {
        found = root;
        if (path.Length == 0) return true;
        if (path[0] != '/') return false;
        foreach (string token in path[1..].Split('/'))
        {
            string name = Unescape(token);
            if (found is JsonObject fields && fields.TryGetPropertyValue(name, out JsonNode? inner)) found = inner;
            else if (found is JsonArray items && Index(name, items.Count - 1, out int index)) found = items[index];
            else return false;
        }
        return true;
    }

    private static bool Split(string path, out string parent, out string last)
    {
        int slash = path.LastIndexOf('/');
        parent = slash < 0 ? "" : path[..slash];
        last = slash < 0 ? "" : Unescape(path[(slash + 1)..]);
        return slash >= 0;
    }

    private static bool Index(string text, int most, out int index) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index <= most && (text.Length == 1 || text[0] != '0');

    private static string Unescape(string token) => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static string Missing(string path) => $"{Problem.Quote(path)} leads to nothing";

    private static string Text(JsonObject at, string name) => ResourceDocument.Text(at, name);
}
