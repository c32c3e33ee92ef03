using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Labels;

namespace Canal.Core.Resources;

/// <summary>A JSON object being validated: its fields are read by name, and what is wrong is noted under its path. Null and absent are the same.</summary>
/// <param name="Node">The object.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Findings">Where problems go.</param>
internal readonly record struct Checked(JsonObject Node, string Path, Findings Findings)
{
    public string At(string field) => Path.Length == 0 ? field : $"{Path}.{field}";

    public void Fail(string field, string sentence) => Findings.Add(At(field), sentence);

    public bool Has(string field) => Node[field] is { } node && node is not JsonArray { Count: 0 } && !(node is JsonValue value && value.TryGetValue(out string? text) && text.Length == 0);

    /// <summary>A string, noted when it is something else; empty when absent.</summary>
    public string Text(string field)
    {
        if (Node[field] is not { } node) return "";
        if (node is JsonValue value && value.TryGetValue(out string? text)) return text;
        Fail(field, "is not a string");
        return "";
    }

    /// <summary>A string or the digits of a number; empty when absent.</summary>
    public string NumberOrText(string field) => NumberOrText(Node[field], At(field));

    public bool Flag(string field)
    {
        if (Node[field] is not { } node) return false;
        if (node is JsonValue value && value.TryGetValue(out bool flag)) return flag;
        Fail(field, "is not true or false");
        return false;
    }

    /// <summary>A whole number within bounds; null when absent or noted.</summary>
    public long? Integer(string field, long least, long most)
    {
        if (Node[field] is not { } node) return null;
        if (node is JsonValue value && value.TryGetValue(out long number) && number >= least && number <= most) return number;
        Fail(field, $"is not a whole number from {least} to {most}");
        return null;
    }

    /// <summary>An object inside; null when absent or noted.</summary>
    public Checked? Object(string field)
    {
        if (Node[field] is not { } node) return null;
        if (node is JsonObject inner) return new Checked(inner, At(field), Findings);
        Fail(field, "is not an object");
        return null;
    }

    /// <summary>The objects of a list.</summary>
    public IEnumerable<Checked> Objects(string field)
    {
        foreach ((string path, JsonNode? node) in Items(field))
        {
            if (node is JsonObject inner) yield return new Checked(inner, path, Findings);
            else Findings.Add(path, "is not an object");
        }
    }

    /// <summary>The strings of a list with their paths.</summary>
    public IEnumerable<(string Path, string Text)> Texts(string field)
    {
        foreach ((string path, JsonNode? node) in Items(field))
        {
            if (node is JsonValue value && value.TryGetValue(out string? text)) yield return (path, text);
            else Findings.Add(path, "is not a string");
        }
    }

    /// <summary>The ports of a list, numbers or strings, with their paths.</summary>
    public IEnumerable<(string Path, string Text)> NumbersOrTexts(string field)
    {
        foreach ((string path, JsonNode? node) in Items(field)) yield return (path, NumberOrText(node, path));
    }

    /// <summary>The prefixes or addresses of a list; each that is none is noted.</summary>
    public IEnumerable<(string Path, Cidr Cidr)> Cidrs(string field)
    {
        foreach ((string path, string text) in Texts(field))
        {
            if (Cidr.TryParse(text, out Cidr cidr)) yield return (path, cidr);
            else Findings.Add(path, $"{Problem.Quote(text)} is not a CIDR");
        }
    }

    /// <summary>Notes a text that is not one of these; absent and empty pass.</summary>
    public string OneOf(string field, params ReadOnlySpan<string> allowed)
    {
        string text = Text(field);
        if (text.Length > 0 && !allowed.Contains(text)) Fail(field, $"{Problem.Quote(text)} is not one of {string.Join(", ", allowed)}");
        return text;
    }

    /// <summary>Notes that a field is not there.</summary>
    public void Require(string field)
    {
        if (!Has(field)) Fail(field, "is missing");
    }

    /// <summary>An address of a family, or (null) of either; null when absent or noted.</summary>
    public IpAddress? Address(string field, IpFamily? family)
    {
        string text = Text(field);
        if (text.Length == 0) return null;
        if (IpAddress.TryParse(text, out IpAddress address) && (family is null || address.Family == family)) return address;
        Fail(field, $"{Problem.Quote(text)} is not an {(family is { } known ? Names.OfFamily(known) : "IP")} address");
        return null;
    }

    /// <summary>A prefix or address of a family; noted when it is something else.</summary>
    public void Network(string field, IpFamily family)
    {
        string text = Text(field);
        if (text.Length > 0 && !(Cidr.TryParse(text, out Cidr cidr) && cidr.Family == family)) Fail(field, $"{Problem.Quote(text)} is not an {Names.OfFamily(family)} CIDR or address");
    }

    public void Mac(string field)
    {
        string text = Text(field);
        if (text.Length > 0 && !MacAddress.TryParse(text, out _)) Fail(field, $"{Problem.Quote(text)} is not a MAC address");
    }

    /// <summary>A duration as Go writes it, not below zero.</summary>
    public void Duration(string field)
    {
        string text = Text(field);
        if (text.Length > 0 && !(GoDuration.TryParse(text, out TimeSpan duration) && duration >= TimeSpan.Zero)) Fail(field, $"{Problem.Quote(text)} is not a duration such as 1m30s");
    }

    /// <summary>A number of an autonomous system; null when absent or noted.</summary>
    public uint? AutonomousSystem(string field)
    {
        string text = NumberOrText(field);
        if (text.Length == 0) return null;
        if (AsNumber.TryParse(text, out uint number)) return number;
        Fail(field, $"{Problem.Quote(text)} is not an AS number: 0 to 4294967295, or two of 16 bits with a dot between");
        return null;
    }

    /// <summary>Notes a selector that does not parse.</summary>
    public string Selector(string field)
    {
        string text = Text(field);
        if (text.Length > 0 && !Labels.Selector.TryParse(text, out _, out SelectorError? error)) Fail(field, $"is not a selector: at byte {error.Offset}: {error.Reason}");
        return text;
    }

    /// <summary>Notes a selector that does not parse or contains <c>global()</c>.</summary>
    public string SelectorWithoutGlobal(string field)
    {
        string text = Selector(field);
        if (text.Contains("global()", StringComparison.Ordinal)) Fail(field, "must not contain global()");
        return text;
    }

    private IEnumerable<(string Path, JsonNode? Node)> Items(string field)
    {
        if (Node[field] is not { } node) yield break;
        if (node is not JsonArray list)
        {
            Fail(field, "is not a list");
            yield break;
        }
        for (int i = 0; i < list.Count; i++) yield return ($"{At(field)}[{i}]", list[i]);
    }

    private string NumberOrText(JsonNode? node, string path)
    {
        if (node is null) return "";
        if (node is JsonValue value)
        {
            if (value.TryGetValue(out string? text)) return text;
            if (value.GetValueKind() == System.Text.Json.JsonValueKind.Number) return value.ToJsonString();
        }
        Findings.Add(path, "is neither a number nor a string");
        return "";
    }
}
