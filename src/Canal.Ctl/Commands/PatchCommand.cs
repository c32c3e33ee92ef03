using System.CommandLine;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl patch</c>: changes some fields of one resource.</summary>
internal sealed class PatchCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<string[]> words = new("KIND NAME") { HelpName = "KIND NAME", Description = "The kind and the name of what to change.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> patch = new("--patch", "-p") { Description = "The change, in JSON or YAML.", HelpName = "PATCH", Required = true };
    private readonly Option<string> @namespace = new("--namespace", "-n") { Description = "The namespace to look in; default: default.", HelpName = "NAMESPACE" };

    private readonly Option<string> type = new("--type", "-t")
    {
        Description = "merge: an object whose fields are put in, null takes away, lists are replaced (RFC 7386). json: a list of operations (RFC 6902). strategic, calicoctl's default, is the same as merge for these resources.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "strategic",
    };

    public PatchCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("patch", "Change some fields of a resource.") { words, patch, type, @namespace };
        Definition.SetAction(RunAsync);
        words.CompletionSources.Add(new ResourceWords(options, around).Complete);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        IReadOnlyList<ResourceArgument> targets = ResourceArgument.Read(parsed.GetValue(words)!, parsed.GetValue(@namespace)).Named;
        if (targets.Count == 0)
            throw CommandException.Usage("patch: a name is missing");
        Func<JsonObject, List<Problem>, JsonObject?> change = Change(Read(parsed.GetValue(patch)!), parsed.GetValue(type)!);
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceEditor editor = new(connection.Resources, around);
        bool good = true;
        foreach (ResourceArgument target in targets)
            good &= await editor.EditAsync(target, change, stop);
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    private static JsonNode Read(string text)
    {
        try
        {
            return DocumentText.Read(text).FirstOrDefault()?.Root ?? throw CommandException.Usage("--patch is empty");
        }
        catch (SyntaxException error)
        {
            throw CommandException.Usage($"--patch:{error.Line}:{error.Column}: {error.Message}");
        }
    }

    private static Func<JsonObject, List<Problem>, JsonObject?> Change(JsonNode patch, string type) => (type, patch) switch
    {
        ("json", JsonArray operations) => (before, problems) =>
        {
            JsonObject? after = JsonPatch.Apply(before, operations, out Problem problem);
            if (after is null)
                problems.Add(problem with { Path = $"--patch{problem.Path}" });
            return after;
        }
        ,
        ("json", _) => throw CommandException.Usage("--patch: of type json has to be a list of operations"),
        ("merge" or "strategic", JsonObject changes) => (before, _) => (JsonObject)MergePatch.Apply(before, changes)!,
        ("merge" or "strategic", _) => throw CommandException.Usage("--patch: has to be an object"),
        _ => throw CommandException.Usage($"--type: {Problem.Quote(type)} is not strategic, merge or json"),
    };
}
