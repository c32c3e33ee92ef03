using System.CommandLine;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl watch</c>: what there is of a kind, then each change as it happens.</summary>
internal sealed class WatchCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<string[]> words = new("KIND NAME") { HelpName = "KIND NAME", Description = "A kind of resource, and the names of those to watch; without names, all.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> @namespace = new("--namespace", "-n") { Description = "The namespace to look in; default: default.", HelpName = "NAMESPACE" };
    private readonly Option<bool> everywhere = new("--all-namespaces", "-A", "-a") { Description = "Look in every namespace." };
    private readonly Option<string> duration = new("--for") { Description = "End with 0 after this long; default: when interrupted.", HelpName = "DURATION" };

    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "table or name; json: an object of type and object on each line.",
        HelpName = "FORMAT",
        DefaultValueFactory = _ => "table",
    };

    public WatchCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("watch", "Show resources and go on showing what changes.") { words, @namespace, everywhere, output, duration };
        Definition.SetAction(RunAsync);
        words.CompletionSources.Add(new ResourceWords(options, around).Complete);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        (ResourceKindEntry kind, IReadOnlyList<ResourceArgument> named) = ResourceArgument.Read(parsed.GetValue(words)!, parsed.GetValue(@namespace));
        bool all = parsed.GetValue(everywhere);
        if (all && (named.Count > 0 || parsed.GetValue(@namespace) is not null))
            throw CommandException.Usage("watch: -A goes neither with names nor with -n");
        ChangePrinter printer = new(kind, all, parsed.GetValue(output)!, around.Output);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (Duration(parsed) is { } time)
            ended.CancelAfter(time);
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        string prefix = all || !kind.Namespaced ? kind.Prefix : $"{kind.Prefix}{parsed.GetValue(@namespace) ?? WantedReader.DefaultNamespace}/";
        try
        {
            await FollowAsync(connection.Watcher(KeyRange.Prefix(prefix), around.Time), new WatchedTable([.. named.Select(target => target.Name)]), printer, ended.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        return ExitCode.Ok;
    }

    private async Task FollowAsync(EtcdWatcher watcher, WatchedTable table, ChangePrinter printer, CancellationToken stop)
    {
        await foreach (WatchBatch batch in watcher.WatchAsync(stop))
        {
            if (batch is WatchBatch.Lost { Failure: EtcdFailure.Unauthenticated or EtcdFailure.PermissionDenied or EtcdFailure.Configuration } lost)
                throw new CommandException(EtcdExit.Code(lost.Failure), lost.Reason);
            if (batch is WatchBatch.Lost outage)
                around.Say($"{outage.Reason}; waiting for it");
            printer.Print(table.Accept(batch));
        }
    }

    private TimeSpan? Duration(ParseResult parsed)
    {
        if (parsed.GetValue(duration) is not { } text)
            return null;
        return DurationText.TryParse(text, out TimeSpan time) && time > TimeSpan.Zero ? time : throw CommandException.Usage($"--for: {Problem.Quote(text)} is not a duration such as 30s");
    }
}
