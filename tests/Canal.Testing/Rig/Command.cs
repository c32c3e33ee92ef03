using System.Diagnostics;

namespace Canal.Testing.Rig;

/// <summary>Runs a program to its end; a failure is an exception that carries its standard error.</summary>
public static class Command
{
    /// <summary>Runs <c>sh -euc script</c>, in a namespace when one is given, and returns its standard output.</summary>
    public static string Shell(string script, Netns? where = null) => Run("sh", ["-euc", script], "", where);

    /// <summary>Runs <c>ip -batch</c> with the given lines: one process for a whole set-up.</summary>
    public static void IpBatch(IEnumerable<string> lines, Netns? where = null) => Run("ip", ["-batch", "-"], string.Join('\n', lines) + "\n", where);

    /// <summary>Runs a program with the given standard input and returns its standard output.</summary>
    public static string Run(string program, IReadOnlyList<string> arguments, string input = "", Netns? where = null)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = where is null ? Start(start) : where.Run(() => Start(start));
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} exited with {process.ExitCode} in {where?.Name ?? "the root namespace"}: {error.Result.Trim()} {output.Result.Trim()}");
        return output.Result;
    }

    private static Process Start(ProcessStartInfo start) =>
        Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start");
}
