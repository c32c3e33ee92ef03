using System.Text.Json.Nodes;

namespace Canal.Ctl;

/// <summary>A column of a table of resources.</summary>
internal sealed class Column
{
    /// <summary>What stands for nothing, so that every row has as many words as the header has.</summary>
    private const string Nothing = "-";

    private readonly PathTemplate path;

    /// <param name="header">In upper case.</param>
    /// <param name="path">Fields of the document from its root, with dots between.</param>
    /// <param name="wide">Only with <c>-o wide</c>.</param>
    public Column(string header, string path, bool wide = false) : this(header, PathTemplate.ParseCell($"{{.{path}}}")) => Wide = wide;

    public Column(string header, PathTemplate path) => (Header, this.path) = (header, path);

    /// <summary>Names are shown as people say them.</summary>
    public static Column Name { get; } = new("NAME", "metadata.name");

    public static Column Namespace { get; } = new("NAMESPACE", "metadata.namespace");

    public string Header { get; }

    public bool Wide { get; }

    public string Cell(JsonNode shown)
    {
        string text = path.Fill(shown);
        return text.Length == 0 ? Nothing : text;
    }
}
