using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Prints resources.</summary>
/// <param name="choice">How.</param>
/// <param name="everywhere">Resources of several namespaces are shown, so the namespace is too.</param>
/// <param name="export">Leave out what is of this cluster alone.</param>
/// <param name="to">Where to.</param>
internal sealed class ResourcePrinter(OutputChoice choice, bool everywhere, bool export, TextWriter to)
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Tables lack their first line.</summary>
    public bool Headless { get; init; }

    /// <summary>Prints a list of one kind.</summary>
    public void PrintList(ResourceKindEntry kind, ResourceList list)
    {
        if (choice.IsDocument || choice.Format == OutputFormat.JsonPath)
            Print(ShownResource.List(kind, list.Resources.Select(Shown), list.Revision));
        else
            PrintRows(kind, list.Resources);
    }

    /// <summary>Prints resources that were asked for by name: one as itself, several as a list.</summary>
    public void PrintNamed(IReadOnlyList<StoredResource> resources)
    {
        if (!choice.IsDocument && choice.Format != OutputFormat.JsonPath)
        {
            PrintGroups(resources);
            return;
        }
        ResourceKind[] kinds = [.. resources.Select(resource => resource.Key.Kind).Distinct()];
        Print(resources.Count == 1 ? Shown(resources[0]) : ShownResource.List(
            kinds.Length == 1 ? ResourceKinds.Of(kinds[0]) : null, resources.Select(Shown), resources.Select(resource => resource.Revision).DefaultIfEmpty().Max()));
    }

    private void PrintGroups(IReadOnlyList<StoredResource> resources)
    {
        bool first = true;
        foreach (IGrouping<ResourceKind, StoredResource> group in resources.GroupBy(resource => resource.Key.Kind))
        {
            if (!first && choice.Format != OutputFormat.Name)
                to.Write('\n');
            first = false;
            PrintRows(ResourceKinds.Of(group.Key), [.. group]);
        }
    }

    private void PrintRows(ResourceKindEntry kind, IReadOnlyList<StoredResource> resources)
    {
        bool withNamespace = everywhere && kind.Namespaced;
        if (choice.Format == OutputFormat.Name)
        {
            foreach (StoredResource resource in resources)
                to.Write($"{kind.Name.ToLowerInvariant()}/{(withNamespace ? $"{resource.Key.Namespace}/" : "")}{resource.DisplayName}\n");
            return;
        }
        Column[] columns = [.. withNamespace && choice.Format != OutputFormat.CustomColumns ? [Column.Namespace] : Array.Empty<Column>(), .. choice.ColumnsOf(kind.Kind)];
        List<IReadOnlyList<string>> rows = Headless ? [] : [[.. columns.Select(column => column.Header)]];
        foreach (StoredResource resource in resources)
        {
            JsonObject shown = Shown(resource);
            rows.Add([.. columns.Select(column => column.Cell(shown))]);
        }
        TableText.Write(rows, to);
    }

    private JsonObject Shown(StoredResource resource) => export ? ShownResource.Exported(ShownResource.Of(resource)) : ShownResource.Of(resource);

    private void Print(JsonObject root)
    {
        switch (choice.Format)
        {
            case OutputFormat.Yaml:
                YamlWriter.Write(root, to);
                return;
            case OutputFormat.JsonPath:
                string text = choice.Template!.Fill(root);
                to.Write(text.EndsWith('\n') ? text : $"{text}\n");
                return;
            default:
                to.Write($"{Json(root, Indented)}\n");
                return;
        }
    }

    private static string Json(JsonObject root, JsonWriterOptions options)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, options))
            root.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
