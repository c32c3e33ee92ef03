using System.Collections.Immutable;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Hosting;
using Canal.Linux.Tunnels;

namespace Canal.Felix.Configuration;

/// <summary>Settings of felix.toml about traffic between hosts and to the outside: translation, tunnels, routes.</summary>
internal static class OverlaySettings
{
    private const string ChecksumOffloadBroken = "ChecksumOffloadBroken";

    public static StringSetting NatPortRange { get; } = new("nat_port_range", "", "Source ports that translated TCP and UDP connections get, such as 10000:20000 or 10000-20000; empty: the kernel chooses.")
    {
        Check = text => text.Length == 0 || TryParsePorts(text, out _) ? null : "must be FIRST:LAST with 1 <= FIRST <= LAST <= 65535",
    };

    public static StringSetting NatOutgoingAddress { get; } = new("nat_outgoing_address", "", "IPv4 address that outgoing traffic of pools with natOutgoing gets; empty: that of the interface it leaves by.")
    {
        Check = text => text.Length == 0 || (IpAddress.TryParse(text, out IpAddress address) && address.Family == IpFamily.V4) ? null : "must be an IPv4 address",
    };

    public static EnumSetting<bool> NatOutgoingExclusions { get; } = new("nat_outgoing_exclusions", false,
        "Destinations outside the pools that keep the workload's address: none, or the cluster's hosts.", ("IPPoolsOnly", false), ("IPPoolsAndHostIPs", true));

    public static StringSetting NatOutgoingInterfaceFilter { get; } = new("iptables_nat_outgoing_interface_filter", "", "Translate outgoing traffic only where it leaves by this interface; a + at the end stands for any rest.")
    {
        Check = text => text.Length == 0 || (text != "+" && InterfaceName.IsValid(text.TrimEnd('+').Replace(':', '_'))) ? null : "must be the name of an interface, or a beginning and +",
    };

    public static EnumSetting<bool> FloatingIps { get; } = new("floating_ips", false, "Whether ipNATs of workload endpoints are honoured.", ("Disabled", false), ("Enabled", true));

    public static StringListSetting ExternalNodes { get; } = new("external_nodes_cidr_list", [], "Further addresses that may send VXLAN and IP-in-IP packets to this host.")
    {
        CheckItem = text => Cidr.TryParse(text, out _) ? null : "must be an address or a CIDR",
    };

    public static EnumSetting<OverlayUse> VxlanEnabled { get; } = Use("vxlan_enabled", "Whether VXLAN is used; auto: where a pool says so.");

    public static IntegerSetting VxlanMtu { get; } = Mtu("vxlan_mtu", "MTU of the VXLAN device; 0: the host's less 50.");

    public static IntegerSetting VxlanMtuV6 { get; } = Mtu("vxlan_mtu_v6", "MTU of the VXLAN device for IPv6; 0: the host's less 70.");

    public static IntegerSetting VxlanVni { get; } = new("vxlan_vni", 4096, "VXLAN network identifier; the same on all hosts.") { Minimum = 1, Maximum = 16777215 };

    public static EnumSetting<OverlayUse> IpipEnabled { get; } = Use("ipip_enabled", "Whether IP-in-IP is used; auto: where a pool says so.");

    public static IntegerSetting IpipMtu { get; } = Mtu("ipip_mtu", "MTU of the IP-in-IP device; 0: the host's less 20.");

    public static StringSetting MtuInterfacePattern { get; } = new("mtu_iface_pattern", @"^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*)", "Regular expression of the interfaces whose smallest MTU is the host's.")
    {
        Check = InterfacePattern.Wrong,
    };

    public static EnumSetting<bool> RouteSource { get; } = new("route_source", false, "What routes to other hosts follow: the blocks of addresses, or the workloads.", ("CalicoIPAM", false), ("WorkloadIPs", true));

    public static EnumSetting<ClusterRoutes> ProgramClusterRoutes { get; } = new("program_cluster_routes", ClusterRoutes.None,
        "Whether this agent makes the routes of pools with IP-in-IP, of those without encapsulation, or of both; else BIRD does.",
        ("Disabled", ClusterRoutes.None), ("Enabled", ClusterRoutes.Enabled), ("EnabledIPIPOnly", ClusterRoutes.EnabledIpipOnly), ("EnabledNoEncapOnly", ClusterRoutes.EnabledNoEncapOnly));

    public static StringListSetting FeatureDetectOverride { get; } = new("feature_detect_override", [], "What this host has, as NAME=true or NAME=false, where the agent should not find out itself; only ChecksumOffloadBroken is looked at.")
    {
        CheckItem = text => FeatureOf(text) is null ? "must be NAME=true or NAME=false" : null,
    };

    public static StringSetting MtuFile { get; } = new("mtu_file", "/var/lib/calico/mtu", "File that tells CNI plugins the MTU of workloads; empty: none.") { Check = CommonSettings.AbsoluteOrEmpty };

    /// <summary>Settings that FelixConfiguration in etcd may set.</summary>
    public static ImmutableArray<Setting> FromDatastore { get; } =
    [
        NatPortRange, NatOutgoingAddress, NatOutgoingExclusions, NatOutgoingInterfaceFilter, FloatingIps, ExternalNodes, VxlanEnabled, VxlanMtu, VxlanMtuV6, VxlanVni,
        IpipEnabled, IpipMtu, MtuInterfacePattern, RouteSource, ProgramClusterRoutes, FeatureDetectOverride,
    ];

    /// <summary>Reads <c>10000:20000</c>, <c>10000-20000</c> or one port.</summary>
    public static bool TryParsePorts(string text, out PortRange range)
    {
        range = default;
        string[] ends = text.Split(':', '-');
        if (ends.Length > 2 || !ushort.TryParse(ends[0], out ushort first) || !ushort.TryParse(ends[^1], out ushort last) || first == 0 || last < first) return false;
        range = new PortRange(first, last);
        return true;
    }

    /// <summary>The last word on <c>ChecksumOffloadBroken</c>; without one the agent finds out.</summary>
    public static OffloadUse OffloadOf(IEnumerable<string> overrides)
    {
        OffloadUse use = OffloadUse.Automatic;
        foreach (string text in overrides)
            if (FeatureOf(text) is (string name, bool value) && name.Equals(ChecksumOffloadBroken, StringComparison.OrdinalIgnoreCase)) use = value ? OffloadUse.Off : OffloadUse.Kept;
        return use;
    }

    private static (string Name, bool Value)? FeatureOf(string text) =>
        text.Split('=', StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, var word] && bool.TryParse(word, out bool value) ? (name, value) : null;

    private static EnumSetting<OverlayUse> Use(string key, string doc) =>
        new(key, OverlayUse.Automatic, doc, ("auto", OverlayUse.Automatic), ("true", OverlayUse.On), ("false", OverlayUse.Off));

    private static IntegerSetting Mtu(string key, string doc) => new(key, 0, doc) { Minimum = 0, Maximum = 65535 };
}
