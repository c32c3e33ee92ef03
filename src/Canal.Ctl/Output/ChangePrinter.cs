using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>Prints changes as they come, each at once.</summary>
internal sealed class ChangePrinter
{
    private readonly ResourceKindEntry kind;
    private readonly bool withNamespace;
    private readonly string format;
    private readonly TextWriter to;
    private readonly Column[] columns;
    private int[] widths = [];

    /// <param name="kind">The kind of all.</param>
    /// <param name="everywhere">Namespaces are shown.</param>
    /// <param name="format">table, name or json.</param>
    /// <param name="to">Where to.</param>
    /// <exception cref="CommandException">Usage.</exception>
    public ChangePrinter(ResourceKindEntry kind, bool everywhere, string format, TextWriter to)
    {
        if (format is not ("table" or "name" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(format)} is not table, name or json");
        (this.kind, this.format, this.to, withNamespace) = (kind, format, to, everywhere && kind.Namespaced);
        columns = [.. withNamespace ? [Column.Namespace] : Array.Empty<Column>(), .. OutputChoice.Table.ColumnsOf(kind.Kind)];
    }

    public void Print(IReadOnlyList<ResourceChange> changes)
    {
        if (changes.Count == 0)
            return;
        if (format == "table")
            PrintRows([.. changes.Select(Row)]);
        else
        {
            foreach (ResourceChange change in changes)
                to.Write($"{(format == "name" ? Name(change) : Json(change))}\n");
        }
        to.Flush();
    }

    private string Name(ResourceChange change) =>
        EscapedText.Of($"{change.Type} {kind.Name.ToLowerInvariant()}/{(withNamespace ? $"{change.Resource.Key.Namespace}/" : "")}{change.Resource.DisplayName}");

    private static string Json(ResourceChange change) =>
        new JsonObject { ["type"] = change.Type, ["object"] = change.Resource.Document is null ? null : ShownResource.Of(change.Resource) }.ToJsonString();

    private string[] Row(ResourceChange change)
    {
        if (change.Resource.Document is null)
            return [change.Type, .. withNamespace ? [change.Resource.Key.Namespace!] : Array.Empty<string>(), change.Resource.DisplayName, $"cannot be shown: {change.Resource.Problem}"];
        JsonObject shown = ShownResource.Of(change.Resource);
        return [change.Type, .. columns.Select(column => column.Cell(shown))];
    }

    /// <summary>The first rows, which are what there was, give the widths; a later row may be wider.</summary>
    private void PrintRows(List<string[]> rows)
    {
        if (widths.Length == 0)
        {
            // As wide as the longest type, whichever comes first.
            string[] header = ["EVENT".PadRight("MODIFIED".Length), .. columns.Select(column => column.Header)];
            widths = [.. header.Select((text, i) => rows.Where(row => i < row.Length).Select(row => row[i].Length).Append(text.Length).Max())];
            rows.Insert(0, ["EVENT", .. header[1..]]);
        }
        foreach (string[] row in rows)
            to.Write($"{EscapedText.Of(string.Join("  ", row.Select((cell, i) => i == row.Length - 1 ? cell : cell.PadRight(i < widths.Length ? widths[i] : 0))))}\n");
    }
}
