namespace Canal.Hosting;

/// <summary>
/// One part of the daemon: <c>FelixStartup</c>, <c>CalculationGraph</c>, <c>InternalDataplaneMainLoop</c>. Reports from any thread; each report is also a heartbeat. Until the first
/// one it is live and not ready; when none comes for the time-out it is neither.
/// </summary>
public sealed class HealthReporter
{
    private readonly TimeProvider _clock;
    private readonly Lock _guard = new();
    private HealthReport _latest = new(Live: true, Ready: false);
    private long _at;
    private TimeSpan _timeout;

    internal HealthReporter(string name, HealthAspects aspects, TimeSpan timeout, TimeProvider clock)
    {
        Name = name;
        Aspects = aspects;
        _timeout = timeout;
        _clock = clock;
        _at = clock.GetTimestamp();
    }

    public string Name { get; }

    public HealthAspects Aspects { get; }

    /// <summary>Zero: never times out. May be set on any thread.</summary>
    public TimeSpan Timeout
    {
        get
        {
            lock (_guard) return _timeout;
        }
        set
        {
            lock (_guard) _timeout = value;
        }
    }

    public void Report(HealthReport report)
    {
        lock (_guard)
        {
            _latest = report;
            _at = _clock.GetTimestamp();
        }
    }

    /// <summary>The latest report, or "timed out" when that is too old.</summary>
    internal HealthReport Current()
    {
        lock (_guard)
        {
            bool late = _timeout > TimeSpan.Zero && _clock.GetElapsedTime(_at) > _timeout;
            return late ? new HealthReport(Live: false, Ready: false, "timed out") : _latest;
        }
    }
}
