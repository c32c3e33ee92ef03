using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A text with values of a document put in where braces stand, in the part of kubectl's JSONPath that people use: <c>{.spec.nets[0]}</c>,
/// <c>{.items[*].metadata.name}</c>, <c>{.metadata.labels['a.b/c']}</c>, <c>{.spec.ports[-1]}</c>, <c>{"\n"}</c>, <c>{range .items[*]}…{end}</c>.
/// Filters and recursive descent are refused.</summary>
internal sealed class PathTemplate
{
    private readonly IReadOnlyList<Part> parts;
    private readonly bool cell;

    private PathTemplate(IReadOnlyList<Part> parts, bool cell) => (this.parts, this.cell) = (parts, cell);

    /// <summary>The text of a table's cell: as <see cref="Parse(string)"/>, with commas between values, and objects as <c>name=value</c>.</summary>
    /// <exception cref="CommandException">Usage.</exception>
    public static PathTemplate ParseCell(string text) => new(Parse(text).parts, cell: true);

    /// <exception cref="CommandException">Usage.</exception>
    public static PathTemplate Parse(string text)
    {
        Stack<(IReadOnlyList<PathStep> Range, List<Part> Parts)> open = new();
        List<Part> parts = [];
        int at = 0;
        while (at < text.Length)
        {
            int brace = text.IndexOf('{', at);
            if (brace != at)
                parts.Add(new Part.Literal(text[at..(brace < 0 ? text.Length : brace)]));
            if (brace < 0)
                break;
            int end = Closing(text, brace);
            string inside = text[(brace + 1)..end].Trim();
            at = end + 1;
            if (inside.StartsWith("range ", StringComparison.Ordinal))
            {
                open.Push((PathStep.ParseAll(inside["range ".Length..]), parts));
                parts = [];
            }
            else if (inside == "end")
            {
                if (!open.TryPop(out var outer))
                    throw Wrong(text, "has an {end} without a {range}");
                outer.Parts.Add(new Part.Range(outer.Range, parts));
                parts = outer.Parts;
            }
            else if (inside.Length > 1 && inside[0] == '"' && inside[^1] == '"')
                parts.Add(new Part.Literal(Unescape(inside[1..^1])));
            else
                parts.Add(new Part.Value(PathStep.ParseAll(inside)));
        }
        return open.Count == 0 ? new PathTemplate(parts, cell: false) : throw Wrong(text, "has a {range} without an {end}");
    }

    /// <summary>The text for a document; a value that is not there is nothing, several have a blank between, as kubectl has it; objects and lists are JSON.</summary>
    public string Fill(JsonNode root)
    {
        StringBuilder text = new();
        Fill(parts, root, root, text);
        return text.ToString();
    }

    private void Fill(IReadOnlyList<Part> parts, JsonNode? at, JsonNode root, StringBuilder text)
    {
        foreach (Part part in parts)
        {
            switch (part)
            {
                case Part.Literal literal:
                    text.Append(literal.Text);
                    break;
                case Part.Value value:
                    text.AppendJoin(cell ? ',' : ' ', PathStep.Walk(value.Steps, at, root).Select(node => cell ? Cell(node) : Text(node)));
                    break;
                case Part.Range range:
                    foreach (JsonNode? item in PathStep.Walk(range.Steps, at, root))
                        Fill(range.Parts, item, root, text);
                    break;
            }
        }
    }

    private static string Text(JsonNode? node) => node is JsonArray or JsonObject ? node.ToJsonString() : node?.ToString() ?? "";

    private static string Cell(JsonNode? node) => node switch
    {
        JsonArray items => string.Join(',', items.Select(Cell)),
        JsonObject fields => string.Join(',', fields.Select(field => $"{field.Key}={Cell(field.Value)}")),
        _ => node?.ToString() ?? "",
    };

    // The brace that ends an expression, not one in quotes.
    private static int Closing(string text, int start)
    {
        char quote = '\0';
        for (int i = start + 1; i < text.Length; i++)
        {
            char c = text[i];
            if (quote != '\0')
                quote = c == quote && text[i - 1] != '\\' ? '\0' : quote;
            else if (c is '\'' or '"')
                quote = c;
            else if (c == '}')
                return i;
        }
        throw Wrong(text, "has a { without a }");
    }

    private static string Unescape(string text) => text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal);

    private static CommandException Wrong(string text, string what) =>
        CommandException.Usage(string.Create(CultureInfo.InvariantCulture, $"-o: the template {Problem.Quote(text)} {what}"));

    private abstract record Part
    {
        public sealed record Literal(string Text) : Part;

        public sealed record Value(IReadOnlyList<PathStep> Steps) : Part;

        public sealed record Range(IReadOnlyList<PathStep> Steps, IReadOnlyList<Part> Parts) : Part;
    }
}
