using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>A resource as JSON, to be changed and written back: fields nobody here knows and numbers of any size stay as they are.</summary>
public sealed class ResourceDocument
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private ResourceDocument(JsonObject root) => Root = root;

    /// <summary>The whole object; may be changed in place.</summary>
    public JsonObject Root { get; }

    /// <summary>Wraps an object, which from now on belongs to the document.</summary>
    public static ResourceDocument From(JsonObject root) => new(root);

    /// <summary>Reads UTF-8 JSON; null with the problem when it is not an object, or holds a name twice.</summary>
    public static ResourceDocument? Parse(ReadOnlySpan<byte> json, out Problem problem)
    {
        problem = default;
        try
        {
            if (JsonNode.Parse(json, null, Strict) is JsonObject root) return new ResourceDocument(root);
            problem = new Problem("", "is not an object");
        }
        catch (JsonException broken)
        {
            problem = new Problem("", $"is not JSON: {broken.Message}");
        }
        catch (InvalidOperationException)
        {
            // As in ResourceCodec: text without a UTF-16 form.
            problem = new Problem("", "holds text that is not valid UTF-8");
        }
        return null;
    }

    public string Kind => Text(Root, "kind");

    public string ApiVersion => Text(Root, "apiVersion");

    public string Name
    {
        get => MetadataText("name");
        set => SetMetadata("name", value);
    }

    /// <summary>Empty for global kinds.</summary>
    public string Namespace
    {
        get => MetadataText("namespace");
        set => SetMetadata("namespace", value);
    }

    public string Uid
    {
        get => MetadataText("uid");
        set => SetMetadata("uid", value);
    }

    /// <summary>RFC 3339; empty when there is none.</summary>
    public string CreationTimestamp
    {
        get => MetadataText("creationTimestamp");
        set => SetMetadata("creationTimestamp", value);
    }

    /// <summary>The etcd revision the object was read at. Never written: see <see cref="ToStoredBytes"/>.</summary>
    public string ResourceVersion
    {
        get => MetadataText("resourceVersion");
        set => SetMetadata("resourceVersion", value);
    }

    public LabelMap Labels
    {
        get => Map("labels");
        set => SetMap("labels", value);
    }

    public LabelMap Annotations
    {
        get => Map("annotations");
        set => SetMap("annotations", value);
    }

    /// <summary>The spec; null when there is none or it is not an object.</summary>
    public JsonObject? Spec => Root["spec"] as JsonObject;

    /// <summary>The spec, made when there is none.</summary>
    public JsonObject EnsureSpec() => Ensure("spec");

    /// <summary>The kind and names as a key; false when the kind is not known, the name is empty, or the namespace does not fit the kind's scope.</summary>
    public bool TryGetKey(out ResourceKey key)
    {
        key = default;
        if (!ResourceKinds.TryFindName(Kind, out ResourceKind kind) || Name.Length == 0) return false;
        bool namespaced = ResourceKinds.Of(kind).Namespaced;
        if (namespaced && Namespace.Length == 0) return false;
        key = new ResourceKey(kind, namespaced ? Namespace : null, Name);
        return true;
    }

    /// <summary>The name to show; differs from <see cref="Name"/> only for tiered policies, see <see cref="PolicyNames"/>.</summary>
    public string DisplayName => ResourceKinds.TryFindName(Kind, out ResourceKind kind) && kind.IsTiered()
        ? PolicyNames.Display(Name, Spec is { } spec ? Text(spec, "tier") : "", Annotations[PolicyNames.Annotation])
        : Name;

    /// <summary>An independent copy.</summary>
    public ResourceDocument Clone() => new((JsonObject)Root.DeepClone());

    /// <summary>Reads the document as a resource.</summary>
    public Decoded Decode(ResourceKey key) => ResourceCodec.Decode(key, ToBytes());

    /// <summary>Compact JSON with everything in it.</summary>
    public byte[] ToBytes()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, JsonText.Options)) Root.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Compact JSON as it goes to etcd: without resourceVersion and selfLink, which are never stored.</summary>
    public byte[] ToStoredBytes()
    {
        ResourceDocument stored = Clone();
        (stored.Root["metadata"] as JsonObject)?.Remove("resourceVersion");
        (stored.Root["metadata"] as JsonObject)?.Remove("selfLink");
        return stored.ToBytes();
    }

    /// <summary>A string field; empty when it is absent or not a string.</summary>
    internal static string Text(JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private string MetadataText(string name) => Root["metadata"] is JsonObject metadata ? Text(metadata, name) : "";

    private void SetMetadata(string name, string value)
    {
        JsonObject metadata = Ensure("metadata");
        if (value.Length == 0) metadata.Remove(name);
        else metadata[name] = value;
    }

    private LabelMap Map(string name)
    {
        if (Root["metadata"] is not JsonObject metadata || metadata[name] is not JsonObject map) return default;
        List<KeyValuePair<string, string>> entries = [];
        foreach ((string key, JsonNode? node) in map)
            if (node is JsonValue value && value.TryGetValue(out string? text)) entries.Add(new(key, text));
        return LabelMap.Create(entries);
    }

    private void SetMap(string name, LabelMap map)
    {
        JsonObject metadata = Ensure("metadata");
        metadata.Remove(name);
        if (map.IsEmpty) return;
        JsonObject target = [];
        foreach ((string key, string value) in map) target[key] = value;
        metadata[name] = target;
    }

    private JsonObject Ensure(string name)
    {
        if (Root[name] is JsonObject present) return present;
        JsonObject made = [];
        Root[name] = made;
        return made;
    }
}
