using System.CommandLine;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl convert</c>: resources in the form of Calico 1 and 2 (<c>apiVersion: v1</c>) in the form of Calico 3. It needs no etcd.</summary>
internal sealed class ConvertCommand
{
    private readonly Surroundings around;
    private readonly Option<string[]> files = new("--filename", "-f") { Description = "YAML or JSON: a file, a folder, or - for standard input. May be given more than once.", HelpName = "FILE" };
    private readonly Option<string> output = new("--output", "-o") { Description = "yaml or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "yaml" };
    private readonly Option<bool> unvalidated = new("--ignore-validation") { Description = "Print also what apply would refuse." };

    public ConvertCommand(Surroundings around)
    {
        this.around = around;
        Definition = new Command("convert", "Print resources of Calico 1 and 2 (apiVersion: v1) as apply takes them.") { files, output, unvalidated };
        Definition.SetAction(Run);
    }

    public Command Definition { get; }

    private int Run(ParseResult parsed)
    {
        string format = parsed.GetValue(output)!;
        if (format is not ("yaml" or "yml" or "json"))
            throw CommandException.Usage($"-o: {Problem.Quote(format)} is not yaml or json");
        if (parsed.GetValue(files) is not { Length: > 0 } paths)
            throw CommandException.Usage("convert: -f FILE is missing");
        Input input = InputReader.Read(paths, recursive: false, around.Input);
        List<string> errors = [.. input.Errors];
        if (input.Documents.Count == 0 && errors.Count == 0)
            errors.Add($"{string.Join(", ", paths)}: no resources there");
        List<JsonObject> converted = [.. input.Documents.Select(document => Convert(document, !parsed.GetValue(unvalidated), errors)).OfType<ResourceDocument>().Select(document => document.Root)];
        foreach (string error in errors)
            around.Say(error);
        if (errors.Count > 0)
            return ExitCode.Failure;
        Print(converted, format);
        return ExitCode.Ok;
    }

    private static ResourceDocument? Convert(SourceDocument source, bool check, List<string> errors)
    {
        List<Problem> problems = [];
        ResourceDocument? converted = V1Resource.Convert(source.Document.Root, problems);
        if (converted is not null && check && problems.Count == 0 && new WantedReader(null).Read(new SourceDocument(source.Origin, converted), problems) is { } wanted)
            DocumentCheck.Check(wanted, problems);
        errors.AddRange(problems.Select(problem => $"{source.Origin}: {problem}"));
        return converted;
    }

    /// <summary>In YAML one document after the other, in JSON several as an array: what every reader of such files takes.</summary>
    private void Print(List<JsonObject> resources, string format)
    {
        if (format == "json")
        {
            JsonNode all = resources.Count == 1 ? resources[0] : new JsonArray([.. resources]);
            JsonText.Write(around.Output, json => all.WriteTo(json));
            return;
        }
        for (int i = 0; i < resources.Count; i++)
        {
            around.Output.Write(i == 0 ? "" : "---\n");
            YamlWriter.Write(resources[i], around.Output);
        }
    }
}
