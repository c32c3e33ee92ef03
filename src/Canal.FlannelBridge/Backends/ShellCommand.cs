using System.Diagnostics;

namespace Canal.FlannelBridge.Backends;

/// <summary>One command of the operator's, run to its end.</summary>
internal static class ShellCommand
{
    private const int PatienceMilliseconds = 10_000;
    private const int LongestComplaint = 200;

    /// <summary>What it printed; nothing for an empty command.</summary>
    /// <exception cref="IOException">It failed, or took too long.</exception>
    public static string Run(string command, Dictionary<string, string> variables, string input)
    {
        if (command.Length == 0) return "";
        ProcessStartInfo start = new("/bin/sh", ["-c", command]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        using Process process = Process.Start(start) ?? throw new IOException("/bin/sh did not start");
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not read what it is told.
        }
        if (!process.WaitForExit(PatienceMilliseconds))
        {
            process.Kill(entireProcessTree: true);
            throw new IOException($"the command '{Cut(command)}' did not end within {PatienceMilliseconds / 1000} s");
        }
        if (process.ExitCode != 0) throw new IOException($"the command '{Cut(command)}' ended with {process.ExitCode}: {Cut(error.GetAwaiter().GetResult().Trim())}");
        return output.GetAwaiter().GetResult();
    }

    private static string Cut(string text) => text.Length > LongestComplaint ? text[..LongestComplaint] + "…" : text;
}
