using Canal.Core.Addressing;
using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Rules;

/// <summary>The network's rules in iptables-restore's words, the same as in nftables. Pure.</summary>
internal static class IptablesText
{
    private const string Masquerade = "-j MASQUERADE --random-fully";

    /// <summary>Lines for our chain of a table; empty when nothing is wanted there.</summary>
    public static List<string> Rules(NetworkRules wanted, IpFamily family, string table, string chain)
    {
        FlannelRange? range = family == IpFamily.V4 ? wanted.Network.V4 : wanted.Network.V6;
        if (range is null || wanted.Own[family] is not { } own) return [];
        IEnumerable<string> rules = table == "nat" ? (wanted.Masquerade ? Translation(wanted, range.Network, own) : []) : wanted.Forward ? [$"-s {range.Network} -j ACCEPT", $"-d {range.Network} -j ACCEPT"] : [];
        return [.. rules.Select(rule => $"-A {chain} {rule}")];
    }

    private static IEnumerable<string> Translation(NetworkRules wanted, Cidr network, Cidr own)
    {
        yield return "-m mark --mark 0x4000/0x4000 -j RETURN";
        yield return $"-s {network} -d {network} -j RETURN";
        yield return $"! -s {network} -d {own} -j RETURN";
        foreach (Cidr except in wanted.Except.ToArray())
            if (except.Family == network.Family) yield return $"-s {network} -d {except} -j RETURN";
        yield return $"-s {network} ! -d {(network.Family == IpFamily.V4 ? "224.0.0.0/4" : "ff00::/8")} {Masquerade}";
        yield return $"! -s {network} -d {network} {Masquerade}";
    }
}
