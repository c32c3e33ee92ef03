using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>What <c>-o</c> was given.</summary>
/// <param name="Format">The format.</param>
/// <param name="Columns">What stands after <c>custom-columns=</c>; else empty.</param>
/// <param name="Template">What stands after <c>jsonpath=</c>; else null.</param>
internal sealed record OutputChoice(OutputFormat Format, string Columns = "", PathTemplate? Template = null)
{
    private const string CustomColumns = "custom-columns=", JsonPath = "jsonpath=";

    public static OutputChoice Table { get; } = new(OutputFormat.Table);

    /// <summary>As help says what is taken unless another is given.</summary>
    public override string ToString() => Format.ToString().ToLowerInvariant();

    /// <summary>Structure for programs, not lines for people.</summary>
    public bool IsDocument => Format is OutputFormat.Yaml or OutputFormat.Json;

    /// <exception cref="CommandException">Usage.</exception>
    public static OutputChoice Parse(string word)
    {
        if (word.StartsWith(CustomColumns, StringComparison.Ordinal))
            return new OutputChoice(OutputFormat.CustomColumns, word[CustomColumns.Length..]);
        if (word.StartsWith(JsonPath, StringComparison.Ordinal))
            return new OutputChoice(OutputFormat.JsonPath, Template: PathTemplate.Parse(word[JsonPath.Length..]));
        if (word.StartsWith("go-template", StringComparison.Ordinal))
            throw CommandException.Usage("-o: go templates are not understood: use -o jsonpath=...");
        return new OutputChoice(word switch
        {
            "table" or "ps" => OutputFormat.Table,
            "wide" => OutputFormat.Wide,
            "yaml" or "yml" => OutputFormat.Yaml,
            "json" => OutputFormat.Json,
            "name" => OutputFormat.Name,
            _ => throw CommandException.Usage($"-o: {Problem.Quote(word)} is not table, wide, yaml, json, name, custom-columns=... or jsonpath=..."),
        });
    }

    /// <summary>The columns of a table of the kind.</summary>
    /// <exception cref="CommandException">Usage.</exception>
    public IReadOnlyList<Column> ColumnsOf(ResourceKind kind)
    {
        if (Format != OutputFormat.CustomColumns)
            return [Column.Name, .. Ctl.Columns.Of(kind).Where(column => Format == OutputFormat.Wide || !column.Wide)];
        if (Columns.Length == 0)
            throw CommandException.Usage("-o custom-columns: name at least one column, as in custom-columns=NAME,NETS:.spec.nets");
        return [.. Columns.Split(',').Select(item => Named(item, kind))];
    }

    /// <summary><c>HEADER:.path</c> as kubectl has it, or as calicoctl has it the header of a column of the wide table.</summary>
    private static Column Named(string item, ResourceKind kind)
    {
        int colon = item.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0)
            return new Column(item[..colon], PathTemplate.ParseCell($"{{{item[(colon + 1)..].Trim('{', '}')}}}"));
        Column[] known = [Column.Name, Column.Namespace, .. Ctl.Columns.Of(kind)];
        return known.FirstOrDefault(column => column.Header.Equals(item, StringComparison.OrdinalIgnoreCase))
            ?? throw CommandException.Usage(
                $"-o custom-columns: {Problem.Quote(item)} is not a column of {ResourceKinds.Of(kind).Name}: {string.Join(", ", known.Select(column => column.Header))}, or HEADER:.path.of.fields");
    }
}
