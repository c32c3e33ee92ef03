using System.CommandLine;
using System.Diagnostics;
using Canal.Testing;
using Canal.Testing.Manuals;

namespace Canal.Ctl.Tests;

/// <summary>The manual page and the completion scripts go with the program.</summary>
public sealed class ManualTests
{
    [Fact]
    public void The_manual_pages_reference_is_what_the_program_says() => Assert.Null(ManualPage.Difference("canalctl.8", "reference", CommandManual.Reference(Root())));

    [Fact]
    public void The_manual_page_tells_of_every_command()
    {
        string manual = File.ReadAllText(Path.Combine(Repository.Root!, "packaging", "man", "canalctl.8")).Replace(" Cm bash | zsh | fish", "", StringComparison.Ordinal);
        Assert.True(Root().Subcommands.Count > 10);
        foreach (Command command in Root().Subcommands)
            Assert.All(command.Subcommands.Select(inner => $"{command.Name} {inner.Name}").DefaultIfEmpty(command.Name), words => Assert.Contains($".It Cm {words}\n", manual, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_bash_script_completes()
    {
        ProcessStartInfo start = new("bash", ["-c", """
            source "$1"
            COMP_LINE='canalctl get glob' COMP_POINT=17 COMP_WORDS=(canalctl get glob) COMP_CWORD=2
            _canalctl
            printf '%s\n' "${COMPREPLY[@]}"
            """, "bash", Path.Combine(Repository.Root!, "packaging", "completion", "canalctl.bash")]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}";
        using Process bash = Process.Start(start)!;
        string output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("globalnetworkpolicies\nglobalnetworksets\n", output);
    }

    private static RootCommand Root() => Canalctl.Root(new Surroundings(Stream.Null, TextWriter.Null, TextWriter.Null, [], TimeProvider.System));
}
