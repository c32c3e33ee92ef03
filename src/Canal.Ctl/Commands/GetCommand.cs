using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl get</c>.</summary>
internal sealed class GetCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly SourceOptions source = new();
    private readonly Option<OutputChoice> output = OutputOption.Define();

    private readonly Argument<string[]> words = new("KIND NAME")
    {
        HelpName = "KIND NAME",
        Description = "A kind of resource (networkpolicy, gnp, hep, ...), and the names of those wanted; without names, all.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> everywhere = new("--all-namespaces", "-A", "-a") { Description = "Look in every namespace." };

    private readonly Option<bool> headless = new("--no-headers") { Description = "Tables without their first line." };

    private readonly Option<bool> export = new("--export") { Description = "Leave out what is of this cluster alone, such as uid and revision." };

    public GetCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("get", "Show resources.") { words, everywhere, output, headless, export };
        source.AddTo(Definition);
        Definition.SetAction(RunAsync);
        words.CompletionSources.Add(new ResourceWords(options, around).Complete);
    }

    public Command Definition { get; }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        string[] named = parsed.GetValue(words) ?? [];
        bool hasFiles = source.Files(parsed).Count > 0;
        if (hasFiles == named.Length > 0)
            throw CommandException.Usage("get: name either a kind, perhaps with names, or -f FILE");
        return hasFiles ? RunOnFilesAsync(parsed, stop) : RunOnWordsAsync(parsed, named, stop);
    }

    private async Task<int> RunOnFilesAsync(ParseResult parsed, CancellationToken stop)
    {
        if (WantedInput.Read(source, parsed, (_, _) => { }, around) is not { } wanted)
            return ExitCode.Failure;
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        return await GetAsync(connection.Resources, [.. wanted.Select(resource => new ResourceArgument(resource.Kind, resource.Namespace, resource.Name))], parsed, stop);
    }

    private async Task<int> RunOnWordsAsync(ParseResult parsed, string[] named, CancellationToken stop)
    {
        bool all = parsed.GetValue(everywhere);
        (ResourceKindEntry kind, IReadOnlyList<ResourceArgument> targets) = ResourceArgument.Read(named, source.Namespace(parsed));
        if (all && (targets.Count > 0 || source.Namespace(parsed) is not null))
            throw CommandException.Usage("get: -A goes neither with names nor with -n");
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        if (targets.Count > 0)
            return await GetAsync(connection.Resources, targets, parsed, stop);
        string? space = kind.Namespaced && !all ? source.Namespace(parsed) ?? WantedReader.DefaultNamespace : null;
        ResourceList list = await connection.Resources.ListAsync(kind, space, stop);
        Printer(parsed, all).PrintList(kind, list with { Resources = Sorted(Readable(list.Resources)) });
        return ExitCode.Ok;
    }

    private async Task<int> GetAsync(ResourceStore store, IReadOnlyList<ResourceArgument> targets, ParseResult parsed, CancellationToken stop)
    {
        List<StoredResource> found = [];
        foreach (ResourceArgument wanted in targets)
        {
            if (await store.FindAsync(wanted.Kind.Kind, wanted.Namespace, wanted.Name, stop) is { } stored)
                found.Add(stored);
            else
                around.Say($"{wanted.Title}: does not exist");
        }
        List<StoredResource> readable = Readable(found);
        bool several = targets.Any(target => target.Namespace is not null && target.Namespace != WantedReader.DefaultNamespace) && source.Namespace(parsed) is null;
        if (readable.Count > 0)
            Printer(parsed, several).PrintNamed(readable);
        return readable.Count == targets.Count ? ExitCode.Ok : ExitCode.Failure;
    }

    private ResourcePrinter Printer(ParseResult parsed, bool several) => new(parsed.GetValue(output)!, several, parsed.GetValue(export), around.Output) { Headless = parsed.GetValue(headless) };

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
}
