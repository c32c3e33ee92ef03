using System.Collections.Immutable;
using System.Net;

namespace Canal.Hosting;

/// <summary>Where the configuration is looked for. Every root can be moved, for tests and for <c>--config-dir</c>.</summary>
public sealed record ConfigurationSources
{
    /// <summary>The distributor's values: <c>canal.toml</c> and <c>DAEMON.toml</c>.</summary>
    public string VendorDirectory { get; init; } = "/usr/lib/canal";

    /// <summary>Drop-ins that vanish at boot.</summary>
    public string RuntimeDirectory { get; init; } = "/run/canal";

    /// <summary>The operator's values: <c>canal.toml</c>, <c>DAEMON.toml</c>, <c>DAEMON.toml.d/*.toml</c>.</summary>
    public string ConfigurationDirectory { get; init; } = "/etc/canal";

    public ImmutableDictionary<string, string> Environment { get; init; } = ImmutableDictionary<string, string>.Empty;

    public ImmutableArray<ConfigurationFlag> Flags { get; init; } = [];

    /// <summary>The kernel's host name; its lower case is the default of <c>node_name</c>.</summary>
    public string HostName { get; init; } = "";

    /// <summary>This process's environment and this host's name.</summary>
    public static ConfigurationSources FromProcess(string configurationDirectory, ImmutableArray<ConfigurationFlag> flags) => new()
    {
        ConfigurationDirectory = configurationDirectory,
        Environment = ProcessEnvironment.Read(),
        Flags = flags,
        // Not Environment.MachineName, which ends at the first dot; Calico uses the whole name.
        HostName = Dns.GetHostName(),
    };
}
