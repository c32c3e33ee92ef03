using Canal.Felix.Configuration;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Status;

/// <summary>Whether and how this agent reports to etcd.</summary>
internal sealed record ReportingParameters(bool Enabled, string Region, TimeSpan Delay, TimeSpan Interval, TimeSpan Ttl)
{
    public static ReportingParameters Off { get; } = new(false, "", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(90));

    public static ReportingParameters From(HostingConfiguration configuration) => new(
        configuration.Get(FelixSettings.EndpointReportingEnabled),
        configuration.Get(FelixSettings.OpenstackRegion),
        configuration.Get(FelixSettings.EndpointReportingDelay),
        configuration.Get(FelixSettings.ReportingInterval),
        configuration.Get(FelixSettings.ReportingTtl));
}
