using System.Collections.Immutable;
using Canal.Core.Nodes;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>The settings of canal.toml, which every daemon shares and may override in its own file, and <c>log.level</c>, which every daemon has for itself.</summary>
public static class CommonSettings
{
    /// <summary>The default comes from the host name, in lower case, as a source of its own.</summary>
    public static StringSetting NodeName { get; } = new("node_name", "", "Name of this host in the datastore; default: the host name, lower case.")
    {
        Check = NodeNameText.Wrong,
    };

    public static StringListSetting EtcdEndpoints { get; } = new("etcd.endpoints", ["http://127.0.0.1:2379"], "URLs of the etcd cluster's members.")
    {
        CheckItem = EndpointText.Wrong,
        Check = endpoints => endpoints.IsEmpty ? "must name at least one endpoint" : null,
    };

    /// <summary>Empty: the system's certificate authorities.</summary>
    public static StringSetting EtcdCaFile { get; } = new("etcd.ca_file", "", "PEM file of the certificate authorities that etcd's certificate is checked against.") { Check = AbsoluteOrEmpty };

    public static StringSetting EtcdCertFile { get; } = new("etcd.cert_file", "", "PEM file of the client certificate.") { Check = AbsoluteOrEmpty };

    public static StringSetting EtcdKeyFile { get; } = new("etcd.key_file", "", "PEM file of the client certificate's private key.") { Check = AbsoluteOrEmpty };

    public static StringSetting EtcdUsername { get; } = new("etcd.username", "", "User name for etcd's password authentication.");

    /// <summary>Read it with <see cref="SecretFile.Read"/>.</summary>
    public static StringSetting EtcdPasswordFile { get; } = new("etcd.password_file", "", "File with the password; a bare name is looked up among systemd's credentials.");

    public static BoolSetting NodeRegistration { get; } = new("node_registration", true, "Make this host's Node when there is none, and fill in the addresses that it lacks.");

    public static StringSetting Ipv4Detection { get; } = Detection("ip_autodetection_method", "first-found", "How the host's IPv4 address is found where its Node has none.");

    public static StringSetting Ipv6Detection { get; } = Detection("ip6_autodetection_method", "none", "Likewise its IPv6 address.");

    public static EnumSetting<LogEventLevel> LogLevel { get; } = Level("log.level", "Least important message that is logged.");

    /// <summary>The keys of canal.toml.</summary>
    public static ImmutableArray<Setting> Shared { get; } =
        [NodeName, NodeRegistration, Ipv4Detection, Ipv6Detection, EtcdEndpoints, EtcdCaFile, EtcdCertFile, EtcdKeyFile, EtcdUsername, EtcdPasswordFile];

    internal static ImmutableArray<ConfigurationRule> Rules { get; } =
    [
        Together(EtcdCertFile, EtcdKeyFile),
        Together(EtcdKeyFile, EtcdCertFile),
        Together(EtcdUsername, EtcdPasswordFile),
        Together(EtcdPasswordFile, EtcdUsername),
    ];

    private static ConfigurationRule Together(StringSetting one, StringSetting other) => new(one,
        configuration => configuration.Get(one).Length > 0 && configuration.Get(other).Length == 0 ? $"is set but {other.Key} is not" : null);

    private static StringSetting Detection(string key, string method, string doc) => new(key, method, doc)
    {
        Check = text => AddressDetection.TryParse(text, out _, out string problem) ? null : problem,
    };

    /// <summary>A setting of how important a message must be.</summary>
    public static EnumSetting<LogEventLevel> Level(string key, string doc) => new(key, LogEventLevel.Information, doc,
        ("debug", LogEventLevel.Debug), ("info", LogEventLevel.Information), ("warning", LogEventLevel.Warning), ("error", LogEventLevel.Error));

    /// <summary>For <see cref="Setting{T}.Check"/>: what is wrong with a path, or null.</summary>
    public static string? AbsoluteOrEmpty(string path) => path.Length == 0 || path.StartsWith('/') ? null : $"must be an absolute path, not {Quoted.Text(path)}";
}
