using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer.Configuration;

/// <summary>The settings of bird-config-renderer.toml. What concerns the cluster is in etcd: BGPConfiguration, BGPPeer, BGPFilter.</summary>
internal static class RendererSettings
{
    public static StringSetting RouterId { get; } = new("router_id", "", "An IPv4 address, \"hash\" for one made from the node's name; empty: the node's IPv4 address.")
    {
        Check = text => text is "" or "hash" || (IpAddress.TryParse(text, out IpAddress id) && id.Family == IpFamily.V4) ? null : "must be an IPv4 address, \"hash\" or empty",
    };

    public static StringListSetting AdvertisedPrefixes { get; } = new("advertised_prefixes", [], "Prefixes that this host tells its peers beside its blocks of addresses.")
    {
        CheckItem = item => Cidr.TryParse(item, out _) ? null : "is not a prefix",
    };

    public static EnumSetting<bool> MissingFilter { get; } = new("missing_filter", false,
        "What a filter that a peer names and nobody has made does: skip lets every route pass as in Calico, reject none.", ("skip", false), ("reject", true));

    public static DurationSetting GracefulRestartWait { get; } = new("graceful_restart_wait", TimeSpan.FromSeconds(30),
        "How long a restarted BIRD waits for its neighbours before it removes routes it had from them.")
    {
        Minimum = TimeSpan.FromSeconds(1),
        Maximum = TimeSpan.FromSeconds(3600),
    };

    public static EnumSetting<BirdStart> BirdStart { get; } = new("bird_start", Configuration.BirdStart.Auto,
        "Who starts BIRD: systemd (canal-bird.service), this program (direct), nobody (none); auto: systemd where it runs.",
        ("auto", Configuration.BirdStart.Auto), ("systemd", Configuration.BirdStart.Systemd), ("direct", Configuration.BirdStart.Direct), ("none", Configuration.BirdStart.None));

    public static EnumSetting<BirdVersion> BirdVersion { get; } = new("bird_version", Configuration.BirdVersion.Auto,
        "Which BIRD this host has: 2 (or later), 1.6, which is a process for each family; auto: bird_program is asked at the start.",
        ("auto", Configuration.BirdVersion.Auto), ("2", Configuration.BirdVersion.Bird2), ("1.6", Configuration.BirdVersion.Bird16));

    public static StringSetting BirdProgram { get; } = new("bird_program", "/usr/sbin/bird", "BIRD's program; of 1.6 the one for IPv4.") { Check = Absolute };

    public static StringSetting BirdSocket { get; } = new("bird_socket", "/run/canal/bird.ctl", "BIRD's control socket.") { Check = Absolute };

    public static StringSetting BirdConfig { get; } = new("bird_config", "/var/lib/canal/bird.conf", "The file that is written for BIRD.") { Check = Absolute };

    public static StringSetting Bird6Program { get; } = new("bird6_program", "/usr/sbin/bird6", "BIRD 1.6's program for IPv6.") { Check = Absolute };

    public static StringSetting Bird6Socket { get; } = new("bird6_socket", "/run/canal/bird6.ctl", "Its control socket.") { Check = Absolute };

    public static StringSetting Bird6Config { get; } = new("bird6_config", "/var/lib/canal/bird6.conf", "The file that is written for it.") { Check = Absolute };

    public static StringSetting BirdGroup { get; } = new("bird_group", "bird", "Group that BIRD runs in and that may read the file; nothing is done where there is no such group.");

    public static StringSetting SecretsFolder { get; } = new("secrets_dir", "/etc/canal/bgp-secrets", "Folder of passwords: SECRET/KEY holds the one that a resource calls so.") { Check = Absolute };

    public static StringSetting EndpointStatusPathPrefix { get; } = new("endpoint_status_path_prefix", "/var/run/calico",
        "Folder in which endpoint-status/ tells which local workloads speak BGP; empty for none.")
    {
        Check = text => text.Length == 0 ? null : Absolute(text),
    };

    public static DurationSetting StatusInterval { get; } = new("status_interval", TimeSpan.FromSeconds(5), "How often BIRD is asked for the state of its sessions.")
    {
        Minimum = TimeSpan.FromMilliseconds(200),
        Maximum = TimeSpan.FromMinutes(10),
    };

    public static BoolSetting HealthEnabled { get; } = new("health_enabled", false, "Serve /liveness, /readiness and /metrics.");

    public static StringSetting HealthHost { get; } = new("health_host", "127.0.0.1", "Address that they are served on.")
    {
        Check = text => text == "localhost" || System.Net.IPAddress.TryParse(text, out _) ? null : "must be an IP address or localhost",
    };

    public static IntegerSetting HealthPort { get; } = new("health_port", 9098, "Port that they are served on.") { Minimum = 0, Maximum = 65535 };

    /// <summary>Everything that bird-config-renderer.toml may hold.</summary>
    public static ConfigurationSchema Schema { get; } = new("bird-config-renderer",
    [
        RouterId, AdvertisedPrefixes, MissingFilter, GracefulRestartWait, BirdStart, BirdVersion, BirdProgram, BirdSocket, BirdConfig, Bird6Program, Bird6Socket, Bird6Config, BirdGroup,
        SecretsFolder, EndpointStatusPathPrefix, StatusInterval, HealthEnabled, HealthHost, HealthPort,
    ]);

    private static HashSet<string> AtStart { get; } =
    [
        .. CommonSettings.Shared.Concat([BirdStart, BirdVersion, BirdProgram, BirdSocket, BirdConfig, Bird6Program, Bird6Socket, Bird6Config, BirdGroup, HealthEnabled, HealthHost, HealthPort]).Select(s => s.Key),
    ];

    /// <summary>What the planner is told of them.</summary>
    public static BgpChoices Choices(HostingConfiguration configuration)
    {
        string routerId = configuration.Get(RouterId);
        return new BgpChoices
        {
            RouterId = routerId is "" or "hash" ? null : IpAddress.Parse(routerId),
            HashRouterId = routerId == "hash",
            AdvertisedPrefixes = configuration.Get(AdvertisedPrefixes).Select(Cidr.Parse).ToEquatableArray(),
            RejectWhereFilterIsMissing = configuration.Get(MissingFilter),
            GracefulRestartWait = (int)configuration.Get(GracefulRestartWait).TotalSeconds,
        };
    }

    /// <summary>Names settings that differ and are read at the start only, as a sentence; empty when there is none.</summary>
    public static string NeedsRestart(HostingConfiguration started, HostingConfiguration now)
    {
        Dictionary<string, string> before = started.Entries.ToDictionary(e => e.Key, e => e.Text, StringComparer.Ordinal);
        string[] changed = [.. now.Entries.Where(e => AtStart.Contains(e.Key) && before[e.Key] != e.Text).Select(e => e.Key)];
        return changed.Length == 0 ? "" : $"{string.Join(", ", changed)}: in force when canal-bird-config-renderer is started again";
    }

    private static string? Absolute(string path) => path.StartsWith('/') ? null : "must be an absolute path";
}
