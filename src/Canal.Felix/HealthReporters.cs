using System.Collections.Immutable;
using System.Net;
using Canal.Felix.Configuration;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>Felix's reporters under Felix's names, and where they are served.</summary>
internal sealed class HealthReporters
{
    private readonly HealthTable table;
    private readonly HealthReporter startup;
    private readonly HealthReporter loop;
    private readonly IPEndPoint? address;

    private HealthReporters(HealthTable table, IPEndPoint? address, TimeSpan patience)
    {
        this.table = table;
        this.address = address;
        startup = table.Register("FelixStartup", HealthAspects.Ready, TimeSpan.Zero);
        loop = table.Register("InternalDataplaneMainLoop", HealthAspects.Live | HealthAspects.Ready, patience);
        startup.Report(new HealthReport(true, true));
    }

    public static HealthReporters Of(HostingConfiguration configuration, TimeProvider time, TimeSpan patience)
    {
        IPEndPoint? address = configuration.Get(FelixSettings.HealthEnabled)
            ? HttpEndpoint.AddressOf(configuration.Get(FelixSettings.HealthHost), configuration.Get(FelixSettings.HealthPort))
            : null;
        return new HealthReporters(new HealthTable(time, ImmutableDictionary<string, TimeSpan>.Empty), address, patience);
    }

    /// <summary>The server, or null when it is not wanted.</summary>
    public HttpEndpoint? Listen() => address is null ? null : HttpEndpoint.Listen(address, HealthRoutes.Of(table));

    /// <summary>The loop turned; called on every turn.</summary>
    public void Report(bool ready) => loop.Report(new HealthReport(true, ready));
}
