using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>BIRD's program: checking a file with it, starting it, ending it.</summary>
internal sealed partial class BirdProgram(string program, string configuration, string socket)
{
    private const int Refused = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private string PidFile => socket + ".pid";

    /// <summary>The version that a program says it has: <c>2.0.12</c>.</summary>
    /// <exception cref="IOException">It does not say.</exception>
    public static async Task<string> VersionAsync(string program, CancellationToken stop)
    {
        (int code, string output) = await RunAsync(program, ["--version"], stop).ConfigureAwait(false);
        Match match = VersionWords().Match(output);
        return code == 0 && match.Success ? match.Groups[1].Value : throw new IOException(code < 0 ? output : $"{program} --version ended with {code}{(output.Length > 0 ? $": {output}" : "")}");
    }

    /// <summary>What BIRD says against a file; null when it accepts it.</summary>
    /// <exception cref="IOException">It has not judged the file: it cannot be run, did not end, ended otherwise. Another try may go well.</exception>
    public async Task<string?> CheckAsync(string file, CancellationToken stop)
    {
        (int code, string output) = await RunAsync(program, ["-p", "-c", file], stop).ConfigureAwait(false);
        if (code == 0) return null;
        if (code == Refused && Place().IsMatch(output)) return output;
        throw new IOException(code < 0 ? output : $"checking BIRD's configuration: {program} -p ended with {code}{(output.Length > 0 ? $": {output}" : "")}");
    }

    /// <summary>Starts BIRD in the background, taking up the routes that an earlier one left. It outlives this program. Null when it started, else why not.</summary>
    public async Task<string?> StartAsync(CancellationToken stop)
    {
        (int code, string output) = await RunAsync(program, ["-R", "-c", configuration, "-s", socket, "-P", PidFile], stop).ConfigureAwait(false);
        return code == 0 ? null : output.Length > 0 ? output : $"{program} ended with {code}";
    }

    /// <summary>
    /// Kills the BIRD that <see cref="StartAsync"/> started: told to end it would first take its routes back from its neighbours. Null when it is gone, else why not.
    /// </summary>
    public string? Kill()
    {
        try
        {
            int id = int.Parse(File.ReadAllText(PidFile), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
            // The number may be another process's by now.
            if (!File.ReadAllText($"/proc/{id}/cmdline").Split('\0').Contains(socket)) return $"BIRD does not run: {PidFile} tells of another process";
            using Process bird = Process.GetProcessById(id);
            bird.Kill();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException or Win32Exception)
        {
            return $"this BIRD keeps its routes only when it is killed, which this program can only do to one that it started ({e.Message}); with systemd: systemctl kill -s KILL canal-bird canal-bird6";
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken stop)
    {
        try
        {
            // Through files would be slower; BIRD says a line or two, which any pipe holds, so that reading after its end cannot block it.
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true })!;
            return await FinishAsync(program, process, stop).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            return (-1, $"{program} cannot be run: {e.Message}");
        }
    }

    private static async Task<(int Code, string Output)> FinishAsync(string program, Process process, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            string error = await process.StandardError.ReadToEndAsync(patience.Token).ConfigureAwait(false), output = await process.StandardOutput.ReadToEndAsync(patience.Token).ConfigureAwait(false);
            return (process.ExitCode, (error + output).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            stop.ThrowIfCancellationRequested();
            return (-1, $"{program} did not end within {Patience.TotalSeconds} s");
        }
    }

    // Whatever is wrong in a file has a line and a column: "bird: /var/lib/canal/bird.conf:12:3 syntax error". What is wrong around it has none.
    [GeneratedRegex(@":\d+:\d+ ")]
    private static partial Regex Place();

    [GeneratedRegex(@"BIRD version (\S+)")]
    private static partial Regex VersionWords();
}
