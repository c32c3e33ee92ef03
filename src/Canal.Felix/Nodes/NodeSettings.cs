using System.Collections.Immutable;
using Canal.Core.Nodes;
using Canal.Hosting;

namespace Canal.Felix.Nodes;

/// <summary>Settings of felix.toml about this host's Node. They are this host's own affair.</summary>
internal static class NodeSettings
{
    public static StringSetting Ipv4Detection { get; } = Detection("ip_autodetection_method", "first-found", "How the host's IPv4 address is found where its Node has none.");

    public static StringSetting Ipv6Detection { get; } = Detection("ip6_autodetection_method", "none", "Likewise its IPv6 address.");

    public static BoolSetting NodeRegistration { get; } = new("node_registration", true, "Make this host's Node when there is none, and fill in the addresses that it lacks.");

    public static ImmutableArray<Setting> All { get; } = [NodeRegistration, Ipv4Detection, Ipv6Detection];

    private static StringSetting Detection(string key, string method, string doc) => new(key, method, doc)
    {
        Check = text => AddressDetection.TryParse(text, out _, out string problem) ? null : problem,
    };
}
