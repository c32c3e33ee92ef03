using System.Collections.Immutable;
using Canal.Felix.Configuration;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>Felix's reporters under Felix's names.</summary>
internal sealed class HealthReporters
{
    private static readonly TimeSpan CalculationPatience = TimeSpan.FromSeconds(30);

    private readonly HealthReporter startup;
    private readonly HealthReporter calculation, loop;

    public HealthReporters(HostingConfiguration configuration, TimeProvider time)
    {
        Table = new HealthTable(time);
        startup = Table.Register("FelixStartup", HealthAspects.Ready, TimeSpan.Zero);
        calculation = Table.Register("CalculationGraph", HealthAspects.Live | HealthAspects.Ready, CalculationPatience);
        loop = Table.Register("InternalDataplaneMainLoop", HealthAspects.Live | HealthAspects.Ready, FelixSettings.DataplaneWatchdogTimeout.Default);
        startup.Report(new HealthReport(true, true));
        Configure(configuration);
    }

    public HealthTable Table { get; }

    /// <summary>Takes in how long the parts may be silent.</summary>
    public void Configure(HostingConfiguration configuration)
    {
        ImmutableDictionary<string, TimeSpan> overrides = HealthTimeouts.Parse(configuration.Get(FelixSettings.HealthTimeoutOverrides));
        calculation.Timeout = overrides.GetValueOrDefault(calculation.Name, CalculationPatience);
        startup.Timeout = overrides.GetValueOrDefault(startup.Name, TimeSpan.Zero);
        loop.Timeout = overrides.GetValueOrDefault(loop.Name, configuration.Get(FelixSettings.DataplaneWatchdogTimeout));
    }

    /// <summary>The loop turned; called on every turn.</summary>
    public void Report(bool ready)
    {
        // One loop turns both.
        calculation.Report(new HealthReport(true, ready));
        loop.Report(new HealthReport(true, ready));
    }
}
