using System.CommandLine;
using System.Diagnostics;

namespace Canal.Ctl.Tests;

/// <summary>The manual page and the completion scripts go with the program.</summary>
public sealed class ManualTests
{
    [Fact]
    public void The_manual_page_names_every_command_and_every_option()
    {
        string manual = File.ReadAllText(Path.Combine(Repository(), "packaging", "man", "canalctl.8"));
        Surroundings around = new(Stream.Null, TextWriter.Null, TextWriter.Null, [], TimeProvider.System);
        RootCommand root = Canalctl.Root(around);
        Assert.True(root.Subcommands.Count > 10);
        foreach (Command command in root.Subcommands)
        {
            if (command.Subcommands.Count == 0)
                Assert.Contains($".It Cm {command.Name}\n", $"{manual.Replace(" Cm bash | zsh | fish", "", StringComparison.Ordinal)}\n", StringComparison.Ordinal);
            foreach (Command inner in command.Subcommands)
                Assert.Contains($".It Cm {command.Name} {inner.Name}\n", manual, StringComparison.Ordinal);
            foreach (Option option in command.Options.Concat(command.Subcommands.SelectMany(inner => inner.Options)).Concat(root.Options).Where(option => !option.Hidden))
                Assert.True(manual.Contains($"Fl {option.Name[1..]}", StringComparison.Ordinal), $"{command.Name} {option.Name}");
        }
    }

    [Fact]
    public async Task The_bash_script_completes()
    {
        ProcessStartInfo start = new("bash", ["-c", """
            source "$1"
            COMP_LINE='canalctl get glob' COMP_POINT=17 COMP_WORDS=(canalctl get glob) COMP_CWORD=2
            _canalctl
            printf '%s\n' "${COMPREPLY[@]}"
            """, "bash", Path.Combine(Repository(), "packaging", "completion", "canalctl.bash")]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}";
        using Process bash = Process.Start(start)!;
        string output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("globalnetworkpolicies\nglobalnetworksets\n", output);
    }

    private static string Repository()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Canal.sln")))
            at = at.Parent;
        return at?.FullName ?? throw new DirectoryNotFoundException("the tests run outside the project");
    }
}
