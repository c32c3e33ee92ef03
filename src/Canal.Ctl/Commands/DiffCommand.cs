using System.CommandLine;
using System.Text.Json.Nodes;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl diff</c>: what apply would change.</summary>
internal sealed class DiffCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly SourceOptions source = new();

    public DiffCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("diff", "Show what apply would change. Ends with 3 when that is something.");
        source.AddTo(Definition);
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (source.Files(parsed).Count == 0)
            throw CommandException.Usage("diff: -f FILE is missing");
        if (WantedInput.Read(source, parsed, DocumentCheck.Check, around) is not { } wanted)
            return ExitCode.Failure;
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceWriter writer = new(connection.Resources, WriteVerb.Apply, around);
        if (await writer.LookAsync(wanted, stop) is not { } plans)
            return ExitCode.Failure;
        bool differs = false;
        foreach ((WantedResource resource, PlannedWrite plan) in plans)
            differs |= await ShowAsync(connection.Resources, resource, plan, stop);
        return differs ? CtlExit.Differs : ExitCode.Ok;
    }

    private async Task<bool> ShowAsync(ResourceStore store, WantedResource wanted, PlannedWrite plan, CancellationToken stop)
    {
        if (plan.Unchanged)
            return false;
        StoredResource? stored = plan.Seen == 0 ? null : await store.GetAsync(plan.Key, stop);
        string before = stored?.Document is null ? "" : Text(ShownResource.Of(stored));
        JsonObject after = ShownResource.Of(plan.Document, wanted.Name, plan.Key.Kind, stored?.Revision ?? 0);
        if (plan.Seen == 0)
            ShownResource.Exported(after);
        LineDiff.Write(wanted.Title, before, Text(after), around.Output);
        return true;
    }

    private static string Text(JsonObject shown)
    {
        (shown["metadata"] as JsonObject)?.Remove("resourceVersion");
        StringWriter text = new();
        YamlWriter.Write(Sorted(shown), text);
        return text.ToString();
    }

    // The order of fields says nothing, and must not look like a change.
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, Sorted(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
