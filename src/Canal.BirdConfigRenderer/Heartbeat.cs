using Canal.Hosting;

namespace Canal.BirdConfigRenderer;

/// <summary>Tells systemd and the health endpoint how the loop is.</summary>
internal sealed class Heartbeat(SystemdNotifier notifier, WatchdogTimer watchdog, HealthReporter health, TimeProvider time)
{
    /// <summary>A host whose datastore is not reachable must still boot.</summary>
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(10);

    private readonly DateTimeOffset started = time.GetUtcNow();
    private bool notified;

    public TimeSpan UntilWatchdog => watchdog.Interval is null ? TimeSpan.MaxValue : watchdog.UntilDue;

    public void Beat(bool inForce, bool healthy)
    {
        if (watchdog.Due()) notifier.Watchdog();
        health.Report(new HealthReport(true, healthy));
        if (notified || !(inForce || time.GetUtcNow() - started > ReadyPatience)) return;
        notified = true;
        notifier.Ready(inForce ? "BIRD's configuration follows etcd" : "waiting for the datastore; BIRD keeps the configuration it has");
    }

    public void Reloading() => notifier.Reloading();

    public void Reloaded()
    {
        if (notified) notifier.Ready("");
    }
}
