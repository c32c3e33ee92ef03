using System.ComponentModel;
using System.Diagnostics;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>BIRD's program: checking a file with it, starting it.</summary>
internal sealed class BirdProgram(string program, string configuration, string socket)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What BIRD says against a file; null when it accepts it.</summary>
    public async Task<string?> CheckAsync(string file, CancellationToken stop)
    {
        (int code, string output) = await RunAsync(["-p", "-c", file], stop).ConfigureAwait(false);
        return code == 0 ? null : output.Length > 0 ? output : $"bird -p ended with {code}";
    }

    /// <summary>Starts BIRD in the background, taking up the routes that an earlier one left. It outlives this program. Null when it started, else why not.</summary>
    public async Task<string?> StartAsync(CancellationToken stop)
    {
        (int code, string output) = await RunAsync(["-R", "-c", configuration, "-s", socket], stop).ConfigureAwait(false);
        return code == 0 ? null : output.Length > 0 ? output : $"bird ended with {code}";
    }

    private async Task<(int Code, string Output)> RunAsync(IEnumerable<string> arguments, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            // Through files would be slower; BIRD says a line or two, which any pipe holds, so that reading after its end cannot block it.
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true })!;
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            return (process.ExitCode, process.ExitCode == 0 ? "" : (await process.StandardError.ReadToEndAsync(patience.Token).ConfigureAwait(false)).Trim());
        }
        catch (Win32Exception e)
        {
            return (-1, $"{program} cannot be run: {e.Message}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return (-1, $"{program} did not end within {Patience.TotalSeconds} s");
        }
    }
}
