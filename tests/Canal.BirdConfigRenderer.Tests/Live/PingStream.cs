using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Canal.BirdConfigRenderer.Tests.Live;

/// <summary>Pings every 20 ms until it is ended, and counts.</summary>
internal sealed partial class PingStream : IDisposable
{
    private readonly Process process;

    public PingStream(BgpHost from, string source, string target)
    {
        ProcessStartInfo start = new("ping", ["-i", "0.02", "-W", "1", "-I", source, target]) { RedirectStandardOutput = true };
        process = from.Netns.Run(() => Process.Start(start))!;
    }

    /// <summary>Ends it; packets sent and packets answered.</summary>
    public (int Sent, int Received) End()
    {
        Testing.Rig.Command.Run("kill", ["-INT", process.Id.ToString()]);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Match match = Totals().Match(output);
        Assert.True(match.Success, output);
        return (int.Parse(match.Groups[1].Value), int.Parse(match.Groups[2].Value));
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }

    [GeneratedRegex(@"(\d+) packets transmitted, (\d+) received")]
    private static partial Regex Totals();
}
