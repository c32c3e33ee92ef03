using Canal.Felix.Configuration;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>What is served by HTTP: health and metrics, each where the configuration says, also when it changes.</summary>
internal sealed class WebServices(HealthReporters health, Func<string> metrics, DaemonRun run) : IDisposable
{
    private readonly HttpService healthService = new("serving health", Log.ServingFailed, HealthRoutes.Of(health.Table), run.Time, run.Log);
    private readonly HttpService metricsService = new("serving metrics", Log.ServingFailed,
        new Dictionary<string, Func<HttpAnswer>> { ["/metrics"] = () => new HttpAnswer(200, metrics(), MetricsText.ContentType) }, run.Time, run.Log);

    public void Configure(HostingConfiguration configuration)
    {
        health.Configure(configuration);
        healthService.Configure(configuration.Get(FelixSettings.HealthEnabled)
            ? HttpEndpoint.AddressOf(configuration.Get(FelixSettings.HealthHost), configuration.Get(FelixSettings.HealthPort)) : null);
        metricsService.Configure(configuration.Get(FelixSettings.MetricsEnabled)
            ? HttpEndpoint.AddressOf(configuration.Get(FelixSettings.MetricsHost), configuration.Get(FelixSettings.MetricsPort)) : null, TlsOf(configuration));
    }

    /// <summary>Whoever names one of the files wants no metrics without TLS; what is missing is told by the service.</summary>
    private static TlsFiles? TlsOf(HostingConfiguration configuration)
    {
        TlsFiles files = new(configuration.Get(FelixSettings.MetricsCertFile), configuration.Get(FelixSettings.MetricsKeyFile),
            configuration.Get(FelixSettings.MetricsCaFile), configuration.Get(FelixSettings.MetricsClientAuth));
        return files is { CertFile: "", KeyFile: "", CaFile: "" } ? null : files;
    }

    public Task RunAsync(CancellationToken stop) => Task.WhenAny(healthService.RunAsync(stop), metricsService.RunAsync(stop)).Unwrap();

    public void Dispose()
    {
        healthService.Dispose();
        metricsService.Dispose();
    }
}
