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

    private readonly Option<bool> recursive = new("--recursive", "-R") { Description = "Read the folders in a folder too." };

    private readonly Option<bool> skipEmpty = new("--skip-empty") { Description = "It is no error that files hold no resources." };

    private readonly Option<string> @namespace = new("--namespace", "-n")
    {
        Description = "The namespace of what names none; default: default.",
        HelpName = "NAMESPACE",
    };

    public void AddTo(Command command)
    {
        command.Add(files);
        command.Add(recursive);
        command.Add(skipEmpty);
        command.Add(@namespace);
    }

    public IReadOnlyList<string> Files(ParseResult parsed) => parsed.GetValue(files) ?? [];

    /// <summary>Null when none was given.</summary>
    public string? Namespace(ParseResult parsed) => parsed.GetValue(@namespace);

    /// <summary>Takes the files apart.</summary>
    public Input Read(ParseResult parsed, Surroundings around)
    {
        IReadOnlyList<string> paths = Files(parsed);
        Input input = InputReader.Read(paths, parsed.GetValue(recursive), around.Input);
        if (input.Documents.Count > 0 || input.Errors.Count > 0 || parsed.GetValue(skipEmpty))
            return input;
        string where = string.Join(", ", paths.Select(path => path == "-" ? InputText.StandardInput : path));
        return input with { Errors = [$"{where}: no resources there"] };
    }
}
