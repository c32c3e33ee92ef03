using System.CommandLine;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl apply</c>, <c>create</c> and <c>replace</c>: everything is looked at before anything is written.</summary>
internal sealed class WriteCommand
{
    private readonly WriteVerb verb;
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly SourceOptions source = new();
    private readonly Option<bool> skipExisting = new("--skip-exists") { Description = "Leave those alone that exist already." };

    private readonly Option<string> confirm = new("--confirm")
    {
        Description = "Take the change back after this long unless canalctl confirm keeps it, also when it cuts etcd off.",
        HelpName = "DURATION",
    };

    public WriteCommand(WriteVerb verb, GlobalOptions options, Surroundings around)
    {
        (this.verb, this.options, this.around) = (verb, options, around);
        Definition = new Command(verb.ToString().ToLowerInvariant(), verb switch
        {
            WriteVerb.Create => "Create resources; those that exist already are refused.",
            WriteVerb.Replace => "Change resources; those that do not exist are refused.",
            _ => "Create resources, or change them if they exist.",
        });
        source.AddTo(Definition);
        if (verb == WriteVerb.Create)
            Definition.Add(skipExisting);
        if (verb == WriteVerb.Apply)
            Definition.Add(confirm);
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (source.Files(parsed).Count == 0)
            throw CommandException.Usage($"{Definition.Name}: -f FILE is missing");
        if (WantedInput.Read(source, parsed, DocumentCheck.Check, around) is not { } wanted)
            return Refused();
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        ResourceWriter writer = new(connection.Resources, verb, around) { SkipExisting = parsed.GetValue(skipExisting) };
        if (verb != WriteVerb.Apply || parsed.GetValue(confirm) is not { } text)
            return await WriteAsync(writer, wanted, stop);
        TimeSpan patience = Patience(text);
        return await writer.LookAsync(wanted, stop) is { } plans ? await new GuardedApply(connection, around).RunAsync(plans, patience, stop) : Refused();
    }

    private static TimeSpan Patience(string text) =>
        DurationText.TryParse(text, out TimeSpan duration) && duration >= TimeSpan.FromSeconds(1) && duration <= TimeSpan.FromHours(24)
            ? duration : throw CommandException.Usage($"--confirm: {Core.Resources.Problem.Quote(text)} is not a duration from 1s to 24h, such as 90s");

    private async Task<int> WriteAsync(ResourceWriter writer, IReadOnlyList<WantedResource> wanted, CancellationToken stop)
    {
        if (await writer.LookAsync(wanted, stop) is not { } plans)
            return Refused();
        int written = 0, failed = 0;
        try
        {
            foreach ((WantedResource resource, PlannedWrite plan) in plans)
            {
                if (!await writer.WriteAsync(resource, plan, stop))
                    failed++;
                written++;
            }
        }
        catch (EtcdException) when (written > 0)
        {
            around.Say($"{plans.Count - written} of {plans.Count} resources were not written");
            throw;
        }
        return failed == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private int Refused()
    {
        around.Say("nothing was written");
        return ExitCode.Failure;
    }
}
