namespace Canal.Core.Resources;

/// <summary>The etcd keys felix reports to.</summary>
public static class StatusKeys
{
    /// <summary>Stands in keys where no region is configured.</summary>
    public const string NoRegion = "no-region";

    /// <summary><c>/calico/felix/v2/REGION/host/HOST/workload/ORCHESTRATOR/WORKLOAD/endpoint/ENDPOINT</c>; the workload is <c>NAMESPACE/WORKLOAD</c>.</summary>
    /// <param name="region">The configured region; empty for none.</param>
    /// <param name="namespace">The endpoint's namespace.</param>
    /// <param name="name">The endpoint's name, taken apart.</param>
    public static string Workload(string region, string @namespace, WorkloadEndpointName name) =>
        $"{Host(region, name.Node)}workload/{Escape(name.Orchestrator)}/{Escape($"{@namespace}/{name.Workload}")}/endpoint/{Escape(name.Endpoint)}";

    /// <summary>Prefix of the statuses of all workload endpoints of a host.</summary>
    public static string Workloads(string region, string host) => $"{Host(region, host)}workload/";

    /// <summary><c>/calico/felix/v1/host/HOST/endpoint/NAME</c></summary>
    public static string HostEndpoint(string host, string name) => $"{HostEndpoints(host)}{Escape(name)}";

    /// <summary>Prefix of the statuses of all endpoints of a host itself.</summary>
    public static string HostEndpoints(string host) => $"/calico/felix/v1/host/{host}/endpoint/";

    /// <summary>The report that felix is alive, kept by a lease.</summary>
    public static string Alive(string region, string host) => $"{Host(region, host)}status";

    /// <summary>The last such report, which stays.</summary>
    public static string LastReported(string region, string host) => $"{Host(region, host)}last_reported_status";

    /// <summary>A text as one segment of a key: <c>%</c> becomes <c>%25</c>, <c>/</c> becomes <c>%2f</c>.</summary>
    public static string Escape(string segment) =>
        segment.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2f", StringComparison.Ordinal);

    /// <summary>What <see cref="Escape"/> was given.</summary>
    public static string Unescape(string segment) =>
        segment.Replace("%2f", "/", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);

    /// <summary>Prefix of all that a host reports, but of its own endpoints.</summary>
    public static string Host(string region, string host) => $"/calico/felix/v2/{(region.Length == 0 ? NoRegion : $"region-{region}")}/host/{host}/";
}
