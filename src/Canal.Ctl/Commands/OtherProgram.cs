using System.ComponentModel;
using System.Diagnostics;

namespace Canal.Ctl;

/// <summary>Runs another program of this host.</summary>
internal static class OtherProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>How it ended and what it said. It is killed when the run is interrupted.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, IEnumerable<string> arguments, string input, CancellationToken stop)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new CommandException(Hosting.ExitCode.Failure, $"{program} does not start");
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(stop), error = process.StandardError.ReadToEndAsync(stop);
            await WriteAsync(process, input);
            (string said, string complained) = (await output, await error);
            await process.WaitForExitAsync(stop);
            return (process.ExitCode, said, complained);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>All that it said, or why it said nothing.</summary>
    public static async Task<string> TryAsync(string program, IEnumerable<string> arguments, CancellationToken stop)
    {
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        enough.CancelAfter(Patience);
        try
        {
            (int code, string output, string error) = await RunAsync(program, arguments, "", enough.Token);
            return $"{output}{error}{(code == 0 ? "" : $"(ended with {code})\n")}";
        }
        catch (Win32Exception error)
        {
            return $"not to be had: {program}: {error.Message}\n";
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"not to be had: {program} did not end within {Patience.TotalSeconds:0} s\n";
        }
    }

    private static async Task WriteAsync(Process process, string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all: what it says tells why.
        }
    }
}
