using System.CommandLine;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl completion</c>: scripts that make a shell ask canalctl itself what may follow.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # bash completion for canalctl
        _canalctl() {
          local IFS=$'\n'
          COMPREPLY=($(canalctl "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null))
        }
        complete -o default -F _canalctl canalctl

        """;

    private const string Zsh = """
        #compdef canalctl
        # zsh completion for canalctl
        _canalctl() {
          local -a words_found
          words_found=("${(@f)$(canalctl "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a words_found
        }
        compdef _canalctl canalctl

        """;

    private const string Fish = """
        # fish completion for canalctl
        function __canalctl_complete
          set -l line (commandline -cp)
          canalctl "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c canalctl -a '(__canalctl_complete)'

        """;

    public static Command Define(Surroundings around)
    {
        Argument<string> shell = new("SHELL") { Description = "bash, zsh or fish." };
        shell.CompletionSources.Add("bash", "zsh", "fish");
        Command command = new("completion", "Print the script that makes a shell complete canalctl's words.") { shell };
        command.SetAction(parsed => Print(parsed.GetValue(shell)!, around));
        return command;
    }

    private static int Print(string shell, Surroundings around)
    {
        around.Output.Write(shell switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            _ => throw CommandException.Usage($"completion: {Problem.Quote(shell)} is not bash, zsh or fish"),
        });
        return ExitCode.Ok;
    }
}
