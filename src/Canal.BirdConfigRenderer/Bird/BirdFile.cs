using System.Text;
using Canal.Hosting;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>
/// BIRD's configuration file: written beside itself, judged by BIRD, put in place by a rename, read by the running BIRD over its socket. Whatever BIRD
/// refuses, before or after, leaves the old file and the old configuration. It holds passwords: mode 0640, and BIRD's group.
/// </summary>
internal sealed class BirdFile(string path, string group, BirdProgram program, string socketPath)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const int Reconfigured = 3, InProgress = 4, Queued = 5;

    /// <summary>The file as it is; null when there is none.</summary>
    public string? Read() => File.Exists(path) ? File.ReadAllText(path) : null;

    /// <exception cref="IOException">The file cannot be written.</exception>
    public async Task<ApplyOutcome> PutAsync(string text, CancellationToken stop)
    {
        string candidate = path + ".new";
        string? before = Read();
        Write(candidate, text);
        if (await program.CheckAsync(candidate, stop).ConfigureAwait(false) is { } refusal)
        {
            File.Delete(candidate);
            return new ApplyOutcome(refusal.Replace(candidate, Path.GetFileName(path), StringComparison.Ordinal), false);
        }
        File.Move(candidate, path, overwrite: true);
        ApplyOutcome outcome = await ConfigureAsync(stop).ConfigureAwait(false);
        if (outcome.Refusal is not null && before is not null)
        {
            Write(candidate, before);
            File.Move(candidate, path, overwrite: true);
            await ConfigureAsync(stop).ConfigureAwait(false);
        }
        return outcome;
    }

    private void Write(string target, string text)
    {
        AtomicFile.Write(target, Encoding.UTF8.GetBytes(text), Mode);
        FileGroup.Give(target, group);
    }

    /// <summary>Lets the running BIRD read the file again; sessions that did not change are not touched.</summary>
    public async Task<ApplyOutcome> ConfigureAsync(CancellationToken stop)
    {
        try
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(TimeSpan.FromSeconds(30));
            using BirdSocket socket = await BirdSocket.ConnectAsync(socketPath, patience.Token).ConfigureAwait(false);
            BirdReply reply = await socket.AskAsync("configure", patience.Token).ConfigureAwait(false);
            if (reply.Error is { } error) return new ApplyOutcome(error.Text, true);
            return new ApplyOutcome(null, reply.Has(Reconfigured) || reply.Has(InProgress) || reply.Has(Queued));
        }
        catch (IOException)
        {
            // Not running: it reads the file when it starts.
            return new ApplyOutcome(null, false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new ApplyOutcome(null, false);
        }
    }

    /// <summary>Ends BIRD so that its neighbours keep its routes while it starts again; null when it ends, else why not.</summary>
    public async Task<string?> EndForRestartAsync(CancellationToken stop)
    {
        try
        {
            using BirdSocket socket = await BirdSocket.ConnectAsync(socketPath, stop).ConfigureAwait(false);
            return (await socket.AskAsync("graceful restart", stop).ConfigureAwait(false)).Error?.Text;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
