using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>The names of the fields a JSON object may have, and the shapes of those that are objects or lists of objects.</summary>
internal sealed class Shape
{
    private readonly Dictionary<string, Shape?> fields;

    private Shape(Dictionary<string, Shape?> fields) => this.fields = fields;

    /// <summary>An object of these fields, given with blanks between; what is inside them is not looked at.</summary>
    public static Shape Of(string names) => new(names.Split(' ').ToDictionary(name => name, _ => (Shape?)null, StringComparer.Ordinal));

    /// <summary>An object without fields, to add to.</summary>
    public static Shape Empty { get; } = new(new Dictionary<string, Shape?>(StringComparer.Ordinal));

    /// <summary>This shape with more fields, given with blanks between.</summary>
    public Shape And(string names) => new(fields.Concat(Of(names).fields).ToDictionary(StringComparer.Ordinal));

    /// <summary>This shape with one more field, of a shape of its own.</summary>
    public Shape With(string name, Shape inner) => new(new Dictionary<string, Shape?>(fields, StringComparer.Ordinal) { [name] = inner });

    /// <summary>The fields in the order they were given.</summary>
    public IEnumerable<string> Names => fields.Keys;

    /// <summary>Whether the field is known; with the shape inside, if it has one.</summary>
    public bool Knows(string name, out Shape? inner) => fields.TryGetValue(name, out inner);

    /// <summary>Notes every field that is not known.</summary>
    public void FindUnknown(JsonNode? node, string path, List<Problem> problems)
    {
        if (node is JsonArray list)
            for (int i = 0; i < list.Count; i++) FindUnknown(list[i], $"{path}[{i}]", problems);
        if (node is not JsonObject value) return;
        foreach ((string name, JsonNode? field) in value)
        {
            string at = path.Length == 0 ? name : $"{path}.{name}";
            if (!Knows(name, out Shape? inner)) problems.Add(new Problem(at, "is not a known field"));
            else inner?.FindUnknown(field, at, problems);
        }
    }

    /// <summary>Copies from the stored object what the applied one lacks and this shape does not know.</summary>
    public void KeepUnknown(JsonObject applied, JsonObject stored)
    {
        foreach ((string name, JsonNode? field) in stored)
        {
            if (!Knows(name, out Shape? inner))
            {
                if (!applied.ContainsKey(name)) applied[name] = field?.DeepClone();
            }
            else if (inner is not null && field is JsonObject old && applied[name] is JsonObject now) inner.KeepUnknown(now, old);
        }
    }
}
