using System.Text;
using Canal.Hosting;

namespace Canal.Testing.Manuals;

/// <summary>Synopsis and options in a daemon's manual page, from what its <c>--help</c> is made of.</summary>
public static class DaemonManual
{
    /// <summary>Sentences about what is not as the program says; empty when all is.</summary>
    public static IEnumerable<string> Differences(DaemonProgram program)
    {
        string page = $"{program.Name}.8";
        return new[] { ManualPage.Difference(page, "synopsis", Synopsis(program)), ManualPage.Difference(page, "options", Options(program)) }.OfType<string>();
    }

    private static string Synopsis(DaemonProgram program) => $"""
        .Nm
        .Op Fl -config-dir Ar DIR
        .Nm
        .Op Fl -config-dir Ar DIR
        {string.Join(" | ", program.Commands.Select(c => ManualPage.Flag(c.Option))).Insert(0, ".")}
        .Nm
        .Fl -version | Fl -help

        """;

    private static string Options(DaemonProgram program)
    {
        StringBuilder text = new(".Bl -tag -width Ds\n");
        foreach (DaemonOption option in program.Options)
            text.Append($".It {ManualPage.Flag(option.Name)}{(option.Value is null ? "" : $" Ar {option.Value}")}\n{ManualPage.Sentences(option.Sentences)}");
        return text.Append(".El\n").ToString();
    }
}
