using System.CommandLine;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl label</c>: puts labels on a resource or takes them off.</summary>
internal sealed class LabelCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;

    private readonly Argument<string[]> words = new("KIND NAME LABEL")
    {
        HelpName = "KIND NAME LABEL",
        Description = "The kind and the name (or KIND/NAME) of the resource, then labels: KEY=VALUE puts one on, KEY- takes one off.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> overwrite = new("--overwrite") { Description = "Change labels that are there with another value." };
    private readonly Option<bool> remove = new("--remove") { Description = "Take the labels off." };
    private readonly Option<string> @namespace = new("--namespace", "-n") { Description = "The namespace to look in; default: default.", HelpName = "NAMESPACE" };

    public LabelCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("label", "Put labels on a resource, or take them off.") { words, overwrite, remove, @namespace };
        Definition.SetAction(RunAsync);
        words.CompletionSources.Add(new ResourceWords(options, around).Complete);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        string[] given = parsed.GetValue(words)!;
        int named = given[0].Contains('/') ? 1 : 2;
        IReadOnlyList<ResourceArgument> target = ResourceArgument.Read([.. given.Take(named)], parsed.GetValue(@namespace)).Named;
        if (target.Count == 0)
            throw CommandException.Usage("label: a name is missing");
        LabelChange[] changes = [.. given.Skip(named).Select(word => LabelChange.Parse(word, parsed.GetValue(remove)))];
        if (changes.Length == 0)
            throw CommandException.Usage("label: a label is missing, as in role=web");
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        bool good = await new ResourceEditor(connection.Resources, around).EditAsync(target[0], (before, problems) => Changed(before, changes, parsed.GetValue(overwrite), problems), stop);
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    private static JsonObject? Changed(JsonObject before, LabelChange[] changes, bool overwrite, List<Problem> problems)
    {
        ResourceDocument document = ResourceDocument.From(before);
        foreach (LabelChange change in changes)
        {
            string? there = document.Labels[change.Key];
            if (change.Value is { } value)
            {
                if (there is not null && there != value && !overwrite)
                    problems.Add(new Problem($"metadata.labels.{change.Key}", $"is {Problem.Quote(there)} already; --overwrite changes it"));
                document.Labels = document.Labels.With(change.Key, value);
            }
            else if (there is null)
                problems.Add(new Problem($"metadata.labels.{change.Key}", "is not there"));
            else
                document.Labels = document.Labels.Without(change.Key);
        }
        return problems.Count == 0 ? document.Root : null;
    }
}
