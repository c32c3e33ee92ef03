using Canal.Hosting;
using Serilog;

namespace Canal.Felix.LastKnownGood;

/// <summary>
/// Writes the table in force down, for the next boot: a moment after it changed, so that a burst is written once, and never so often that writing, whose
/// cost is that of the whole table, takes more than a hundredth of the time. The table comes as a batch, or as null while what the kernel holds is not known.
/// </summary>
internal sealed class TableKeeper(string path, Func<byte[]?> whole, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(10);
    private const int Share = 100;

    private readonly Trouble trouble = new("keeping the policy in force for the next boot", Log.ProgrammingFailed, time, log);
    private DateTimeOffset notBefore = DateTimeOffset.MinValue;

    /// <summary>When to call <see cref="Keep"/>; null when the file is as it should be.</summary>
    public DateTimeOffset? Due { get; private set; }

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
        DateTimeOffset soon = time.GetUtcNow() + Quiet;
        Due ??= soon > notBefore ? soon : notBefore;
    }

    /// <summary>Writes the table down when it is time.</summary>
    public void Keep()
    {
        if (Due is null || time.GetUtcNow() < Due) return;
        Due = null;
        long start = time.GetTimestamp();
        trouble.Note(Write());
        TimeSpan pause = time.GetElapsedTime(start) * Share;
        notBefore = time.GetUtcNow() + (pause > ShortestInterval ? pause : ShortestInterval);
        if (trouble.Reason is not null) Due = notBefore;
    }

    /// <summary>While the kernel's table is in doubt there is nothing to write down; the repair ends that soon.</summary>
    private string? Write()
    {
        try
        {
            if (whole() is { } batch) KeptTable.Write(path, batch);
            else Changed();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
