using System.Text.Json;

namespace Canal.Core.Resources;

/// <summary>Reads stored values. Anybody may have written them: bad data never throws, it gives problems, and no resource where the rest cannot be
/// trusted. Tolerates what the releases 3.20 to 3.32 leave (null timestamps, missing sides of rules, ports as strings, absent tier and types).</summary>
public static class ResourceCodec
{
    /// <summary>The <c>apiVersion</c> of every resource.</summary>
    public const string ApiVersion = "projectcalico.org/v3";

    // Stands where the metadata of a value comes after its spec, until it is known.
    private static readonly Metadata StandIn = new() { Name = "" };

    /// <summary>Reads the value of a key.</summary>
    /// <param name="key">The identity; it counts where the value says otherwise.</param>
    /// <param name="json">UTF-8 JSON.</param>
    /// <param name="pool">Where repeated strings are shared; give one when many values are read.</param>
    public static Decoded Decode(ResourceKey key, ReadOnlyMemory<byte> json, StringPool? pool = null)
    {
        JsonScanner scanner = new(json.Span, pool);
        try
        {
            Resource? resource = Read(ref scanner, key);
            return new Decoded(scanner.Failed ? null : resource, scanner.Problems);
        }
        catch (JsonException broken)
        {
            return Unusable($"is not JSON: {broken.Message}");
        }
        catch (InvalidOperationException)
        {
            // What Utf8JsonReader throws for text that has no UTF-16 form: invalid UTF-8, or half of a surrogate pair.
            return Unusable("holds text that is not valid UTF-8");
        }
    }

    private static Decoded Unusable(string sentence) => new(null, [new Problem("", sentence)]);

    private static Resource? Read(ref JsonScanner json, ResourceKey key)
    {
        Metadata? metadata = null;
        Resource? resource = null;
        bool hasSpec = false;
        json.Start();
        if (json.IsNull) json.Fail("is null, not an object");
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("metadata"u8)) metadata = MetadataReader.Read(ref json, key);
            else if (json.Is("spec"u8)) (resource, hasSpec) = (SpecReader.Read(ref json, key, metadata ?? StandIn, resource), true);
            else if (json.Is("status"u8)) resource = SpecReader.ReadStatus(ref json, key, metadata ?? StandIn, resource);
            else if (json.Is("kind"u8)) Expect(ref json, ResourceKinds.Of(key.Kind).Name);
            else if (json.Is("apiVersion"u8)) Expect(ref json, ApiVersion);
            else json.SkipValue();
        }
        if (json.Failed) return null;
        json.Finish();
        if (!hasSpec) resource = WithoutSpec(key, metadata ?? StandIn, resource);
        return SpecReader.Complete(ref json, resource!, metadata ?? MetadataReader.Bare(key));
    }

    // As Go reads it: every field of the spec has its default.
    private static Resource WithoutSpec(ResourceKey key, Metadata metadata, Resource? soFar)
    {
        JsonScanner nothing = new("null"u8, null);
        nothing.Start();
        return SpecReader.Read(ref nothing, key, metadata, soFar);
    }

    private static void Expect(ref JsonScanner json, string expected)
    {
        string text = json.TextOr(expected);
        if (text != expected && text.Length > 0) json.Note($"{Problem.Quote(text)} is not {expected}, which the key says");
    }
}
