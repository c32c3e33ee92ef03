using System.Collections.Immutable;
using Canal.Core.Addressing;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Revocation;
using Canal.Hosting;
using Serilog.Events;

namespace Canal.Felix.Configuration;

/// <summary>
/// The settings of felix.toml: Calico's Felix parameters by their names in snake case. Where FelixConfiguration has the field, etcd may set it too.
/// </summary>
internal static class FelixSettings
{
    public static StringListSetting InterfacePrefix { get; } = new("interface_prefix", ["cali"], "Prefixes of the names of workload interfaces.")
    {
        Check = prefixes => prefixes.IsEmpty ? "must name at least one prefix" : null,
        CheckItem = InterfaceName.WrongPrefix,
    };

    public static EnumSetting<EndpointToHostAction> DefaultEndpointToHostAction { get; } = new("default_endpoint_to_host_action", EndpointToHostAction.Drop,
        "What happens to packets from a workload to its own host that the workload's policy allows.",
        ("Drop", EndpointToHostAction.Drop), ("Accept", EndpointToHostAction.Accept), ("Return", EndpointToHostAction.Return));

    public static EnumSetting<DenyAction> FilterDenyAction { get; } = new("nftables_filter_deny_action", DenyAction.Drop,
        "How denied packets are answered.", ("Drop", DenyAction.Drop), ("Reject", DenyAction.Reject));

    public static StringSetting LogPrefix { get; } = new("log_prefix", "calico-packet",
        "Prefix of the kernel's log lines for rules with action Log; %t tier, %k kind, %p policy, %n name.");

    public static StringSetting LogActionRateLimit { get; } = new("log_action_rate_limit", "", "Limit of those log lines, such as 10/minute; empty for none.")
    {
        Check = text => text.Length == 0 || RateLimit.TryParse(text, 5, out _) ? null : RateLimit.Shape,
    };

    public static IntegerSetting LogActionRateLimitBurst { get; } = new("log_action_rate_limit_burst", 5, "Log lines allowed at once.") { Minimum = 0, Maximum = 9999 };

    public static EnumSetting<bool> WorkloadSourceSpoofing { get; } = new("workload_source_spoofing", false,
        "Whether a workload endpoint's allowSpoofedSourcePrefixes are honoured.", ("Disabled", false), ("Any", true));

    public static IntegerSetting VxlanPort { get; } = new("vxlan_port", 4789, "UDP port of VXLAN.") { Minimum = 1, Maximum = 65535 };

    public static BoolSetting AllowVxlanFromWorkloads { get; } = new("allow_vxlan_packets_from_workloads", false, "Let workloads send VXLAN packets, which could escape policy.");

    public static BoolSetting AllowIpipFromWorkloads { get; } = new("allow_ipip_packets_from_workloads", false, "Let workloads send IP-in-IP packets, which could escape policy.");

    public static BoolSetting DisableConntrackInvalidCheck { get; } = new("disable_conntrack_invalid_check", false, "Do not drop packets that connection tracking calls invalid.");

    public static StringListSetting FailsafeInbound { get; } = Failsafe("failsafe_inbound_host_ports", "Ports of this host that no host endpoint's policy can close; none for an empty list.",
        "tcp:22", "udp:68", "tcp:179", "tcp:2379", "tcp:2380", "tcp:5473", "tcp:6443", "tcp:6666", "tcp:6667");

    public static StringListSetting FailsafeOutbound { get; } = Failsafe("failsafe_outbound_host_ports", "Ports that this host reaches whatever the policy of its host endpoints; none for an empty list.",
        "udp:53", "udp:67", "tcp:179", "tcp:2379", "tcp:2380", "tcp:5473", "tcp:6443", "tcp:6666", "tcp:6667");

    public static BoolSetting NftablesTableOwned { get; } = new("nftables_table_owned", false, "Let nobody else change or flush the table.");

    public static IntegerSetting NftablesMarkMask { get; } = new("nftables_mark_mask", 0xffff0000, "Bits of the packet mark that are left to this program.")
    {
        Minimum = 1,
        Maximum = uint.MaxValue,
        Check = mask => System.Numerics.BitOperations.PopCount((ulong)mask) >= MarkBits.Needed ? null : $"must have at least {MarkBits.Needed} bits set",
    };

    private static StringListSetting Failsafe(string key, string doc, params string[] ports) => new(key, [.. ports], doc)
    {
        CheckItem = item => item == FailsafePort.None || FailsafePort.TryParse(item, out _) ? null : FailsafePort.Shape,
        Check = items => items.Length > 1 && items.Contains(FailsafePort.None) ? "must not have none beside ports" : null,
    };

    public static BoolSetting RemoveExternalRoutes { get; } = new("remove_external_routes", true, "Delete routes on workload interfaces that others made.");

    public static EnumSetting<bool> IpForwarding { get; } = new("ip_forwarding", true, "Switch on forwarding on this host.", ("Disabled", false), ("Enabled", true));

    public static BoolSetting Ipv6Support { get; } = new("ipv6_support", true, "Programme IPv6 routes, neighbours and sysctls.");

    public static IntegerSetting Ipv4NormalRoutePriority { get; } = new("ipv4_normal_route_priority", 1024, "Metric of workload routes.") { Minimum = 1, Maximum = 2147483646 };

    public static IntegerSetting Ipv6NormalRoutePriority { get; } = new("ipv6_normal_route_priority", 1024, "Metric of workload routes.") { Minimum = 1, Maximum = 2147483646 };

    public static IntegerSetting DeviceRouteProtocol { get; } = new("device_route_protocol", 3, "Protocol number of this program's routes; as in Calico, 3 stands for 80.") { Minimum = 1, Maximum = 255 };

    public static StringSetting DeviceRouteSource { get; } = SourceOf("device_route_source_address", IpFamily.V4);

    public static StringSetting DeviceRouteSourceIpv6 { get; } = SourceOf("device_route_source_address_ipv6", IpFamily.V6);

    public static BoolSetting RouteSyncDisabled { get; } = new("route_sync_disabled", false, "Leave all routes alone: others make them.");

    private static StringSetting SourceOf(string key, IpFamily family) => new(key, "", $"Source address that the host's own packets get by the IPv{(int)family} routes this program makes; empty: the kernel chooses.")
    {
        Check = text => text.Length == 0 || (IpAddress.TryParse(text, out IpAddress address) && address.Family == family) ? null : $"must be an IPv{(int)family} address, or empty",
    };

    public static StringListSetting InterfaceExclude { get; } = new("interface_exclude", ["kube-ipvs0"], "Interfaces whose addresses are no host endpoint's expectedIPs: names, or regular expressions between slashes.")
    {
        CheckItem = ExcludedInterfaces.Wrong,
    };

    public static DurationSetting InterfaceRefreshInterval { get; } = new("interface_refresh_interval", TimeSpan.FromSeconds(90), "How often interfaces and their addresses are read back; 0s for never.");

    public static DurationSetting NetlinkTimeout { get; } = new("netlink_timeout", TimeSpan.FromSeconds(10), "How long an answer of the kernel is waited for.") { Minimum = TimeSpan.FromMilliseconds(100), Maximum = TimeSpan.FromHours(1) };

    public static DurationSetting NftablesRefreshInterval { get; } = new("nftables_refresh_interval", TimeSpan.Zero, "How often the table is read back and repaired, beside what the kernel tells of changes; 0s for never.");

    public static DurationSetting RouteRefreshInterval { get; } = new("route_refresh_interval", TimeSpan.FromSeconds(90), "How often routes are read back and repaired; 0s for never.");

    public static BoolSetting EndpointReportingEnabled { get; } = new("endpoint_reporting_enabled", false, "Write the status of endpoints and of this agent to etcd.");

    public static DurationSetting EndpointReportingDelay { get; } = new("endpoint_reporting_delay", TimeSpan.FromSeconds(1), "Shortest time between two rounds of writing them.") { Maximum = TimeSpan.FromHours(1) };

    public static DurationSetting ReportingInterval { get; } = new("reporting_interval", TimeSpan.FromSeconds(30), "How often this agent reports to be alive; 0s for never.");

    public static DurationSetting ReportingTtl { get; } = new("reporting_ttl", TimeSpan.FromSeconds(90), "How long that report lives in etcd.") { Minimum = TimeSpan.FromSeconds(2) };

    public static StringSetting OpenstackRegion { get; } = new("openstack_region", "", "Region in the keys of status reports.")
    {
        Check = text => text.Contains('/') ? "must not contain '/'" : null,
    };

    public static StringSetting EndpointStatusPathPrefix { get; } = new("endpoint_status_path_prefix", "/var/run/calico",
        "Folder in which endpoint-status/ tells which endpoints are programmed; empty for none.")
    {
        Check = text => text == "none" ? null : CommonSettings.AbsoluteOrEmpty(text),
    };

    public static EnumSetting<MissingDatastore> OnMissingDatastore { get; } = new("on_missing_datastore", MissingDatastore.Snapshot,
        "What is enforced after a boot until etcd answers.", ("snapshot", MissingDatastore.Snapshot), ("failsafe_only", MissingDatastore.FailsafeOnly), ("open", MissingDatastore.Open));

    public static EnumSetting<OnRevoke> OnRevoke { get; } = new("on_revoke", Revocation.OnRevoke.Keep, "What becomes of connections that policy no longer allows.",
        ("keep", Revocation.OnRevoke.Keep), ("drop", Revocation.OnRevoke.Drop), ("reset", Revocation.OnRevoke.Reset));

    public static BoolSetting HealthEnabled { get; } = new("health_enabled", false, "Serve /liveness and /readiness.");

    public static StringSetting HealthHost { get; } = new("health_host", "localhost", "Address that they are served on.")
    {
        Check = text => text == "localhost" || System.Net.IPAddress.TryParse(text, out _) ? null : "must be an IP address or localhost",
    };

    public static IntegerSetting HealthPort { get; } = new("health_port", 9099, "Port that they are served on.") { Minimum = 0, Maximum = 65535 };

    public static DurationSetting DataplaneWatchdogTimeout { get; } = new("dataplane_watchdog_timeout", TimeSpan.FromSeconds(90), "How long the agent may be silent before it counts as dead; 0s for ever.");

    public static StringListSetting HealthTimeoutOverrides { get; } = new("health_timeout_overrides", [], "How long a part may be silent before it counts as dead, as NAME=DURATION.")
    {
        CheckItem = HealthTimeouts.Wrong,
    };

    public static BoolSetting MetricsEnabled { get; } = new("prometheus_metrics_enabled", false, "Serve /metrics.");

    public static StringSetting MetricsHost { get; } = new("prometheus_metrics_host", "", "Address that it is served on; empty: every one.")
    {
        Check = text => text is "" or "localhost" || System.Net.IPAddress.TryParse(text, out _) ? null : "must be an IP address, localhost or empty",
    };

    public static IntegerSetting MetricsPort { get; } = new("prometheus_metrics_port", 9091, "Port that it is served on.") { Minimum = 0, Maximum = 65535 };

    public static StringSetting MetricsCertFile { get; } = new("prometheus_metrics_cert_file", "", "PEM file of the certificate that it is served with; empty: without TLS.") { Check = CommonSettings.AbsoluteOrEmpty };

    public static StringSetting MetricsKeyFile { get; } = new("prometheus_metrics_key_file", "", "PEM file of the certificate's private key.") { Check = CommonSettings.AbsoluteOrEmpty };

    public static StringSetting MetricsCaFile { get; } = new("prometheus_metrics_ca_file", "", "PEM file of the certificate authorities that clients' certificates are checked against.") { Check = CommonSettings.AbsoluteOrEmpty };

    public static EnumSetting<ClientCertificates> MetricsClientAuth { get; } = new("prometheus_metrics_client_auth", ClientCertificates.RequireAndVerify, "What is asked of clients, with TLS.",
        ("RequireAndVerifyClientCert", ClientCertificates.RequireAndVerify), ("RequireAnyClientCert", ClientCertificates.RequireAny),
        ("VerifyClientCertIfGiven", ClientCertificates.VerifyIfGiven), ("NoClientCert", ClientCertificates.None));

    public static StringSetting LogFile { get; } = new("log.file", "", "File that messages are appended to, beside the journal; empty or none: no file.")
    {
        Check = text => text == "none" ? null : CommonSettings.AbsoluteOrEmpty(text),
    };

    public static EnumSetting<LogEventLevel> LogFileLevel { get; } = CommonSettings.Level("log.file_level", "Least important message that goes there.");

    /// <summary>Settings that FelixConfiguration in etcd may set; the others are this host's own affair.</summary>
    public static ImmutableArray<Setting> FromDatastore { get; } =
    [
        InterfacePrefix, DefaultEndpointToHostAction, FilterDenyAction, LogPrefix, LogActionRateLimit, LogActionRateLimitBurst, WorkloadSourceSpoofing, VxlanPort,
        AllowVxlanFromWorkloads, AllowIpipFromWorkloads, DisableConntrackInvalidCheck, FailsafeInbound, FailsafeOutbound, NftablesMarkMask, RemoveExternalRoutes, IpForwarding, Ipv6Support,
        Ipv4NormalRoutePriority, Ipv6NormalRoutePriority, DeviceRouteProtocol, DeviceRouteSource, DeviceRouteSourceIpv6, RouteSyncDisabled, RouteRefreshInterval,
        InterfaceExclude, InterfaceRefreshInterval, NetlinkTimeout, NftablesRefreshInterval,
        EndpointReportingEnabled, EndpointReportingDelay, ReportingInterval, ReportingTtl, OpenstackRegion, EndpointStatusPathPrefix,
        .. OverlaySettings.FromDatastore, .. WireGuardSettings.FromDatastore, .. IptablesSettings.FromDatastore,
        HealthEnabled, HealthHost, HealthPort, HealthTimeoutOverrides, DataplaneWatchdogTimeout,
        MetricsEnabled, MetricsHost, MetricsPort, MetricsCertFile, MetricsKeyFile, MetricsCaFile, MetricsClientAuth,
        CommonSettings.LogLevel, LogFile, LogFileLevel,
    ];

    /// <summary>Everything that felix.toml may hold.</summary>
    public static ConfigurationSchema Schema { get; } = new("felix",
    [
        .. FromDatastore.Where(setting => setting != CommonSettings.LogLevel), OverlaySettings.MtuFile, NftablesTableOwned, .. DropSettings.All, OnMissingDatastore, OnRevoke,
    ]);
}
