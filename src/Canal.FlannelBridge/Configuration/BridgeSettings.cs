using Canal.Core;
using Canal.Core.Addressing;
using Canal.FlannelBridge.Kernel;
using Canal.Hosting;
using Canal.Linux.Tunnels;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.FlannelBridge.Configuration;

/// <summary>The settings of flannel-bridge.toml. What concerns the network is in etcd, under <c>etcd_prefix</c>.</summary>
internal static class BridgeSettings
{
    public static EnumSetting<BridgeMode> Mode { get; } = new("mode", BridgeMode.Native,
        "Whether this agent is the host's part of the network (native), or stands beside a flanneld that is (beside).", ("native", BridgeMode.Native), ("beside", BridgeMode.Beside));

    public static StringSetting EtcdPrefix { get; } = new("etcd_prefix", "/coreos.com/network", "Where in etcd the network is: its configuration and its hosts' leases.")
    {
        Check = text => text.StartsWith('/') && text.Length > 1 && !text.EndsWith('/') ? null : "must begin with a slash, and not end with one",
    };

    public static StringListSetting Interfaces { get; } = new("interfaces", [], "Interfaces to reach other hosts over, by name or by an address they have; the first that is there and has the addresses it needs is taken.");

    public static StringListSetting InterfacePatterns { get; } = new("interface_patterns", [], "Regular expressions for addresses or names of such interfaces, after interfaces.")
    {
        CheckItem = item => IsPattern(item) ? null : "is not a regular expression",
    };

    public static StringSetting InterfaceCanReach { get; } = new("interface_can_reach", "", "An address: the interface is the one over which the kernel sends there. Empty: that of the default route.")
    {
        Check = AddressOrEmpty(null),
    };

    public static StringSetting PublicIp { get; } = new("public_ip", "", "IPv4 address at which other hosts reach this one, where it is behind NAT; empty: the interface's.") { Check = AddressOrEmpty(IpFamily.V4) };

    public static StringSetting PublicIpv6 { get; } = new("public_ipv6", "", "The same for IPv6.") { Check = AddressOrEmpty(IpFamily.V6) };

    public static StringSetting SubnetFile { get; } = new("subnet_file", "/run/flannel/subnet.env", "Where this host's subnet is told to other programs.")
    {
        Check = text => text.StartsWith('/') ? null : "must be an absolute path",
    };

    public static DurationSetting LeaseDuration { get; } = new("lease_duration", TimeSpan.FromHours(24), "How long a lease lives without its host. It is renewed at half of it.")
    {
        Minimum = TimeSpan.FromSeconds(2),
        Maximum = TimeSpan.FromDays(365),
    };

    public static EnumSetting<Masquerade> Masquerade { get; } = new("masquerade", Configuration.Masquerade.None,
        "Who gives packets that leave the network this host's address: nobody (none), this agent (bridge), or canal-felix by ip_pool (felix).",
        ("none", Configuration.Masquerade.None), ("bridge", Configuration.Masquerade.Bridge), ("felix", Configuration.Masquerade.Felix));

    public static StringListSetting MasqueradeExcept { get; } = new("masquerade_except", [], "Prefixes whose hosts see workloads' own addresses.")
    {
        CheckItem = item => Cidr.TryParse(item, out _) ? null : "is not a prefix",
    };

    public static BoolSetting ForwardRules { get; } = new("forward_rules", true, "Accept forwarded packets of the network.");

    public static EnumSetting<RuleProgram> Rules { get; } = new("rules", RuleProgram.Nftables,
        "What these rules are made with: nftables, or the host's iptables, for hosts whose other software insists on it.", ("nftables", RuleProgram.Nftables), ("iptables", RuleProgram.Iptables));

    public static StringSetting NftablesTable { get; } = new("nftables_table", "canal-flannel", "Name of the nftables table, of family inet, for these rules; another one for each network of a host.")
    {
        Check = text => text.Length is > 0 and < 32 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && text != "canal" ? null : "must be a name of letters, digits, - and _, and not canal",
    };

    public static BoolSetting BlackholeRoute { get; } = new("blackhole_route", false, "Drop packets to addresses of this host's subnet that nobody has, where no bridge's route covers it.");

    public static EnumSetting<OffloadUse> ChecksumOffload { get; } = new("checksum_offload", OffloadUse.Automatic, "Whether checksums of packets in tunnels may be left to network cards, some of which send wrong ones; auto: until they are seen to.",
        ("auto", OffloadUse.Automatic), ("on", OffloadUse.Kept), ("off", OffloadUse.Off), ("true", OffloadUse.Kept), ("false", OffloadUse.Off));

    public static BoolSetting AllowExtension { get; } = new("allow_extension", false, "Run the commands that the network's configuration names, if its backend is extension: whoever writes to etcd chooses them.");

    public static StringSetting CharonSocket { get; } = new("charon_socket", "/run/charon.vici", "Where strongSwan's charon is spoken to, if the network's backend is ipsec.")
    {
        Check = text => text.StartsWith('/') && text.Length <= 107 ? null : "must be an absolute path of at most 107 characters",
    };

    public static StringSetting IpPool { get; } = new("ip_pool", "", "Name of the IPPool by which canal-felix knows the network's range; empty: none is kept.")
    {
        Check = text => text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.') ? null : "must be a resource's name: lower case letters, digits, - and .",
    };

    public static StringSetting CniConfigFile { get; } = new("cni_config_file", "", "Where container runtimes are told the host's CNI network, Canal's plugin with addresses of the subnet; empty: nowhere.")
    {
        Check = text => text.Length == 0 || text.StartsWith('/') ? null : "must be an absolute path or empty",
    };

    public static BoolSetting HealthEnabled { get; } = new("health_enabled", false, "Serve /healthz and /readyz, as flanneld does, and /liveness and /readiness.");

    public static StringSetting HealthHost { get; } = new("health_host", "127.0.0.1", "Address that they are served on.")
    {
        Check = text => text == "localhost" || System.Net.IPAddress.TryParse(text, out _) ? null : "must be an IP address or localhost",
    };

    public static IntegerSetting HealthPort { get; } = new("health_port", 9097, "Port that they are served on.") { Minimum = 0, Maximum = 65535 };

    /// <summary>Everything that flannel-bridge.toml may hold.</summary>
    public static ConfigurationSchema Schema { get; } = new("flannel-bridge",
    [
        Mode, EtcdPrefix, Interfaces, InterfacePatterns, InterfaceCanReach, PublicIp, PublicIpv6, SubnetFile, LeaseDuration, Masquerade, MasqueradeExcept, ForwardRules, Rules, NftablesTable,
        BlackholeRoute, ChecksumOffload, AllowExtension, CharonSocket, IpPool, CniConfigFile, HealthEnabled, HealthHost, HealthPort,
    ], [new ConfigurationRule(Masquerade, c => c.Get(Masquerade) == Configuration.Masquerade.Felix && c.Get(IpPool).Length == 0 ? "is felix, but ip_pool names no pool that would tell canal-felix" : null)]);

    /// <summary>Which interface is wished for.</summary>
    public static UplinkWishes Uplink(HostingConfiguration configuration) => new(
        configuration.Get(Interfaces).ToEquatableArray(), configuration.Get(InterfacePatterns).ToEquatableArray(), Address(configuration.Get(InterfaceCanReach)),
        Address(configuration.Get(PublicIp)), Address(configuration.Get(PublicIpv6)));

    private static IpAddress? Address(string text) => text.Length == 0 ? null : IpAddress.Parse(text);

    private static Func<string, string?> AddressOrEmpty(IpFamily? family) => text =>
        text.Length == 0 || (IpAddress.TryParse(text, out IpAddress address) && (family is null || address.Family == family)) ? null
            : $"must be an {(family == IpFamily.V4 ? "IPv4" : family == IpFamily.V6 ? "IPv6" : "IP")} address or empty";

    private static bool IsPattern(string text)
    {
        try
        {
            return new InterfacePattern(text).Text == text;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
