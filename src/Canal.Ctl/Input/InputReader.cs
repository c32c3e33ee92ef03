using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Takes files apart into resources: many documents in a file, items of lists (<c>kind: List</c>, <c>NodeList</c> and the like) and of JSON arrays.</summary>
internal sealed class InputReader
{
    private readonly List<SourceDocument> documents = [];
    private readonly List<string> errors = [];

    private InputReader()
    {
    }

    /// <summary>Reads all, and goes on after errors so that each is told.</summary>
    public static Input Read(IEnumerable<string> paths, bool recursive, Stream standardInput)
    {
        InputReader reader = new();
        foreach (string path in paths)
        {
            foreach (InputText file in InputText.ReadAll(path, recursive, standardInput))
                reader.Read(file);
        }
        return new Input(reader.documents, reader.errors);
    }

    private void Read(InputText file)
    {
        if (file.Text is not { } text)
        {
            errors.Add($"{file.Name}: {file.Error}");
            return;
        }
        int number = 0;
        try
        {
            foreach (YamlDocument document in DocumentText.Read(text))
            {
                if (document.Root is not null)
                    Add(document.Root, new Origin(file.Name, ++number, 0));
            }
        }
        catch (SyntaxException error)
        {
            errors.Add($"{file.Name}:{error.Line}:{error.Column}: {error.Message}");
        }
    }

    private void Add(JsonNode root, Origin origin)
    {
        if (root is JsonArray array)
            AddItems(array, origin, "", "");
        else if (root is JsonObject { } list && Text(list, "kind") is var kind && kind.EndsWith("List", StringComparison.Ordinal) && list["items"] is JsonArray items)
            AddItems(items, origin, kind[..^"List".Length], Text(list, "apiVersion"));
        else if (root is JsonObject resource)
            documents.Add(new SourceDocument(origin, ResourceDocument.From(resource)));
        else
            errors.Add($"{origin}: is not a resource but {(root is JsonValue value ? value.GetValueKind() : "nothing")}");
    }

    /// <summary>Items of a typed list may leave out what the list says of them all.</summary>
    private void AddItems(JsonArray items, Origin origin, string kind, string apiVersion)
    {
        for (int i = 0; i < items.Count; i++)
        {
            Origin at = origin with { Item = i + 1 };
            if (items[i]?.DeepClone() is not JsonObject item)
            {
                errors.Add($"{at}: is not an object");
                continue;
            }
            if (kind.Length > 0 && !item.ContainsKey("kind"))
                item["kind"] = kind;
            if (kind.Length > 0 && !item.ContainsKey("apiVersion"))
                item["apiVersion"] = apiVersion;
            documents.Add(new SourceDocument(at, ResourceDocument.From(item)));
        }
    }

    private static string Text(JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
