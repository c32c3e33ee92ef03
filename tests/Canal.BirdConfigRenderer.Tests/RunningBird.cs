using System.Diagnostics;
using Canal.BirdConfigRenderer.Bird;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests;

/// <summary>A BIRD of this test in a network namespace of this test.</summary>
internal sealed class RunningBird : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("canal-bird-").FullName;
    private readonly string namespaceName = $"canal-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}-bird";
    private Process? process;
    private Netns? netns;

    private string Socket => Path.Combine(folder, "bird.ctl");

    /// <summary>Starts a program, BIRD 2's unless given.</summary>
    public static async Task<RunningBird> Start(string configuration, Action<Netns> prepare, string program = "bird")
    {
        RunningBird bird = new();
        try
        {
            await bird.StartAsync(configuration, prepare, program);
            return bird;
        }
        catch
        {
            await bird.DisposeAsync();
            throw;
        }
    }

    /// <summary>The answer's text.</summary>
    public string Ask(string command)
    {
        using BirdSocket socket = BirdSocket.ConnectAsync(Socket, CancellationToken.None).GetAwaiter().GetResult();
        return socket.AskAsync(command, CancellationToken.None).GetAwaiter().GetResult().ToString();
    }

    public ValueTask DisposeAsync()
    {
        process?.Kill();
        process?.WaitForExit();
        process?.Dispose();
        netns?.Dispose();
        if (netns is not null) Canal.Testing.Rig.Command.Run("ip", ["netns", "del", namespaceName]);
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task StartAsync(string configuration, Action<Netns> prepare, string program)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root for a network namespace");
        string file = Path.Combine(folder, "bird.conf"), log = Path.Combine(folder, "bird.log");
        await File.WriteAllTextAsync(file, configuration);
        Canal.Testing.Rig.Command.Run("ip", ["netns", "add", namespaceName]);
        netns = new Netns(namespaceName);
        prepare(netns);
        process = netns.Run(() => Process.Start("sh", ["-c", $"exec {program} -f -c {file} -s {Socket} 2>{log}"]));
        await Poll.Until(() => process.HasExited || Answers(), TimeSpan.FromSeconds(20), "BIRD did not start");
        Assert.False(process.HasExited, process.HasExited ? File.ReadAllText(log) + Numbered(configuration) : "");
    }

    // The socket is there a moment before BIRD listens on it.
    private bool Answers()
    {
        try
        {
            return File.Exists(Socket) && Ask("show status").Contains("Daemon is up", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string Numbered(string text) => string.Join('\n', text.Split('\n').Select((line, i) => $"{i + 1}: {line}"));
}
