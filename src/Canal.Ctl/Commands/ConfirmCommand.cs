using System.CommandLine;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl confirm</c>: keeps a change that <c>apply --confirm</c> made.</summary>
internal sealed class ConfirmCommand
{
    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Argument<string> id = new("GUARD") { Description = "As apply --confirm printed it; may be left out when there is only one.", Arity = ArgumentArity.ZeroOrOne };

    public ConfirmCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("confirm", "Keep a change that apply --confirm made.") { id };
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        GuardStore guards = new(connection.Etcd);
        string wanted = parsed.GetValue(id) ?? await OnlyAsync(guards, stop);
        if (wanted.Length == 0 || wanted.Contains('/') || !await guards.ConfirmAsync(wanted, stop))
            throw new CommandException(ExitCode.Failure, $"there is no guard {Core.Resources.Problem.Quote(wanted)}: the change is taken back, or confirmed already");
        around.Say($"guard {wanted}: the change stays");
        return ExitCode.Ok;
    }

    private static async Task<string> OnlyAsync(GuardStore guards, CancellationToken stop)
    {
        IReadOnlyList<Guard> all = await guards.ListAsync(stop);
        return all.Count switch
        {
            1 => all[0].Id,
            0 => throw new CommandException(ExitCode.Failure, "no change waits to be confirmed"),
            _ => throw new CommandException(ExitCode.Failure, $"several changes wait to be confirmed: {string.Join(", ", all.Select(guard => guard.Id))}"),
        };
    }
}
