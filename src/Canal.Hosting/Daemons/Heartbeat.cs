namespace Canal.Hosting;

/// <summary>Tells systemd and the health endpoint how the loop is.</summary>
public sealed class Heartbeat(SystemdNotifier notifier, WatchdogTimer watchdog, Action<bool> health, TimeProvider time)
{
    /// <summary>A host whose datastore is not reachable must still boot.</summary>
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(10);

    private readonly DateTimeOffset started = time.GetUtcNow();
    private bool notified;

    /// <summary>systemd's status line once what is wanted is in force.</summary>
    public required string InForce { get; init; }

    /// <summary>systemd's status line when that takes too long.</summary>
    public required string Waiting { get; init; }

    public TimeSpan UntilWatchdog => watchdog.Interval is null ? TimeSpan.MaxValue : watchdog.UntilDue;

    /// <summary>Says that the loop turns, on every turn; the supervisor restarts a daemon that stops saying so.</summary>
    public void Beat(bool inForce, bool healthy)
    {
        if (watchdog.Due()) notifier.Watchdog();
        health(healthy);
        if (notified || !(inForce || time.GetUtcNow() - started > ReadyPatience)) return;
        notified = true;
        notifier.Ready(inForce ? InForce : Waiting);
    }

    /// <summary>A reload begins.</summary>
    public void Reloading() => notifier.Reloading();

    /// <summary>A reload is over.</summary>
    public void Reloaded()
    {
        if (notified) notifier.Ready("");
    }
}
