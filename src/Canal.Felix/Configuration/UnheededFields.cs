using System.Collections.Immutable;
using Canal.Core.Resources;

namespace Canal.Felix.Configuration;

/// <summary>
/// Fields of FelixConfiguration that somebody may count on and that do nothing here. Those of dataplanes and environments that Canal is not made for (eBPF,
/// Windows, Kubernetes) are no news and not among them.
/// </summary>
internal static class UnheededFields
{
    private const string Journal = "the log goes to the journal", Kernel = "the kernel tells of changes", Own = "it is each host's own affair, in felix.toml: ", Fixed = "what policy allows goes on as is";

    private static readonly ImmutableDictionary<string, string> Reasons = new Dictionary<string, string>
    {
        ["dataplaneWatchdogTimeout"] = "systemd watches the agent",
        ["endpointReportingDelay"] = "a status is written when it changes",
        ["endpointStatusPathPrefix"] = Own + "endpoint_status_path_prefix",
        ["interfaceExclude"] = "every interface that is no workload's counts",
        ["interfaceRefreshInterval"] = Kernel,
        ["iptablesMangleAllowAction"] = Fixed,
        ["logFilePath"] = Journal,
        ["logSeverityFile"] = Journal,
        ["netlinkTimeout"] = "it is not adjustable",
        ["nftablesFilterAllowAction"] = Fixed,
        ["nftablesMangleAllowAction"] = Fixed,
        ["nftablesMode"] = Own + "dataplane",
        ["nftablesRefreshInterval"] = Kernel,
    }.ToImmutableDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Encryption = ["prometheusMetricsCertFile", "prometheusMetricsKeyFile", "prometheusMetricsCAFile"];

    /// <summary>The resource wants the metrics served with TLS, which they cannot be.</summary>
    public static bool WantsEncryption(FelixConfiguration configuration) => Set(configuration).Any(name => Encryption.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>A sentence for each that the resource sets.</summary>
    public static IEnumerable<string> Of(FelixConfiguration configuration)
    {
        foreach (string name in Set(configuration))
        {
            if (Reasons.TryGetValue(name, out string? reason)) yield return $"{configuration.Key}: {name} has no effect here, because {reason}";
            else if (Encryption.Contains(name, StringComparer.OrdinalIgnoreCase)) yield return $"{configuration.Key}: {name} asks for TLS, which there is not: metrics are served only where felix.toml says so, without it";
        }
    }

    /// <summary>Names of fields, and of parameters in annotations, that say something.</summary>
    private static IEnumerable<string> Set(FelixConfiguration configuration) =>
        configuration.Fields.Where(field => field.Json is not ("null" or "\"\"")).Select(field => field.Name).Concat(configuration.Parameters.Where(p => p.Value.Length > 0).Select(p => p.Key));
}
