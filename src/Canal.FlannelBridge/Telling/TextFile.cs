using System.Text;
using Canal.Hosting;
using Serilog;

namespace Canal.FlannelBridge.Telling;

/// <summary>A file that tells other programs of this host something: readers see the old one or the new one, never a part.</summary>
/// <param name="path">Where it is; empty: nowhere.</param>
/// <param name="what">What cannot be done when it cannot be written: <c>writing the subnet file</c>.</param>
/// <param name="time">For pauses.</param>
/// <param name="log">Where to tell of trouble.</param>
internal sealed class TextFile(string path, string what, TimeProvider time, ILogger log)
{
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const int LongestFile = 16 << 20;

    private readonly Trouble trouble = new(what, Log.HostFailure, time, log);
    private string? written;

    /// <summary>Only the agent's user may read it.</summary>
    public bool IsSecret { get; init; }

    /// <summary>It is as it was last asked for.</summary>
    public bool IsWritten => path.Length == 0 || (written is not null && trouble.Reason is null);

    /// <summary>Why it could not be written; null when it could.</summary>
    public string? Reason => trouble.Reason;

    /// <summary>When to try again; null when there is nothing to.</summary>
    public DateTimeOffset? RetryAt => trouble.RetryAt;

    /// <summary>What is there; null when that is nothing, or cannot be read.</summary>
    public string? Read()
    {
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length <= LongestFile ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Writing the same file will tell what is wrong with it.
        }
    }

    /// <summary>Writes it where it is another than before, unless it failed a moment ago.</summary>
    public void Write(string text)
    {
        if (path.Length == 0 || text == written || !trouble.MayTry) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (Read() != text) AtomicFile.Write(path, Encoding.UTF8.GetBytes(text), IsSecret ? Secret : Public);
            written = text;
            trouble.Note(null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            trouble.Note(e.Message);
        }
    }
}
