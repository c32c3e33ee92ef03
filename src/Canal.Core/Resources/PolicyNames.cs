using System.Text.Json;

namespace Canal.Core.Resources;

/// <summary>Names of tiered policies, which differ between releases: up to 3.31 a policy <c>foo</c> of the default tier is stored as
/// <c>default.foo</c>, since 3.32 as <c>foo</c>; since 3.30 an annotation keeps the name the user gave.</summary>
public static class PolicyNames
{
    /// <summary>Holds <c>{"name":"foo"}</c>, the name as the user gave it.</summary>
    public const string Annotation = "projectcalico.org/metadata";

    /// <summary>The label that names a policy's tier.</summary>
    public const string TierLabel = "projectcalico.org/tier";

    private const string DefaultPrefix = PolicySpec.DefaultTier + ".";

    /// <summary>The name to show: the annotation's if it has one, else in the default tier the stored name without one leading <c>default.</c>,
    /// else the stored name.</summary>
    public static string Display(string storedName, string tier, string? annotation)
    {
        if (NameIn(annotation) is { } given) return given;
        bool isDefault = tier.Length == 0 || tier == PolicySpec.DefaultTier;
        return isDefault && storedName.StartsWith(DefaultPrefix, StringComparison.Ordinal) ? storedName[DefaultPrefix.Length..] : storedName;
    }

    /// <inheritdoc cref="Display(string, string, string?)"/>
    public static string Display(Metadata metadata, PolicySpec spec) => Display(metadata.Name, spec.Tier, metadata.Annotations[Annotation]);

    /// <summary>The names under which a policy that a user calls so may be stored, in the order to try them.</summary>
    public static EquatableArray<string> Candidates(string name) => StoredName(name, PolicyNameStyle.Prefixed) is var prefixed && prefixed == name
        ? [name]
        : [name, prefixed];

    /// <summary>The name to store a new policy under.</summary>
    public static string StoredName(string name, PolicyNameStyle style) =>
        style == PolicyNameStyle.Verbatim || name.Contains('.') ? name : DefaultPrefix + name;

    /// <summary>The value of <see cref="Annotation"/> for a name.</summary>
    public static string AnnotationFor(string name) => $"{{\"name\":{JsonText.Quote(name)}}}";

    private static string? NameIn(string? annotation)
    {
        if (string.IsNullOrEmpty(annotation)) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(annotation);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("name", out JsonElement name)
                && name.ValueKind == JsonValueKind.String && name.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (JsonException)
        {
            // A broken annotation says nothing about the name, so the stored name counts.
            return null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
