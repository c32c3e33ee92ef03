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

    /// <summary>What BIRD says against a text, which it leaves beside the file; null when it accepts it.</summary>
    /// <exception cref="IOException">The text cannot be written, or BIRD cannot be asked; it may be later.</exception>
    public async Task<string?> JudgeAsync(string text, CancellationToken stop)
    {
        Write(Candidate, text);
        string? refusal = await program.CheckAsync(Candidate, stop).ConfigureAwait(false);
        return refusal?.Replace(Candidate, Path.GetFileName(path), StringComparison.Ordinal);
    }

    /// <summary>Puts the judged text in the file's place and has the running BIRD read it. Null unless that refuses it.</summary>
    public Task<string?> TakeAsync(CancellationToken stop)
    {
        File.Move(Candidate, path, overwrite: true);
        return ConfigureAsync(stop);
    }

    /// <summary>The judged text is not wanted.</summary>
    public void Discard() => File.Delete(Candidate);

    /// <summary>Puts an earlier text in the file's place, null for none, and has the running BIRD read it.</summary>
    public async Task PutBackAsync(string? before, CancellationToken stop)
    {
        if (before is null)
        {
            File.Delete(path);
            return;
        }
        Write(Candidate, before);
        await TakeAsync(stop).ConfigureAwait(false);
    }

    private void Write(string target, string text)
    {
        AtomicFile.Write(target, Encoding.UTF8.GetBytes(text), Mode);
        FileGroup.Give(target, group);
    }

    /// <summary>Lets the running BIRD read the file again; sessions that did not change are not touched. Null unless it refuses the file.</summary>
    public async Task<string?> ConfigureAsync(CancellationToken stop)
    {
        BirdReply? reply = await TryConfigureAsync(stop).ConfigureAwait(false);
        Refusal = reply?.Error?.Text;
        bool read = reply is not null && (Refusal is not null || reply.Has(Reconfigured) || reply.Has(InProgress) || reply.Has(Queued));
        IsUnread = !read;
        return Refusal;
    }

    /// <summary>Null when BIRD does not run (it reads the file when it starts) or does not answer.</summary>
    private async Task<BirdReply?> TryConfigureAsync(CancellationToken stop)
    {
        try
        {
            return await BirdSocket.AskOnceAsync(socketPath, ConfigurePatience, stop, "configure").ConfigureAwait(false);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Has the running BIRD do something; null when it does, else why not.</summary>
    public async Task<string?> TellAsync(string command, CancellationToken stop)
    {
        try
        {
            return (await BirdSocket.AskOnceAsync(socketPath, RestartPatience, stop, command).ConfigureAwait(false)).Error?.Text;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
