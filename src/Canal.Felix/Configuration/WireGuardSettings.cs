using System.Collections.Immutable;
using System.Globalization;
using Canal.Hosting;

namespace Canal.Felix.Configuration;

/// <summary>Settings of felix.toml about encryption between hosts.</summary>
internal static class WireGuardSettings
{
    public static BoolSetting Enabled { get; } = new("wireguard_enabled", false, "Encrypt IPv4 traffic between workloads of different hosts by WireGuard, where both hosts have it.");

    public static BoolSetting EnabledV6 { get; } = new("wireguard_enabled_v6", false, "Likewise IPv6 traffic.");

    public static BoolSetting HostEncryption { get; } = new("wireguard_host_encryption_enabled", false, "Encrypt what the hosts themselves send each other, too.");

    public static StringSetting InterfaceName { get; } = Name("wireguard_interface_name", "wireguard.cali", "Name of the WireGuard device.");

    public static StringSetting InterfaceNameV6 { get; } = Name("wireguard_interface_name_v6", "wg-v6.cali", "Name of the WireGuard device for IPv6.");

    public static IntegerSetting ListeningPort { get; } = Port("wireguard_listening_port", 51820, "UDP port of WireGuard; the same on all hosts.");

    public static IntegerSetting ListeningPortV6 { get; } = Port("wireguard_listening_port_v6", 51821, "UDP port of WireGuard for IPv6; the same on all hosts.");

    public static IntegerSetting Mtu { get; } = new("wireguard_mtu", 0, "MTU of the WireGuard device; 0: the host's less 60.") { Minimum = 0, Maximum = 65535 };

    public static IntegerSetting MtuV6 { get; } = new("wireguard_mtu_v6", 0, "MTU of the WireGuard device for IPv6; 0: the host's less 80.") { Minimum = 0, Maximum = 65535 };

    public static DurationSetting KeepAlive { get; } = new("wireguard_keep_alive", TimeSpan.Zero, "How often a packet keeps the way to each peer open; 0s: never.") { Maximum = TimeSpan.FromSeconds(65535) };

    public static IntegerSetting RulePriority { get; } = new("wireguard_routing_rule_priority", 99, "Priority of the routing rule that leads to WireGuard's routes.") { Minimum = 1, Maximum = 32765 };

    public static StringListSetting RouteTableRanges { get; } = new("route_table_ranges", ["1-250"], "Numbers of routing tables that are left to this program; it takes the first.")
    {
        CheckItem = text => TryParseRange(text, out _) ? null : "must be FIRST-LAST with 1 <= FIRST <= LAST <= 4294967295, without 253 to 255 at its beginning",
        Check = ranges => ranges.IsEmpty ? "must name at least one range" : null,
    };

    /// <summary>Settings that FelixConfiguration in etcd may set.</summary>
    public static ImmutableArray<Setting> FromDatastore { get; } =
        [Enabled, EnabledV6, HostEncryption, InterfaceName, InterfaceNameV6, ListeningPort, ListeningPortV6, Mtu, MtuV6, KeepAlive, RulePriority, RouteTableRanges];

    /// <summary>Reads <c>1-250</c> or one number; the first is not one of the kernel's own tables.</summary>
    public static bool TryParseRange(string text, out (uint First, uint Last) range)
    {
        range = default;
        string[] ends = text.Split('-');
        if (ends.Length > 2 || !TryParse(ends[0], out uint first) || !TryParse(ends[^1], out uint last) || first == 0 || last < first || first is >= 253 and <= 255) return false;
        range = (first, last);
        return true;
    }

    private static bool TryParse(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static StringSetting Name(string key, string name, string doc) => new(key, name, doc)
    {
        Check = text => Configuration.InterfaceName.IsValid(text) ? null : "must be 1 to 15 letters, digits, '_', '.' or '-'",
    };

    private static IntegerSetting Port(string key, int port, string doc) => new(key, port, doc) { Minimum = 1, Maximum = 65535 };
}
