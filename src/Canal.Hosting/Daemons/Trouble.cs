using Serilog;

namespace Canal.Hosting;

/// <summary>
/// One thing that may not work and is tried again, with growing pauses. Tells when it begins, when its reason becomes another, and when it is over; what it
/// is comes as the log says it (<c>programming the kernel</c>).
/// </summary>
/// <param name="kind">The messages' kind.</param>
public sealed class Trouble(string what, LogEventKind kind, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private TimeSpan pause = ShortestPause;

    /// <summary>Why it does not work; null when it does.</summary>
    public string? Reason { get; private set; }

    /// <summary>When to try again; null when there is no trouble.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>Nothing says that it should not be tried now.</summary>
    public bool MayTry => RetryAt is null || RetryAt <= time.GetUtcNow();

    /// <summary>It was tried; the reason is null when it worked.</summary>
    public void Note(string? reason)
    {
        if (reason is null) End();
        else Fail(reason);
    }

    private void End()
    {
        if (Reason is not null) log.Of(kind).Information("{What} works again", what);
        (Reason, RetryAt, pause) = (null, null, ShortestPause);
    }

    private void Fail(string reason)
    {
        if (Reason != reason) log.Of(kind).Error("{What} failed, trying again: {Reason}", what, reason);
        Reason = reason;
        RetryAt = time.GetUtcNow() + pause;
        pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
    }
}
