using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl get</c>.</summary>
internal sealed class GetCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;

    private readonly Argument<string[]> words = new("KIND NAME")
    {
        Description = "A kind of resource (networkpolicy, gnp, hep, ...), and the names of those wanted; without names, all.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> @namespace = new("--namespace", "-n") { Description = "The namespace to look in; default: default.", HelpName = "NAMESPACE" };

    private readonly Option<bool> everywhere = new("--all-namespaces", "-A", "-a") { Description = "Look in every namespace." };

    private readonly Option<OutputFormat> output = new("--output", "-o")
    {
        Description = "table, wide, yaml, json or name.",
        HelpName = "FORMAT",
        CustomParser = result => Format(result.Tokens[0].Value),
    };

    public GetCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("get", "Show resources.") { words, @namespace, everywhere, output };
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        bool all = parsed.GetValue(everywhere);
        (ResourceKindEntry kind, IReadOnlyList<ResourceArgument> named) = ResourceArgument.Read(parsed.GetValue(words)!, parsed.GetValue(@namespace));
        if (all && (named.Count > 0 || parsed.GetValue(@namespace) is not null))
            throw CommandException.Usage("get: -A goes neither with names nor with -n");
        if (named.Any(resource => resource.Kind != kind))
            throw CommandException.Usage("get: all names have to be of one kind");
        await using Connection connection = Connection.Open(parsed, options, around);
        OutputFormat format = parsed.GetValue(output);
        if (named.Count > 0)
            return await GetAsync(connection.Resources, kind, named, format, stop);
        string? space = kind.Namespaced && !all ? parsed.GetValue(@namespace) ?? WantedReader.DefaultNamespace : null;
        ResourceList list = await connection.Resources.ListAsync(kind, space, stop);
        Print(new ResourcePrinter(kind, all, around.Output), format, list with { Resources = Sorted(Readable(list.Resources)) });
        return ExitCode.Ok;
    }

    private async Task<int> GetAsync(
        ResourceStore store, ResourceKindEntry kind, IReadOnlyList<ResourceArgument> named, OutputFormat format, CancellationToken stop)
    {
        List<StoredResource> found = [];
        foreach (ResourceArgument wanted in named)
        {
            if (await store.FindAsync(kind.Kind, wanted.Namespace, wanted.Name, stop) is { } stored)
                found.Add(stored);
            else
                around.Say($"{wanted.Title}: does not exist");
        }
        List<StoredResource> readable = Readable(found);
        bool several = named.DistinctBy(resource => resource.Namespace).Count() > 1;
        ResourcePrinter printer = new(kind, several, around.Output);
        if (named.Count == 1 && readable.Count == 1 && format is OutputFormat.Yaml or OutputFormat.Json)
            printer.PrintObject(format, readable[0]);
        else if (readable.Count > 0)
            Print(printer, format, new ResourceList(readable.Max(resource => resource.Revision), readable));
        return readable.Count == named.Count ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void Print(ResourcePrinter printer, OutputFormat format, ResourceList list)
    {
        if (format is OutputFormat.Yaml or OutputFormat.Json)
            printer.PrintList(format, list);
        else
            printer.PrintRows(format, list.Resources);
    }

    /// <summary>Those that can be shown. Says which cannot, and which agents will leave out, wholly or in part.</summary>
    private List<StoredResource> Readable(IReadOnlyList<StoredResource> resources)
    {
        List<StoredResource> readable = [];
        foreach (StoredResource resource in resources)
        {
            if (resource.Document is not { } document)
            {
                around.Say($"{resource.Key}: cannot be shown: the stored value {resource.Problem}");
                continue;
            }
            readable.Add(resource);
            foreach (Problem problem in document.Decode(resource.Key).Problems)
                around.Say($"{resource.Key}: {problem}");
        }
        return readable;
    }

    private static List<StoredResource> Sorted(List<StoredResource> resources) =>
        [.. resources.OrderBy(resource => resource.Key.Namespace, StringComparer.Ordinal).ThenBy(resource => resource.DisplayName, StringComparer.Ordinal)];

    private static OutputFormat Format(string word) => word switch
    {
        "table" => OutputFormat.Table,
        "wide" => OutputFormat.Wide,
        "yaml" => OutputFormat.Yaml,
        "json" => OutputFormat.Json,
        "name" => OutputFormat.Name,
        _ => throw CommandException.Usage($"-o: {Problem.Quote(word)} is not table, wide, yaml, json or name"),
    };
}
