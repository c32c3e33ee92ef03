using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A column of the table of a kind.</summary>
/// <param name="Header">In upper case.</param>
/// <param name="Path">Fields of the document from its root, with dots between.</param>
/// <param name="Wide">Only with <c>-o wide</c>.</param>
internal sealed record Column(string Header, string Path, bool Wide = false)
{
    /// <summary>What stands for nothing, so that every row has as many words as the header has.</summary>
    private const string Nothing = "-";

    public string Cell(ResourceDocument document)
    {
        JsonNode? node = document.Root;
        foreach (string field in Path.Split('.'))
            node = (node as JsonObject)?[field];
        string text = Text(node);
        return text.Length == 0 ? Nothing : text;
    }

    private static string Text(JsonNode? node) => node switch
    {
        JsonArray items => string.Join(',', items.Select(Text)),
        JsonObject fields => string.Join(',', fields.Select(field => $"{field.Key}={Text(field.Value)}")),
        _ => node?.ToString() ?? "",
    };
}
