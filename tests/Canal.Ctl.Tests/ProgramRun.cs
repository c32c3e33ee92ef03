using System.Collections.Immutable;
using System.Text;

namespace Canal.Ctl.Tests;

/// <summary>One run of canalctl in this process.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    /// <summary>Runs it with nothing of the machine's configuration.</summary>
    public static async Task<ProgramRun> Of(IEnumerable<string> arguments, string input = "", IReadOnlyDictionary<string, string>? environment = null, string calicoctlFile = "/nonexistent")
    {
        StringWriter output = new(), error = new();
        Surroundings around = new(
            new MemoryStream(Encoding.UTF8.GetBytes(input)), output, error,
            (environment ?? new Dictionary<string, string> { ["CONFIGURATION_DIRECTORY"] = "/nonexistent" }).ToImmutableDictionary(), TimeProvider.System)
        {
            CalicoctlFile = calicoctlFile,
        };
        int exitCode = await Canalctl.RunAsync([.. arguments], around);
        return new ProgramRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>The run, which must have succeeded.</summary>
    public ProgramRun Good()
    {
        Assert.True(ExitCode == 0, $"exit {ExitCode}: {Error}");
        return this;
    }

    /// <summary>The run, which must have ended with this code and said this.</summary>
    public ProgramRun Bad(int exitCode, params IEnumerable<string> said)
    {
        Assert.True(ExitCode == exitCode, $"exit {ExitCode} and not {exitCode}: {Error}");
        foreach (string text in said)
            Assert.Contains(text, Error, StringComparison.Ordinal);
        return this;
    }
}
