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
    private static readonly TimeSpan ConfigurePatience = TimeSpan.FromSeconds(30), RestartPatience = TimeSpan.FromSeconds(10);

    /// <summary>The file as it is; null when there is none.</summary>
    public string? Read() => File.Exists(path) ? File.ReadAllText(path) : null;

    public bool Exists => File.Exists(path);

    /// <summary>The running BIRD has not read the file as it is: it did not answer when it was told to.</summary>
    public bool IsUnread { get; private set; }

    /// <summary>Why the running BIRD would not have the file when it was last told to read it; null when it had it.</summary>
    public string? Refusal { get; private set; }

    private string Candidate => path + ".new";

    /// <summary>What BIRD says against a text; null when it accepts it.</summary>
    /// <exception cref="IOException">It cannot be asked; it may be later.</exception>
    public async Task<string?> CheckAsync(string text, CancellationToken stop)
    {
        string? refusal = await JudgeAsync(text, stop).ConfigureAwait(false);
        File.Delete(Candidate);
        return refusal;
    }

    /// <exception cref="IOException">The file cannot be written, or BIRD cannot be asked about it.</exception>
    public async Task<ApplyOutcome> PutAsync(string text, CancellationToken stop)
    {
        string? before = Read();
        if (await JudgeAsync(text, stop).ConfigureAwait(false) is { } refusal)
        {
            File.Delete(Candidate);
            return new ApplyOutcome(refusal, false);
        }
        File.Move(Candidate, path, overwrite: true);
        ApplyOutcome outcome = await ConfigureAsync(stop).ConfigureAwait(false);
        if (outcome.Refusal is not null) await PutBackAsync(before, stop).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>Leaves the text beside the file.</summary>
    private async Task<string?> JudgeAsync(string text, CancellationToken stop)
    {
        Write(Candidate, text);
        try
        {
            string? refusal = await program.CheckAsync(Candidate, stop).ConfigureAwait(false);
            return refusal?.Replace(Candidate, Path.GetFileName(path), StringComparison.Ordinal);
        }
        catch
        {
            File.Delete(Candidate);
            throw;
        }
    }

    private async Task PutBackAsync(string? before, CancellationToken stop)
    {
        if (before is null)
        {
            File.Delete(path);
            return;
        }
        Write(Candidate, before);
        File.Move(Candidate, path, overwrite: true);
        await ConfigureAsync(stop).ConfigureAwait(false);
    }

    private void Write(string target, string text)
    {
        AtomicFile.Write(target, Encoding.UTF8.GetBytes(text), Mode);
        FileGroup.Give(target, group);
    }

    /// <summary>Lets the running BIRD read the file again; sessions that did not change are not touched.</summary>
    public async Task<ApplyOutcome> ConfigureAsync(CancellationToken stop)
    {
        BirdReply? reply = await TryAskAsync("configure", ConfigurePatience, stop).ConfigureAwait(false);
        Refusal = reply?.Error?.Text;
        bool read = reply is not null && (Refusal is not null || reply.Has(Reconfigured) || reply.Has(InProgress) || reply.Has(Queued));
        IsUnread = !read;
        return new ApplyOutcome(Refusal, read);
    }

    /// <summary>Null when BIRD does not run (it reads the file when it starts) or does not answer.</summary>
    private async Task<BirdReply?> TryAskAsync(string command, TimeSpan longest, CancellationToken stop)
    {
        try
        {
            return await AskAsync(command, longest, stop).ConfigureAwait(false);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <exception cref="IOException">BIRD does not run or does not answer in time.</exception>
    private async Task<BirdReply> AskAsync(string command, TimeSpan longest, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(longest);
        try
        {
            using BirdSocket socket = await BirdSocket.ConnectAsync(socketPath, patience.Token).ConfigureAwait(false);
            return await socket.AskAsync(command, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new IOException($"BIRD does not answer on {socketPath} within {longest.TotalSeconds} s");
        }
    }

    /// <summary>Ends BIRD so that its neighbours keep its routes while it starts again; null when it ends, else why not.</summary>
    public async Task<string?> EndForRestartAsync(CancellationToken stop)
    {
        try
        {
            return (await AskAsync("graceful restart", RestartPatience, stop).ConfigureAwait(false)).Error?.Text;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
