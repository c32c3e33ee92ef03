using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl completion</c>: scripts that make a shell ask canalctl itself what may follow.</summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static Command Define(Surroundings around)
    {
        Argument<string> shell = new("SHELL") { Description = "bash, zsh or fish." };
        shell.CompletionSources.Add(Shells);
        Command command = new("completion", "Print the script that makes a shell complete canalctl's words.") { shell };
        command.SetAction(parsed => Print(parsed.GetValue(shell)!, around));
        return command;
    }

    private static int Print(string shell, Surroundings around)
    {
        if (!Shells.Contains(shell))
            throw CommandException.Usage($"completion: {Problem.Quote(shell)} is not {string.Join(", ", Shells[..^1])} or {Shells[^1]}");
        // The very files that the packages install.
        using StreamReader script = new(typeof(CompletionCommand).Assembly.GetManifestResourceStream($"canalctl.{shell}")!);
        around.Output.Write(script.ReadToEnd());
        return ExitCode.Ok;
    }
}
