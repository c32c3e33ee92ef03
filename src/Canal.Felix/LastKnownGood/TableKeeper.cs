using Canal.Hosting;
using Serilog;

namespace Canal.Felix.LastKnownGood;

/// <summary>
/// Writes the table in force down, for the next boot: a moment after its last change, so that encoding the whole table, which holds up the loop, comes when
/// nobody waits for a change; while changes do not end, after half a minute, and for at most a hundredth of the time. The table comes as a batch, or as null
/// while what the kernel holds is not known. The disk is waited for beside the loop; what that gives is why it failed, or null.
/// </summary>
internal sealed class TableKeeper(string path, Func<ReadOnlyMemory<byte>?> whole, Func<Func<string?>, Task<string?>> beside, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBurst = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(5);
    private const int Share = 100;

    private readonly Trouble trouble = new("keeping the policy in force for the next boot", Log.ProgrammingFailed, time, log);
    private DateTimeOffset notBefore = DateTimeOffset.MinValue;
    private DateTimeOffset? wanted;
    private DateTimeOffset? latest;
    private Task<string?>? writing;

    /// <summary>When to call <see cref="Keep"/>; null when the file is as it should be.</summary>
    public DateTimeOffset? Due => writing is null ? wanted : time.GetUtcNow() + Look;

    /// <summary>Why the file is not as it should be; null when all is well.</summary>
    public string? Reason => trouble.Reason;

    /// <summary>Policy is in force for the first time: an agent that found nothing to change still writes the file when there is none.</summary>
    public void InForce()
    {
        if (!File.Exists(path)) Changed();
    }

    /// <summary>The table changed.</summary>
    public void Changed()
    {
        DateTimeOffset now = time.GetUtcNow(), soon = now + Quiet;
        latest ??= now + LongestBurst;
        if (soon > latest) soon = latest.Value;
        wanted = soon > notBefore ? soon : notBefore;
    }

    /// <summary>Writes the table down when it is time.</summary>
    public void Keep()
    {
        if (writing is { IsCompleted: true }) Note(writing.Result);
        if (writing is not null || wanted is null || time.GetUtcNow() < wanted) return;
        wanted = latest = null;
        long start = time.GetTimestamp();
        if (whole() is { } batch) writing = beside(() => Write(batch.Span));
        // What the kernel holds is in doubt; the repair ends that soon.
        else Changed();
        TimeSpan pause = time.GetElapsedTime(start) * Share;
        notBefore = time.GetUtcNow() + (pause > ShortestInterval ? pause : ShortestInterval);
        if (writing is { IsCompleted: true }) Note(writing.Result);
    }

    /// <summary>The agent ends: what is being written is waited for, and what is wanted is written at once if what is known is whole.</summary>
    public void Finish(bool now)
    {
        writing?.Wait(LastPatience);
        if (!now || wanted is null || writing is { IsCompleted: false }) return;
        if (whole() is { } batch) Note(Write(batch.Span));
    }

    private void Note(string? failure)
    {
        writing = null;
        trouble.Note(failure);
        if (failure is not null) wanted = notBefore;
    }

    private string? Write(ReadOnlySpan<byte> batch)
    {
        try
        {
            KeptTable.Write(path, batch);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
