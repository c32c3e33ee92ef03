using System.Text;
using System.Text.Json;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Hosting;
using Canal.Testing;
using HostingConfiguration = Canal.Hosting.Configuration;
using Rig = Canal.Testing.Rig;

namespace Canal.Felix.Tests.Configuration;

/// <summary>What FelixConfiguration resources set, at which level, and how Calico's texts are read.</summary>
public sealed class DatastoreLayersTests
{
    private static readonly HostingConfiguration Builtin = ConfigurationLoader.Load(FelixSettings.Schema, new ConfigurationSources
    {
        VendorDirectory = "/nonexistent",
        RuntimeDirectory = "/nonexistent",
        ConfigurationDirectory = "/nonexistent",
        HostName = "h1",
    }).Configuration!;

    private static LayerResult Resolve(Rig.Resource? node, params Rig.Resource[] configurations)
    {
        Dictionary<string, FelixConfiguration> read = configurations.Select(Decode<FelixConfiguration>).ToDictionary(c => c.Key.Name);
        return Builtin.WithDatastore(DatastoreLayers.Of(read, "h1", node is null ? null : Decode<Node>(node)));
    }

    private static T Decode<T>(Rig.Resource resource) where T : Resource
    {
        Assert.True(ResourceKey.TryParse(Encoding.UTF8.GetBytes(resource.Key), out ResourceKey key, out _));
        return Assert.IsType<T>(ResourceCodec.Decode(key, Encoding.UTF8.GetBytes(resource.Json)).Resource);
    }

    private static Rig.Resource At(string level, string field, System.Text.Json.Nodes.JsonNode value) => Rig.Calico.FelixConfiguration(level).Spec(field, value);

    private static readonly Rig.Resource Default = At("default", "vxlanPort", 1), Scoped = At("rack", "vxlanPort", 2).Spec("nodeSelector", "rack == 'a'"),
        Own = At("node.h1", "vxlanPort", 3), Other = At("node.h2", "vxlanPort", 4);

    private static readonly Rig.Resource InRack = Rig.Calico.Node("h1").Labels(("rack", "a")), NotInRack = Rig.Calico.Node("h1").Labels(("rack", "b"));

    [Fact]
    public void Node_beats_selector_beats_default_beats_built_in()
    {
        AssertPort(4789, "default", Resolve(InRack, Other));
        AssertPort(1, "FelixConfiguration default", Resolve(InRack, Default, Other));
        AssertPort(2, "FelixConfiguration rack", Resolve(InRack, Default, Scoped, Other));
        AssertPort(3, "FelixConfiguration node.h1", Resolve(InRack, Default, Scoped, Own, Other));
    }

    [Fact]
    public void WireGuards_fields_are_read_as_Calico_writes_them()
    {
        static WireGuardParameters Read(params (string Field, string Json)[] fields)
        {
            Rig.Resource resource = Rig.Calico.FelixConfiguration("default");
            foreach ((string field, string json) in fields) resource = resource.Spec(field, System.Text.Json.Nodes.JsonNode.Parse(json));
            LayerResult result = Resolve(null, resource);
            Assert.Empty(result.Errors);
            return FelixParameters.From(result.Configuration).Network.WireGuard;
        }

        Assert.False(Read().IsEnabled);
        WireGuardParameters both = Read(("wireguardEnabled", "true"), ("wireguardEnabledV6", "true"), ("wireguardHostEncryptionEnabled", "true"), ("wireguardInterfaceName", "\"wg0\""), ("wireguardInterfaceNameV6", "\"wg6\""),
            ("wireguardListeningPort", "7"), ("wireguardListeningPortV6", "8"), ("wireguardMTU", "1300"), ("wireguardMTUV6", "1301"), ("wireguardKeepAlive", "\"25s\""), ("wireguardRoutingRulePriority", "98"),
            ("routeTableRanges", """[{"min":10,"max":20},{"min":30,"max":40}]"""));
        Assert.Equal(new WireGuardFamily(Core.Addressing.IpFamily.V4, true, "wg0", 7, 1300, 10), both.V4);
        Assert.Equal(new WireGuardFamily(Core.Addressing.IpFamily.V6, true, "wg6", 8, 1301, 11), both.V6);
        Assert.Equal((true, (ushort)25, 98u), (both.EncryptHosts, both.KeepAlive, both.RulePriority));
        Assert.Equal(7u, Read(("wireguardEnabledV6", "true"), ("routeTableRange", """{"min":7,"max":9}""")).V6.Table);
        Assert.Equal((252u, 300u), Read(("wireguardEnabled", "true"), ("wireguardEnabledV6", "true"), ("routeTableRanges", """[{"min":252,"max":260},{"min":300,"max":300}]""")) is var p ? (p.V4.Table, p.V6.Table) : default);
        Assert.False(Read(("wireguardEnabledV6", "true"), ("ipv6Support", "false")).IsEnabled);
    }

    [Fact]
    public void A_selector_counts_only_where_it_selects_this_node()
    {
        AssertPort(1, "FelixConfiguration default", Resolve(NotInRack, Default, Scoped));
        AssertPort(1, "FelixConfiguration default", Resolve(null, Default, Scoped));
        AssertPort(1, "FelixConfiguration default", Resolve(InRack, Default, Scoped.Spec("nodeSelector", "rack ==")));
        AssertPort(1, "FelixConfiguration default", Resolve(InRack, Default, Scoped.Spec("nodeSelector", null)));
    }

    [Fact]
    public void A_wrong_value_is_named_and_the_level_below_it_holds()
    {
        LayerResult result = Resolve(InRack, Default, Own.Spec("vxlanPort", 99999));
        AssertPort(1, "FelixConfiguration default", result);
        Assert.Contains("FelixConfiguration node.h1", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vxlanPort", "vxlan_port", "4789")]
    [InlineData("natPortRange", "nat_port_range", "")]
    [InlineData("interfaceExclude", "interface_exclude", "kube-ipvs0")]
    [InlineData("prometheusMetricsCAFile", "prometheus_metrics_ca_file", "")]
    [InlineData("failsafeInboundHostPorts", "failsafe_inbound_host_ports", "none")]
    [InlineData("endpointStatusPathPrefix", "endpoint_status_path_prefix", "none")]
    [InlineData("logFilePath", "log.file", "none")]
    public void None_stands_for_the_default_whatever_weaker_levels_say_or_for_nothing(string field, string key, string expected)
    {
        LayerResult result = Resolve(InRack, At("default", field, "1:2"), At("node.h1", field, "None"));
        ConfigurationEntry entry = result.Configuration.Entries.Single(e => e.Key == key);
        Assert.Equal((expected, "FelixConfiguration node.h1"), (entry.Text.Trim('"', '[', ']'), entry.Origin.ToString()));
    }

    [Fact]
    public void A_time_that_no_timer_bears_is_refused()
    {
        foreach (string field in (string[])["routeRefreshInterval", "reportingInterval", "interfaceRefreshInterval"])
            Assert.Contains("at most 45d", Assert.Single(Resolve(null, At("default", field, "46d")).Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_annotation_beats_the_field()
    {
        System.Text.Json.Nodes.JsonObject annotations = new() { ["config.projectcalico.org/VXLANPort"] = "77", ["config.projectcalico.org/ReportingIntervalSecs"] = "31" };
        LayerResult result = Resolve(InRack, Default.Metadata("annotations", annotations));
        AssertPort(77, "FelixConfiguration default", result);
        Assert.Equal(TimeSpan.FromSeconds(31), result.Configuration.Get(FelixSettings.ReportingInterval));
    }

    [Theory]
    [InlineData("""{"logPrefix":"\ud800"}""")]
    [InlineData("""{"failsafeInboundHostPorts":[{"protocol":"\ud800","port":1}]}""")]
    [InlineData("""{"failsafeInboundHostPorts":[{"\udc00":1}]}""")]
    [InlineData("""{"unknown":[["\ud800"]]}""")]
    public void Half_of_a_surrogate_pair_makes_the_resource_unusable_and_no_exception_later(string spec)
    {
        Decoded decoded = ResourceCodec.Decode(new ResourceKey(ResourceKind.FelixConfiguration, null, "default"), Encoding.UTF8.GetBytes($$"""{"spec":{{spec}}}"""));
        Assert.Null(decoded.Resource);
        Assert.Equal("holds text that is not valid UTF-8", Assert.Single(decoded.Problems).ToString());
    }

    [Theory]
    [InlineData("ipipEnabled", "Yes", "ipip_enabled", "true")]
    [InlineData("vxlanEnabled", "0", "vxlan_enabled", "false")]
    [InlineData("programClusterRoutes", "enabledipiponly", "program_cluster_routes", "EnabledIPIPOnly")]
    [InlineData("routeSource", "workloadips", "route_source", "WorkloadIPs")]
    [InlineData("defaultEndpointToHostAction", "RETURN", "default_endpoint_to_host_action", "Return")]
    [InlineData("defaultEndpointToHostAction", "accept", "default_endpoint_to_host_action", "Accept")]
    [InlineData("logSeverityScreen", "Warning", "log.level", "warning")]
    [InlineData("logSeverityScreen", "Fatal", "log.level", "error")]
    [InlineData("routeRefreshInterval", "1m30s", "route_refresh_interval", "1m30s")]
    [InlineData("routeRefreshInterval", "0s", "route_refresh_interval", "0s")]
    [InlineData("interfacePrefix", "tap,cali", "interface_prefix", "tap,cali")]
    [InlineData("ipForwarding", "Disabled", "ip_forwarding", "Disabled")]
    [InlineData("nftablesMode", "Enabled", "dataplane", "nftables")]
    [InlineData("nftablesMode", "disabled", "dataplane", "iptables")]
    [InlineData("nftablesMode", "Auto", "dataplane", "auto")]
    [InlineData("iptablesBackend", "Legacy", "iptables_backend", "legacy")]
    [InlineData("iptablesBackend", "NFT", "iptables_backend", "nft")]
    [InlineData("iptablesMangleAllowAction", "RETURN", "iptables_mangle_allow_action", "Return")]
    [InlineData("logSeverityFile", "Trace", "log.file_level", "debug")]
    [InlineData("logFilePath", "/var/log/felix", "log.file", "/var/log/felix")]
    [InlineData("prometheusMetricsClientAuth", "noclientcert", "prometheus_metrics_client_auth", "NoClientCert")]
    [InlineData("prometheusMetricsCAFile", "/ca.pem", "prometheus_metrics_ca_file", "/ca.pem")]
    [InlineData("interfaceExclude", "kube-ipvs0,/^veth/", "interface_exclude", "kube-ipvs0,/^veth/")]
    [InlineData("endpointStatusPathPrefix", "/x", "endpoint_status_path_prefix", "/x")]
    [InlineData("dataplaneWatchdogTimeout", "2m", "dataplane_watchdog_timeout", "2m")]
    [InlineData("netlinkTimeout", "5s", "netlink_timeout", "5s")]
    public void Calicos_words_are_understood(string field, string value, string key, string expected)
    {
        LayerResult result = Resolve(null, At("default", field, value));
        Assert.Empty(result.Errors);
        ConfigurationEntry entry = result.Configuration.Entries.Single(e => e.Key == key);
        Assert.Equal("FelixConfiguration default", entry.Origin.ToString());
        Assert.Equal(expected, entry.Text.Trim('"', '[', ']').Replace("\", \"", ",", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal));
    }

    [Fact]
    public void An_empty_list_is_a_value_of_failsafe_ports_and_no_value_of_others()
    {
        foreach (string field in FelixSettings.FromDatastore.OfType<StringListSetting>().Select(setting => DatastoreLayers.FieldOf(setting.Key)))
        {
            LayerResult result = Resolve(null, Default.Spec(field, new System.Text.Json.Nodes.JsonArray()));
            Assert.Empty(result.Errors);
            Assert.Equal(field.StartsWith("failsafe", StringComparison.Ordinal), result.Configuration.Entries.Any(e => DatastoreLayers.FieldOf(e.Key) == field && e.Text.Contains("none", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Timeouts_are_written_as_objects()
    {
        System.Text.Json.Nodes.JsonArray timeouts = [new System.Text.Json.Nodes.JsonObject { ["name"] = "CalculationGraph", ["timeout"] = "30s" }];
        LayerResult result = Resolve(null, Default.Spec("healthTimeoutOverrides", timeouts));
        Assert.Empty(result.Errors);
        Assert.Equal(["CalculationGraph=30s"], result.Configuration.Get(FelixSettings.HealthTimeoutOverrides));
    }

    /// <summary>Those that do by default what Calico's do not: the log is the journal's, and the kernel tells who changes the table.</summary>
    private static readonly Setting[] Differ = [FelixSettings.LogFile, FelixSettings.NftablesRefreshInterval];

    /// <summary>Every field that etcd may set is one of Calico's, with Calico's default.</summary>
    [Fact]
    public void Fields_and_defaults_are_Calicos()
    {
        using JsonDocument data = JsonDocument.Parse(File.ReadAllText(Conformance.Require("calico/felix_config_params.json")));
        Dictionary<string, JsonElement> known = data.RootElement.EnumerateArray().Where(p => p.GetProperty("jsonField").ValueKind == JsonValueKind.String)
            .DistinctBy(p => p.GetProperty("jsonField").GetString()).ToDictionary(p => p.GetProperty("jsonField").GetString()!);
        foreach (Setting setting in FelixSettings.FromDatastore)
        {
            string field = DatastoreLayers.FieldOf(setting.Key);
            Assert.True(known.TryGetValue(field, out JsonElement parameter), $"{setting.Key}: Calico has no field {field}");
            string theirs = FelixText.Of(setting, parameter.GetProperty("default").GetString()!);
            if (theirs.Length == 0 || Differ.Contains(setting)) continue;
            LayerResult result = Builtin.WithLayer(new ConfigurationLayer("Calico", System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add(setting.Key, theirs)));
            Assert.Empty(result.Errors);
            Assert.True(result.Configuration.ChangedFrom(Builtin).IsEmpty, $"{setting.Key}: Calico's default is {theirs}");
        }
    }

    /// <summary>Calico's own parsing cases, for the parameters there are here.</summary>
    [Fact]
    public void Calicos_parsing_cases_are_read_the_same()
    {
        using JsonDocument data = JsonDocument.Parse(File.ReadAllText(Conformance.Require("calico/felix_config_parsing.json")));
        int read = 0;
        foreach (JsonElement item in data.RootElement.EnumerateArray())
        {
            string parameter = item.GetProperty("param").GetString()!, value = item.GetProperty("value").GetString()!;
            if (value.Length == 0 || Expected(parameter, item.GetProperty("expected")) is not (string key, string expected)) continue;
            System.Text.Json.Nodes.JsonObject annotations = new() { [FelixConfiguration.AnnotationPrefix + parameter] = value };
            LayerResult result = Resolve(null, Rig.Calico.FelixConfiguration("default").Metadata("annotations", annotations));
            Assert.Empty(result.Errors);
            string text = result.Configuration.Entries.Single(e => e.Key == key).Text.Trim('"');
            Assert.True(text.Equals(expected, StringComparison.OrdinalIgnoreCase), $"{parameter} {value}: {text}, not {expected}");
            read++;
        }
        Assert.True(read >= 10, $"only {read} cases");
    }

    /// <summary>Key and text of what Calico makes of it; null for parameters there are not here, or whose value is of another kind.</summary>
    private static (string Key, string Text)? Expected(string parameter, JsonElement expected) => parameter switch
    {
        "DefaultEndpointToHostAction" => ("default_endpoint_to_host_action", expected.GetString()!),
        "LogSeverityScreen" => ("log.level", expected.GetString() == "FATAL" ? "error" : expected.GetString()!),
        "ReportingIntervalSecs" => ("reporting_interval", $"{expected.GetInt64() / 1_000_000_000}s"),
        "ReportingTTLSecs" => ("reporting_ttl", "1m31s"),
        "EndpointReportingEnabled" => ("endpoint_reporting_enabled", expected.GetBoolean() ? "true" : "false"),
        _ => null,
    };

    private static void AssertPort(int port, string origin, LayerResult result) =>
        Assert.Equal((port, origin), ((int)result.Configuration.Get(FelixSettings.VxlanPort), result.Configuration.Origin("vxlan_port").ToString()));
}
