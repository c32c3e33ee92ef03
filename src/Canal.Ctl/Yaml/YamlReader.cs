using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Canal.Ctl;

/// <summary>Reads YAML as the JSON it stands for: anchors and merge keys resolved, names in a mapping unique, scalars by <see cref="YamlScalar"/>.</summary>
internal sealed class YamlReader
{
    private const int DeepestNesting = 60;

    // Aliases of aliases can make a page of text into more than any memory holds.
    private const int MostNodes = 1_000_000;

    private readonly Parser parser;
    private readonly Dictionary<string, JsonNode?> anchors = new(StringComparer.Ordinal);
    private int nodes;

    private YamlReader(string text) => parser = new Parser(new StringReader(text));

    /// <summary>The documents one by one.</summary>
    /// <exception cref="SyntaxException">On coming to what cannot be read; the documents before it have been given.</exception>
    public static IEnumerable<YamlDocument> Read(string text)
    {
        YamlReader reader = new(text);
        while (reader.NextDocument() is { } document)
            yield return document;
    }

    private YamlDocument? NextDocument()
    {
        while (Next())
        {
            if (parser.Current is not DocumentStart)
                continue;
            anchors.Clear();
            nodes = 0;
            Next();
            int line = (int)parser.Current!.Start.Line;
            return new YamlDocument(line, Node(0));
        }
        return null;
    }

    private bool Next()
    {
        try
        {
            return parser.MoveNext();
        }
        catch (YamlException error)
        {
            throw new SyntaxException(error.Start.Line, error.Start.Column, error.Message);
        }
    }

    /// <summary>The node whose first event is current; leaves its last event current.</summary>
    private JsonNode? Node(int depth)
    {
        if (depth > DeepestNesting)
            throw Wrong($"is nested deeper than {DeepestNesting} levels");
        if (parser.Current is AnchorAlias alias)
            return Copy(alias);
        if (parser.Current is not NodeEvent node)
            throw Wrong("a value is missing");
        Count(1);
        AnchorName anchor = node.Anchor;
        JsonNode? value = node switch
        {
            Scalar scalar => Value(scalar),
            SequenceStart => Sequence(depth),
            _ => Mapping(depth),
        };
        if (!anchor.IsEmpty)
            anchors[anchor.Value] = value;
        return value;
    }

    private JsonArray Sequence(int depth)
    {
        JsonArray items = [];
        while (Next() && parser.Current is not SequenceEnd)
            items.Add(Node(depth + 1));
        return items;
    }

    private JsonObject Mapping(int depth)
    {
        JsonObject fields = [];
        List<JsonNode?> merged = [];
        while (Next() && parser.Current is not MappingEnd)
        {
            if (parser.Current is not Scalar key)
                throw Wrong("a name has to be text");
            SyntaxException twice = Wrong($"'{key.Value}' is there twice");
            bool isMerge = key.Value == "<<" && key.Style == ScalarStyle.Plain;
            Next();
            JsonNode? value = Node(depth + 1);
            if (isMerge)
                merged.Add(value);
            else if (!fields.TryAdd(key.Value, value))
                throw twice;
        }
        foreach (JsonNode? other in merged)
            Merge(fields, other);
        return fields;
    }

    // yaml.org/type/merge.html: what the mapping says itself counts, then the first of several.
    private void Merge(JsonObject fields, JsonNode? other)
    {
        if (other is JsonArray list)
        {
            foreach (JsonNode? item in list)
                Merge(fields, item);
            return;
        }
        if (other is not JsonObject source)
            throw Wrong("'<<' does not merge a mapping");
        foreach ((string name, JsonNode? value) in source)
        {
            if (!fields.ContainsKey(name))
                fields[name] = value?.DeepClone();
        }
    }

    private JsonNode? Copy(AnchorAlias alias)
    {
        if (!anchors.TryGetValue(alias.Value.Value, out JsonNode? original))
            throw Wrong($"there is no anchor '{alias.Value.Value}' before this alias");
        Count(Size(original));
        return original?.DeepClone();
    }

    private JsonNode? Value(Scalar scalar)
    {
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
            return scalar.Tag.Value == "tag:yaml.org,2002:str" ? JsonValue.Create(scalar.Value) : throw Wrong($"the tag {scalar.Tag.Value} means nothing here");
        return scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty ? YamlScalar.Resolve(scalar.Value) : JsonValue.Create(scalar.Value);
    }

    private void Count(int more)
    {
        nodes += more;
        if (nodes > MostNodes)
            throw Wrong($"the document has more than {MostNodes} values");
    }

    private static int Size(JsonNode? node) => node switch
    {
        JsonObject fields => 1 + fields.Sum(field => Size(field.Value)),
        JsonArray items => 1 + items.Sum(Size),
        _ => 1,
    };

    private SyntaxException Wrong(string message) => new(parser.Current?.Start.Line ?? 1, parser.Current?.Start.Column ?? 1, message);
}
