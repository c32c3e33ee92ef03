using System.CommandLine;

namespace Canal.Ctl;

/// <summary>A command of calicoctl that means nothing here. It answers, whatever its options, why not and what does the same.</summary>
internal static class ForeignCommand
{
    /// <param name="group">The command it belongs to.</param>
    /// <param name="name">Its name.</param>
    /// <param name="reason">A sentence without its subject.</param>
    public static Command Define(string group, string name, string reason)
    {
        Command command = new(name, $"Of calicoctl: {reason}") { Hidden = true, TreatUnmatchedTokensAsErrors = false };
        command.SetAction(int (ParseResult _) => throw CommandException.Usage($"{group} {name}: {reason}"));
        return command;
    }
}
