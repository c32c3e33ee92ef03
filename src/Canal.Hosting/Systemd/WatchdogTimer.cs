using System.Globalization;

namespace Canal.Hosting;

/// <summary>
/// Says when the watchdog is to be fed. It has no timer of its own on purpose: the main loop asks it, so that a stuck loop stops feeding and systemd restarts the daemon.
/// Not for several threads.
/// </summary>
public sealed class WatchdogTimer
{
    // sd_watchdog_enabled(3) advises half the time-out; a third leaves room for one slow turn of the loop.
    private const int PingsPerTimeout = 3;

    private readonly TimeProvider _clock;
    private long _last;

    private WatchdogTimer(TimeSpan? timeout, TimeProvider clock)
    {
        _clock = clock;
        Interval = timeout / PingsPerTimeout;
        _last = clock.GetTimestamp();
    }

    /// <summary>Time between two pings; null when systemd does not watch.</summary>
    public TimeSpan? Interval { get; }

    /// <summary>How long the loop may sleep before it must ask again; infinite when systemd does not watch.</summary>
    public TimeSpan UntilDue
    {
        get
        {
            if (Interval is not { } interval)
                return Timeout.InfiniteTimeSpan;
            TimeSpan left = interval - _clock.GetElapsedTime(_last);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Reads <c>WATCHDOG_USEC</c>; a <c>WATCHDOG_PID</c> of another process means that it is not for us.</summary>
    public static WatchdogTimer FromEnvironment(IReadOnlyDictionary<string, string> environment, int processId, TimeProvider clock)
    {
        bool watched = ulong.TryParse(environment.GetValueOrDefault("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong microseconds)
            && microseconds is > 0 and < int.MaxValue * 1000UL;
        bool ours = environment.GetValueOrDefault("WATCHDOG_PID") is not { Length: > 0 } pid || pid == processId.ToString(CultureInfo.InvariantCulture);
        return new WatchdogTimer(watched && ours ? TimeSpan.FromMicroseconds(microseconds) : null, clock);
    }

    /// <summary>True once every interval; the caller then sends <see cref="SystemdNotifier.Watchdog"/>.</summary>
    public bool Due()
    {
        if (Interval is not { } interval || _clock.GetElapsedTime(_last) < interval)
            return false;
        _last = _clock.GetTimestamp();
        return true;
    }
}
