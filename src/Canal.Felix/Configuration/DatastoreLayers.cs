using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Canal.Core.Labels;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Felix.Configuration;

/// <summary>
/// What etcd's FelixConfiguration resources say, as configuration layers: <c>default</c>, then those whose nodeSelector selects this host, then
/// <c>node.NAME</c>. An annotation <c>config.projectcalico.org/PARAMETER</c> beats the field. Fields that Canal has no use for are left out: they are
/// Calico's affair, not mistakes. <c>none</c> stands for the setting's default, whatever weaker layers say.
/// </summary>
internal static class DatastoreLayers
{
    private static readonly Dictionary<string, Setting> Fields = new(FelixSettings.FromDatastore.ToDictionary(setting => FieldOf(setting.Key), StringComparer.Ordinal), StringComparer.Ordinal)
    {
        // As it was called while there could be only one.
        ["routeTableRange"] = WireGuardSettings.RouteTableRanges,
    };

    private const string None = "none";

    /// <summary>Settings in which it says that there is to be nothing.</summary>
    private static readonly Setting[] NoneIsSomething = [FelixSettings.FailsafeInbound, FelixSettings.FailsafeOutbound, FelixSettings.EndpointStatusPathPrefix, FelixSettings.LogFile];

    /// <summary>Names of parameters are those of the fields in any case, but for a few.</summary>
    private static readonly Dictionary<string, Setting> Parameters = new(FelixSettings.FromDatastore.ToDictionary(setting => ParameterOf(setting.Key)), StringComparer.OrdinalIgnoreCase)
    {
        ["RouteTableRange"] = WireGuardSettings.RouteTableRanges,
    };

    /// <summary>The setting that a parameter of Calico's is; null when Canal has none.</summary>
    internal static Setting? SettingOf(string parameter) => Parameters.GetValueOrDefault(parameter);

    /// <summary>The layers, low precedence first.</summary>
    public static List<ConfigurationLayer> Of(IReadOnlyDictionary<string, FelixConfiguration> configurations, string nodeName, Node? node) =>
        [.. InForce(configurations, nodeName, node).Select(Layer)];

    /// <summary>Those that hold for this host, low precedence first.</summary>
    private static IEnumerable<FelixConfiguration> InForce(IReadOnlyDictionary<string, FelixConfiguration> configurations, string nodeName, Node? node)
    {
        if (configurations.TryGetValue("default", out FelixConfiguration? global)) yield return global;
        foreach (FelixConfiguration scoped in configurations.Values.OrderBy(c => c.Key.Name, StringComparer.Ordinal))
            if (scoped.Key.Name != "default" && !scoped.Key.Name.StartsWith("node.", StringComparison.Ordinal) && Selects(scoped, node)) yield return scoped;
        if (configurations.TryGetValue($"node.{nodeName}", out FelixConfiguration? own)) yield return own;
    }

    /// <summary>Sentences about those that can hold for no host: neither a name that says for which, nor a selector that can be read.</summary>
    public static IEnumerable<string> Unselectable(IEnumerable<FelixConfiguration> configurations)
    {
        foreach (FelixConfiguration configuration in configurations)
        {
            if (configuration.Key.Name == "default" || configuration.Key.Name.StartsWith("node.", StringComparison.Ordinal)) continue;
            if (configuration.NodeSelector.Length == 0) yield return $"{configuration.Key}: holds for no host: it is neither default nor node.NAME, and has no nodeSelector";
            else if (!Selector.TryParse(configuration.NodeSelector, out _, out SelectorError? error)) yield return $"{configuration.Key}: holds for no host: nodeSelector: {error}";
        }
    }

    private static bool Selects(FelixConfiguration configuration, Node? node) =>
        node is not null && configuration.NodeSelector.Length > 0 && Selector.TryParse(configuration.NodeSelector, out Selector? selector, out _)
        && selector.Evaluate(node.Metadata.Labels.ToDictionary(l => l.Key, l => l.Value, StringComparer.Ordinal));

    private static ConfigurationLayer Layer(FelixConfiguration configuration)
    {
        ImmutableSortedDictionary<string, string>.Builder values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (RawField field in configuration.Fields)
            if (Fields.TryGetValue(field.Name, out Setting? setting) && Text(setting, field.Json) is { Length: > 0 } text) values[setting.Key] = Value(setting, text);
        foreach (KeyValuePair<string, string> parameter in configuration.Parameters)
            if (Parameters.TryGetValue(parameter.Key, out Setting? setting) && parameter.Value.Length > 0) values[setting.Key] = Value(setting, parameter.Value);
        return new ConfigurationLayer(configuration.Key.ToString(), values.ToImmutable());
    }

    private static string Value(Setting setting, string text)
    {
        if (!text.Equals(None, StringComparison.OrdinalIgnoreCase)) return FelixText.Of(setting, text);
        return NoneIsSomething.Contains(setting) ? None : setting.DefaultText;
    }

    /// <summary>
    /// A field's JSON as a configuration value's text: strings bare, lists with commas; null for what no setting can be, and for an empty list, which only for
    /// the failsafe ports says something else than no list.
    /// </summary>
    private static string? Text(Setting setting, string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement value = document.RootElement;
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            JsonValueKind.Array when value.GetArrayLength() == 0 => setting == FelixSettings.FailsafeInbound || setting == FelixSettings.FailsafeOutbound ? FailsafePort.None : null,
            JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String ? v.GetString() : FailsafeText(v) ?? TimeoutText(v) ?? RangeText(v) ?? v.GetRawText())),
            JsonValueKind.Object => RangeText(value),
            _ => null,
        };
    }

    /// <summary>Calico's ProtoPort: <c>{"protocol":"TCP","port":22,"net":"10.0.0.0/8"}</c>; null for anything else.</summary>
    private static string? FailsafeText(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("port", out JsonElement port)) return null;
        string protocol = value.TryGetProperty("protocol", out JsonElement p) ? p.ToString() : "tcp", net = value.TryGetProperty("net", out JsonElement n) ? n.ToString() : "";
        return net.Length == 0 ? $"{protocol}:{port}" : $"{protocol}:{net}:{port}";
    }

    /// <summary>Calico's <c>{"name":"CalculationGraph","timeout":"30s"}</c>; null for anything else.</summary>
    private static string? TimeoutText(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("name", out JsonElement name) && value.TryGetProperty("timeout", out JsonElement timeout) ? $"{name}={timeout}" : null;

    /// <summary>Calico's <c>{"min":1,"max":250}</c>; null for anything else.</summary>
    private static string? RangeText(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("min", out JsonElement first) && value.TryGetProperty("max", out JsonElement last) ? $"{first}-{last}" : null;

    /// <summary><c>default_endpoint_to_host_action</c> is <c>defaultEndpointToHostAction</c>; Calico writes VXLAN, IPIP and IPv6 its own way.</summary>
    internal static string FieldOf(string key) => key switch
    {
        "log.level" => "logSeverityScreen",
        "log.file" => "logFilePath",
        "log.file_level" => "logSeverityFile",
        "dataplane" => "nftablesMode",
        "prometheus_metrics_ca_file" => "prometheusMetricsCAFile",
        "allow_vxlan_packets_from_workloads" => "allowVXLANPacketsFromWorkloads",
        "allow_ipip_packets_from_workloads" => "allowIPIPPacketsFromWorkloads",
        "reporting_ttl" => "reportingTTL",
        "iptables_nat_outgoing_interface_filter" => "iptablesNATOutgoingInterfaceFilter",
        "floating_ips" => "floatingIPs",
        "external_nodes_cidr_list" => "externalNodesList",
        "device_route_source_address_ipv6" => "deviceRouteSourceAddressIPv6",
        "vxlan_mtu" => "vxlanMTU",
        "vxlan_mtu_v6" => "vxlanMTUV6",
        "vxlan_vni" => "vxlanVNI",
        "ipip_mtu" => "ipipMTU",
        "wireguard_mtu" => "wireguardMTU",
        "wireguard_mtu_v6" => "wireguardMTUV6",
        _ => CamelCase(key),
    };

    private static string ParameterOf(string key) => key switch
    {
        "reporting_interval" => "ReportingIntervalSecs",
        "endpoint_reporting_delay" => "EndpointReportingDelaySecs",
        "netlink_timeout" => "NetlinkTimeoutSecs",
        "iptables_post_write_check_interval" => "IptablesPostWriteCheckIntervalSecs",
        "ipip_enabled" => "IpInIpEnabled",
        "ipip_mtu" => "IpInIpMtu",
        "reporting_ttl" => "ReportingTTLSecs",
        "wireguard_keep_alive" => "WireguardPersistentKeepAlive",
        _ => FieldOf(key),
    };

    private static string CamelCase(string key)
    {
        StringBuilder text = new();
        bool upper = false;
        foreach (char c in key)
        {
            if (c != '_') text.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = c == '_';
        }
        return text.ToString();
    }
}
