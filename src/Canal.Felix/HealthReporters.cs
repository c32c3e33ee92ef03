using Canal.Felix.Configuration;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>Felix's reporters under Felix's names.</summary>
internal sealed class HealthReporters
{
    /// <summary>As Felix's DataplaneWatchdogTimeout.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly HealthReporter startup;
    private readonly HealthReporter loop;

    public HealthReporters(HostingConfiguration configuration, TimeProvider time)
    {
        Table = new HealthTable(time, HealthTimeouts.Parse(configuration.Get(FelixSettings.HealthTimeoutOverrides)));
        startup = Table.Register("FelixStartup", HealthAspects.Ready, TimeSpan.Zero);
        loop = Table.Register("InternalDataplaneMainLoop", HealthAspects.Live | HealthAspects.Ready, Patience);
        startup.Report(new HealthReport(true, true));
    }

    public HealthTable Table { get; }

    /// <summary>The loop turned; called on every turn.</summary>
    public void Report(bool ready) => loop.Report(new HealthReport(true, ready));
}
