using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl delete</c>, by name or by the documents of files.</summary>
internal sealed class DeleteCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly SourceOptions source = new();

    private readonly Argument<string[]> words = new("KIND NAME")
    {
        HelpName = "KIND NAME",
        Description = "The kind and the names of what to delete.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> ignoreMissing = new("--ignore-not-found", "--skip-not-exists", "-s") { Description = "It is no error that something is not there." };

    public DeleteCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("delete", "Delete resources.") { words, ignoreMissing };
        source.AddTo(Definition);
        Definition.SetAction(RunAsync);
        words.CompletionSources.Add(new ResourceWords(options, around).Complete);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (Targets(parsed) is not { } targets)
        {
            around.Say("nothing was deleted");
            return ExitCode.Failure;
        }
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceRemover remover = new(connection, around, parsed.GetValue(ignoreMissing));
        bool good = true;
        foreach ((ResourceArgument target, long? revision) in targets)
            good &= await remover.RemoveAsync(target, revision, stop);
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    /// <summary>What to delete; null after saying what is wrong with the files.</summary>
    private List<(ResourceArgument, long?)>? Targets(ParseResult parsed)
    {
        string[] named = parsed.GetValue(words) ?? [];
        IReadOnlyList<string> files = source.Files(parsed);
        if (files.Count > 0 == named.Length > 0)
            throw CommandException.Usage("delete: name either a kind and names, or -f FILE");
        if (files.Count > 0)
            return OfFiles(parsed);
        IReadOnlyList<ResourceArgument> targets = ResourceArgument.Read(named, source.Namespace(parsed)).Named;
        return targets.Count > 0 ? [.. targets.Select(target => (target, (long?)null))] : throw CommandException.Usage("delete: a name is missing");
    }

    /// <summary>The last first: what stands later in a file may need what stands earlier, as a policy its tier and a peer its node. Only identities count, so the
    /// documents need not be valid otherwise.</summary>
    private List<(ResourceArgument, long?)>? OfFiles(ParseResult parsed) =>
        WantedInput.Read(source, parsed, (_, _) => { }, around)?.OrderBy(wanted => wanted.Kind.Kind is ResourceKind.Tier or ResourceKind.Node ? 0 : 1).Reverse()
            .Select(wanted => (new ResourceArgument(wanted.Kind, wanted.Namespace, wanted.Name), wanted.Revision)).ToList();
}
