using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Canal.Linux.Iptables;

/// <summary>Runs one of the programs, without a shell and for a bounded time, in the calling thread's network namespace.</summary>
internal static partial class ProgramRun
{
    /// <summary>A table of a hundred thousand rules takes some seconds; longer waits are for a lock that nobody gives back.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>iptables-nft-restore prints two lines for each rule that the kernel refuses.</summary>
    private const int LongestWords = 500;

    /// <summary>Returns what the program printed.</summary>
    /// <exception cref="IptablesException">It is not there, failed, or did not end.</exception>
    internal static string Run(string program, string[] arguments, string input = "")
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
            Task written = WriteAsync(process, input);
            if (!process.WaitForExit(Longest))
            {
                process.Kill(entireProcessTree: true);
                throw new IptablesException($"{program} did not end within {Longest.TotalSeconds} s");
            }
            written.GetAwaiter().GetResult();
            return process.ExitCode == 0 ? output.GetAwaiter().GetResult() : throw Failure(program, error.GetAwaiter().GetResult());
        }
        catch (Win32Exception e)
        {
            const int NoEntry = Errno.ENOENT;
            throw new IptablesException($"{program}: {e.Message}", isMissing: e.NativeErrorCode == NoEntry, inner: e);
        }
    }

    private static async Task WriteAsync(Process process, string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all; its exit code and its words say why.
        }
    }

    private static IptablesException Failure(string program, string error)
    {
        string[] lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string said = string.Join("; ", lines.Where(l => !l.StartsWith("Try `", StringComparison.Ordinal) && !l.StartsWith('#')));
        int[] numbers = [.. LineNumber().Matches(error).Select(line => int.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture)).Distinct()];
        return new IptablesException($"{program}: {(said.Length > LongestWords ? said[..LongestWords] + " …" : said.Length > 0 ? said : "failed without a word")}", numbers);
    }

    /// <summary><c>Error occurred at line: 3</c>, <c>line 7 failed</c>, ipset's <c>Error in line 2:</c>.</summary>
    [GeneratedRegex(@"line:? (\d{1,9})", RegexOptions.CultureInvariant)]
    private static partial Regex LineNumber();
}
