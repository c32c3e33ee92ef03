using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Canal.Ctl;

/// <summary>Writes JSON as YAML in block style. Strings that some reader could take for something else are quoted.</summary>
internal static class YamlWriter
{
    /// <summary>Writes one document, without a marker before it, ended by a line feed.</summary>
    public static void Write(JsonNode? root, TextWriter to)
    {
        EmitterSettings settings = new(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024, newLine: "\n");
        Emitter emitter = new(to, settings);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, root);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                Emit(emitter, fields);
                break;
            case JsonArray items:
                Emit(emitter, items);
                break;
            default:
                EmitScalar(emitter, node);
                break;
        }
    }

    private static void Emit(Emitter emitter, JsonObject fields)
    {
        emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, fields.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
        foreach ((string name, JsonNode? value) in fields)
        {
            EmitText(emitter, name);
            Emit(emitter, value);
        }
        emitter.Emit(new MappingEnd());
    }

    private static void Emit(Emitter emitter, JsonArray items)
    {
        emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, items.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
        foreach (JsonNode? item in items)
            Emit(emitter, item);
        emitter.Emit(new SequenceEnd());
    }

    private static void EmitScalar(Emitter emitter, JsonNode? node)
    {
        if (node is JsonValue value && value.GetValueKind() == JsonValueKind.String)
            EmitText(emitter, value.GetValue<string>());
        else
            emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, node?.ToJsonString() ?? "null", ScalarStyle.Plain, isPlainImplicit: true, isQuotedImplicit: false));
    }

    // Where the style asked for cannot hold the text the emitter takes a stronger one.
    private static void EmitText(Emitter emitter, string text)
    {
        ScalarStyle style = text.Contains('\n') ? ScalarStyle.Literal : YamlScalar.IsPlainString(text) ? ScalarStyle.Plain : ScalarStyle.SingleQuoted;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));
    }
}
