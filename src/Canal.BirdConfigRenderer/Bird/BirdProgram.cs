using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>BIRD's program: checking a file with it, starting it.</summary>
internal sealed partial class BirdProgram(string program, string configuration, string socket)
{
    private const int Refused = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What BIRD says against a file; null when it accepts it.</summary>
    /// <exception cref="IOException">It has not judged the file: it cannot be run, did not end, ended otherwise. Another try may go well.</exception>
    public async Task<string?> CheckAsync(string file, CancellationToken stop)
    {
        (int code, string output) = await RunAsync(["-p", "-c", file], stop).ConfigureAwait(false);
        if (code == 0) return null;
        if (code == Refused && Place().IsMatch(output)) return output;
        throw new IOException(code < 0 ? output : $"checking BIRD's configuration: {program} -p ended with {code}{(output.Length > 0 ? $": {output}" : "")}");
    }

    /// <summary>Starts BIRD in the background, taking up the routes that an earlier one left. It outlives this program. Null when it started, else why not.</summary>
    public async Task<string?> StartAsync(CancellationToken stop)
    {
        (int code, string output) = await RunAsync(["-R", "-c", configuration, "-s", socket], stop).ConfigureAwait(false);
        return code == 0 ? null : output.Length > 0 ? output : $"bird ended with {code}";
    }

    private async Task<(int Code, string Output)> RunAsync(IEnumerable<string> arguments, CancellationToken stop)
    {
        try
        {
            // Through files would be slower; BIRD says a line or two, which any pipe holds, so that reading after its end cannot block it.
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true })!;
            return await FinishAsync(process, stop).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            return (-1, $"{program} cannot be run: {e.Message}");
        }
    }

    private async Task<(int Code, string Output)> FinishAsync(Process process, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            return (process.ExitCode, process.ExitCode == 0 ? "" : (await process.StandardError.ReadToEndAsync(patience.Token).ConfigureAwait(false)).Trim());
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
}
