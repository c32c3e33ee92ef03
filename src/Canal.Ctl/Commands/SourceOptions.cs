using System.CommandLine;

namespace Canal.Ctl;

/// <summary>The options of commands that read documents.</summary>
internal sealed class SourceOptions
{
    private readonly Option<string[]> files = new("--filename", "-f")
    {
        Description = "YAML or JSON: a file, a folder, or - for standard input. May be given more than once.",
        HelpName = "FILE",
    };

    private readonly Option<string> @namespace = new("--namespace", "-n")
    {
        Description = "The namespace of what names none; default: default.",
        HelpName = "NAMESPACE",
    };

    public void AddTo(Command command)
    {
        command.Add(files);
        command.Add(@namespace);
    }

    public IReadOnlyList<string> Files(ParseResult parsed) => parsed.GetValue(files) ?? [];

    /// <summary>Null when none was given.</summary>
    public string? Namespace(ParseResult parsed) => parsed.GetValue(@namespace);
}
