using System.Text.Json.Nodes;
using Canal.Hosting;

namespace Canal.Cni;

/// <summary>The settings of cni.toml. The keys of Calico's plugin in the network's configuration mean the same as there, and go before the files.</summary>
internal static class CniSettings
{
    public static DurationSetting PolicyTimeout { get; } = new("policy_timeout", TimeSpan.FromSeconds(10),
        "How long to wait until canal-felix has an endpoint's policy in the kernel; 0s does not wait.")
    { Maximum = TimeSpan.FromSeconds(60) };

    public static EnumSetting<bool> PolicyTimeoutAction { get; } = new("policy_timeout_action", false,
        "When that time is over: the container does not start, or starts with whatever the kernel has.", ("fail", false), ("open", true));

    public static StringSetting EndpointStatusDirectory { get; } = new("endpoint_status_dir", "/var/run/calico/endpoint-status",
        "Where canal-felix tells which endpoints it has programmed: its endpoint_status_path_prefix and /endpoint-status.");

    public static IntegerSetting Mtu { get; } = new("mtu", 0, "MTU of containers' interfaces; 0 is the kernel's 1500.") { Minimum = 0, Maximum = 65535 };

    public static StringSetting IpamLockFile { get; } = new("ipam_lock_file", "/var/run/calico/ipam.lock",
        "Locked while an address is assigned, so that containers of one host do not make each other's writes fail.");

    public static StringSetting StateDirectory { get; } = new("state_dir", "/var/lib/canal/cni", "Where deletions are kept while etcd is away.");

    public static ConfigurationSchema Schema { get; } = new("cni", [PolicyTimeout, PolicyTimeoutAction, EndpointStatusDirectory, Mtu, IpamLockFile, StateDirectory]);

    private static readonly (string Field, Setting Setting)[] Fields =
    [
        ("etcd_endpoints", CommonSettings.EtcdEndpoints), ("etcd_ca_cert_file", CommonSettings.EtcdCaFile), ("etcd_cert_file", CommonSettings.EtcdCertFile),
        ("etcd_key_file", CommonSettings.EtcdKeyFile), ("nodename", CommonSettings.NodeName), ("endpoint_status_dir", EndpointStatusDirectory),
        ("ipam_lock_file", IpamLockFile), ("policy_timeout", PolicyTimeout), ("policy_timeout_action", PolicyTimeoutAction), ("state_dir", StateDirectory),
    ];

    /// <summary>Reads the configuration. The variables of systemd are not looked at: they are the runtime's, whose child a plugin is.</summary>
    /// <exception cref="CniException">It cannot be used.</exception>
    public static Configuration Load(CniCall call)
    {
        string directory = CniJson.Text(call.Config, "config_dir");
        ConfigurationResult result = ConfigurationLoader.Load(Schema, ConfigurationSources.FromProcess(directory.Length == 0 ? "/etc/canal" : directory, [.. Flags(call.Config)]));
        Configuration configuration = result.Configuration ?? throw new CniException(CniCode.Configuration, result.ErrorText().TrimEnd('\n'));
        // A key of Calico's plugin that means another etcd than the one on this host, which would be asked instead.
        bool elsewhere = CniJson.Text(call.Config, "etcd_discovery_srv").Length > 0 && configuration.Origin(CommonSettings.EtcdEndpoints.Key) == ConfigurationOrigin.Default;
        return elsewhere ? throw new CniException(CniCode.Configuration, "etcd_discovery_srv: is not read here: name etcd's members in etcd_endpoints, or in canal.toml") : configuration;
    }

    private static IEnumerable<ConfigurationFlag> Flags(JsonObject config)
    {
        foreach ((string field, Setting setting) in Fields)
        {
            string text = CniJson.Text(config, field);
            if (text.Length > 0) yield return new ConfigurationFlag(field, setting.Key, text);
        }
        if (CniJson.Number(config, "mtu", 65535) is > 0 and int mtu) yield return new ConfigurationFlag("mtu", Mtu.Key, mtu.ToString());
        if (CniJson.Number(config, "policy_setup_timeout_seconds", 60) is > 0 and int seconds) yield return new ConfigurationFlag("policy_setup_timeout_seconds", PolicyTimeout.Key, $"{seconds}s");
        if (CniJson.Text(config, "nodename").Length == 0 && NodeNameFile(CniJson.Text(config, "nodename_file")) is { } node)
            yield return new ConfigurationFlag("nodename_file", CommonSettings.NodeName.Key, node);
    }

    private static string? NodeNameFile(string path) => path.Length > 0 && File.Exists(path) ? File.ReadAllText(path).Trim() : null;
}
