using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>One step from a value to those inside it.</summary>
/// <param name="Field">The name of a field; null for an item.</param>
/// <param name="Index">Which item, from the end when negative; null for all items, or all fields.</param>
internal sealed record PathStep(string? Field, int? Index)
{
    // Written $: the whole document, also inside a range.
    private static readonly PathStep FromRoot = new("$", null);

    /// <summary>Reads <c>.a.b[0]['c.d'][*]</c>, with or without the first dot.</summary>
    /// <exception cref="CommandException">Usage.</exception>
    public static IReadOnlyList<PathStep> ParseAll(string text)
    {
        text = text.Trim();
        List<PathStep> steps = [];
        int at = 0;
        if (text.StartsWith('$'))
        {
            steps.Add(FromRoot);
            at = 1;
        }
        else if (text.StartsWith('@'))
            at = 1;
        while (at < text.Length)
        {
            if (text[at] == '[')
                steps.Add(Bracket(text, ref at));
            else
                steps.Add(Dotted(text, ref at));
        }
        return steps;
    }

    /// <summary>The values that the steps lead to.</summary>
    public static IEnumerable<JsonNode?> Walk(IReadOnlyList<PathStep> steps, JsonNode? at, JsonNode root)
    {
        IEnumerable<JsonNode?> values = [at];
        foreach (PathStep step in steps)
            values = ReferenceEquals(step, FromRoot) ? [root] : values.SelectMany(step.From).ToArray();
        return values;
    }

    private IEnumerable<JsonNode?> From(JsonNode? node)
    {
        if (Field is not null)
            return node is JsonObject fields && fields.TryGetPropertyValue(Field, out JsonNode? value) ? [value] : [];
        if (Index is null)
            return node switch { JsonArray items => items, JsonObject fields => fields.Select(field => field.Value), _ => [] };
        if (node is not JsonArray list)
            return [];
        int index = Index < 0 ? list.Count + Index.Value : Index.Value;
        return index >= 0 && index < list.Count ? [list[index]] : [];
    }

    private static PathStep Dotted(string text, ref int at)
    {
        int start = text[at] == '.' ? at + 1 : at;
        int end = text.AsSpan(start).IndexOfAny('.', '[');
        end = end < 0 ? text.Length : start + end;
        string name = text[start..end];
        at = end;
        // A lone dot is the value itself, which only makes sense at the end of a path.
        if (name.Length == 0)
            throw Wrong(text, end < text.Length && text[end] == '.' ? "descends with '..', which is not understood here" : "lacks a field after a dot");
        return name == "*" ? new PathStep(null, null) : new PathStep(name, null);
    }

    private static PathStep Bracket(string text, ref int at)
    {
        char quote = at + 1 < text.Length ? text[at + 1] : '\0';
        if (quote is '\'' or '"')
        {
            int close = text.IndexOf($"{quote}]", at + 2, StringComparison.Ordinal);
            if (close < 0)
                throw Wrong(text, $"has a [{quote} without a {quote}]");
            string name = text[(at + 2)..close];
            at = close + 2;
            return new PathStep(name, null);
        }
        int end = text.IndexOf(']', at);
        string inside = end < 0 ? throw Wrong(text, "has a [ without a ]") : text[(at + 1)..end];
        at = end + 1;
        if (inside == "*")
            return new PathStep(null, null);
        return int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index)
            ? new PathStep(null, index)
            : throw Wrong(text, $"has {Problem.Quote($"[{inside}]")}, where only an index, * or a quoted name is understood");
    }

    private static CommandException Wrong(string text, string what) => CommandException.Usage($"-o: the path {Problem.Quote(text)} {what}");
}
