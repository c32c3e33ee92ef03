using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Prints resources of one kind.</summary>
/// <param name="kind">The kind.</param>
/// <param name="everywhere">Resources of several namespaces are shown, so the namespace is too.</param>
/// <param name="to">Where to.</param>
internal sealed class ResourcePrinter(ResourceKindEntry kind, bool everywhere, TextWriter to)
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] RootOrder = ["apiVersion", "kind", "metadata", "spec", "status"];

    /// <summary>A table or a list of names.</summary>
    public void PrintRows(OutputFormat format, IReadOnlyList<StoredResource> resources)
    {
        if (format == OutputFormat.Name)
        {
            foreach (StoredResource resource in resources)
                to.Write($"{kind.Name.ToLowerInvariant()}/{(everywhere && kind.Namespaced ? $"{resource.Key.Namespace}/" : "")}{resource.DisplayName}\n");
            return;
        }
        Column[] columns = [.. Columns.Of(kind.Kind).Where(column => format == OutputFormat.Wide || !column.Wide)];
        string[] header = [.. everywhere && kind.Namespaced ? (string[])["NAMESPACE"] : [], "NAME", .. columns.Select(column => column.Header)];
        TableText.Write([header, .. resources.Select(resource => Row(resource, columns))], to);
    }

    /// <summary>One object as it is, to be edited and applied again.</summary>
    public void PrintObject(OutputFormat format, StoredResource resource) => Print(format, Shown(resource));

    /// <summary>Several objects as one list.</summary>
    public void PrintList(OutputFormat format, ResourceList list)
    {
        JsonArray items = [];
        foreach (StoredResource resource in list.Resources)
            items.Add((JsonNode)Shown(resource));
        JsonObject metadata = new() { ["resourceVersion"] = Text(list.Revision) };
        Print(format, new JsonObject { ["apiVersion"] = ResourceCodec.ApiVersion, ["kind"] = $"{kind.Name}List", ["metadata"] = metadata, ["items"] = items });
    }

    private string[] Row(StoredResource resource, Column[] columns) =>
        [.. everywhere && kind.Namespaced ? [resource.Key.Namespace!] : Array.Empty<string>(), resource.DisplayName, .. columns.Select(column => column.Cell(resource.Document!))];

    private void Print(OutputFormat format, JsonObject root)
    {
        if (format == OutputFormat.Yaml)
        {
            YamlWriter.Write(root, to);
            return;
        }
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Indented))
            root.WriteTo(writer);
        to.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        to.Write('\n');
    }

    /// <summary>The object as a person knows it: under its display name, without the annotation that only keeps that name, with its revision.</summary>
    private static JsonObject Shown(StoredResource resource)
    {
        ResourceDocument document = resource.Document!.Clone();
        document.Name = resource.DisplayName;
        document.ResourceVersion = Text(resource.Revision);
        if (resource.Key.Kind.IsTiered())
            document.Annotations = document.Annotations.Without(PolicyNames.Annotation);
        JsonObject ordered = [];
        foreach (string field in RootOrder.Concat(document.Root.Select(field => field.Key).Except(RootOrder)))
        {
            if (document.Root.TryGetPropertyValue(field, out JsonNode? value))
                ordered[field] = value?.DeepClone();
        }
        return ordered;
    }

    private static string Text(long revision) => revision.ToString(CultureInfo.InvariantCulture);
}
