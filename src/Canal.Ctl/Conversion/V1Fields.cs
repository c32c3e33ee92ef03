using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>The fields of one object of Calico 1: each is taken once, and what nobody has taken is told as unknown.</summary>
/// <param name="path">Where the object is: <c>spec.ingress[0]</c>; empty for the root.</param>
/// <param name="fields">The object, of which taken fields go.</param>
/// <param name="problems">Where problems go.</param>
internal sealed class V1Fields(string path, JsonObject fields, List<Problem> problems)
{
    /// <summary>The place of a field.</summary>
    public string At(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>The value as it is; null when it is absent.</summary>
    public JsonNode? Take(string name)
    {
        JsonNode? value = fields[name];
        fields.Remove(name);
        return value;
    }

    /// <summary>A string; empty when it is absent or none, which is told.</summary>
    public string Text(string name)
    {
        JsonNode? value = Take(name);
        if (value is null)
            return "";
        if (value is JsonValue text && text.TryGetValue(out string? read))
            return read;
        Fail(name, "is not a string");
        return "";
    }

    /// <summary>True or false; false when it is absent.</summary>
    public bool Flag(string name)
    {
        JsonNode? value = Take(name);
        bool isFlag = value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;
        if (value is not null && !isFlag)
            Fail(name, "is not true or false");
        return isFlag && value!.GetValue<bool>();
    }

    /// <summary>The strings of a list.</summary>
    public List<string> Texts(string name)
    {
        List<string> texts = [];
        foreach ((string at, JsonNode? item) in Items(name))
        {
            if (item is JsonValue value && value.TryGetValue(out string? text))
                texts.Add(text);
            else
                problems.Add(new Problem(at, "is not a string"));
        }
        return texts;
    }

    /// <summary>The objects of a list.</summary>
    public IEnumerable<V1Fields> Objects(string name)
    {
        foreach ((string at, JsonNode? item) in Items(name))
        {
            if (item is JsonObject inside)
                yield return new V1Fields(at, inside, problems);
            else
                problems.Add(new Problem(at, "is not an object"));
        }
    }

    /// <summary>An object; an empty one when it is absent.</summary>
    public V1Fields Object(string name)
    {
        JsonNode? value = Take(name);
        if (value is not null and not JsonObject)
            Fail(name, "is not an object");
        return new V1Fields(At(name), value as JsonObject ?? [], problems);
    }

    /// <summary>A map of strings.</summary>
    public LabelMap Labels(string name)
    {
        LabelMap labels = default;
        foreach ((string key, JsonNode? value) in Take(name) as JsonObject ?? [])
        {
            if (value is JsonValue text && text.TryGetValue(out string? read))
                labels = labels.With(key, read);
            else
                Fail($"{name}.{key}", "is not a string");
        }
        return labels;
    }

    public void Fail(string name, string sentence) => problems.Add(new Problem(At(name), sentence));

    /// <summary>Tells what was not taken.</summary>
    public void End()
    {
        foreach ((string name, JsonNode? _) in fields)
            Fail(name, "is not a field of this kind");
    }

    private IEnumerable<(string Path, JsonNode? Item)> Items(string name)
    {
        JsonNode? value = Take(name);
        if (value is not null and not JsonArray)
            Fail(name, "is not a list");
        JsonNode?[] items = value is JsonArray list ? [.. list] : [];
        return items.Select((item, index) => ($"{At(name)}[{index}]", item));
    }
}
