using System.Globalization;

namespace Canal.Linux.Nftables;

/// <summary>nft's words for numbers (its datatype tables, and /etc/protocols).</summary>
internal static class NftNames
{
    internal static string Protocol(byte number) => number switch
    {
        1 => "icmp",
        4 => "ipencap",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        132 => "sctp",
        136 => "udplite",
        _ => Number(number),
    };

    internal static string IcmpType(byte number) => number switch
    {
        0 => "echo-reply",
        3 => "destination-unreachable",
        4 => "source-quench",
        5 => "redirect",
        8 => "echo-request",
        9 => "router-advertisement",
        10 => "router-solicitation",
        11 => "time-exceeded",
        12 => "parameter-problem",
        13 => "timestamp-request",
        14 => "timestamp-reply",
        15 => "info-request",
        16 => "info-reply",
        17 => "address-mask-request",
        18 => "address-mask-reply",
        _ => Number(number),
    };

    internal static string Icmpv6Type(byte number) => number switch
    {
        1 => "destination-unreachable",
        2 => "packet-too-big",
        3 => "time-exceeded",
        4 => "parameter-problem",
        128 => "echo-request",
        129 => "echo-reply",
        130 => "mld-listener-query",
        131 => "mld-listener-report",
        132 => "mld-listener-done",
        133 => "nd-router-solicit",
        134 => "nd-router-advert",
        135 => "nd-neighbor-solicit",
        136 => "nd-neighbor-advert",
        137 => "nd-redirect",
        138 => "router-renumbering",
        141 => "ind-neighbor-solicit",
        142 => "ind-neighbor-advert",
        143 => "mld2-listener-report",
        _ => Number(number),
    };

    internal static string IcmpCode(byte number) => number switch
    {
        0 => "net-unreachable",
        1 => "host-unreachable",
        2 => "prot-unreachable",
        3 => "port-unreachable",
        4 => "frag-needed",
        9 => "net-prohibited",
        10 => "host-prohibited",
        13 => "admin-prohibited",
        _ => Number(number),
    };

    internal static string Icmpv6Code(byte number) => number switch
    {
        0 => "no-route",
        1 => "admin-prohibited",
        3 => "addr-unreachable",
        4 => "port-unreachable",
        5 => "policy-fail",
        6 => "reject-route",
        _ => Number(number),
    };

    internal static string RejectCode(byte number) => number switch
    {
        0 => "no-route",
        1 => "port-unreachable",
        2 => "host-unreachable",
        3 => "admin-prohibited",
        _ => Number(number),
    };

    internal static string LogLevel(uint number) => ((NftLogLevel)number).ToString().ToLowerInvariant();

    internal static string CtStates(uint mask) => Bits(mask, [("invalid", 1), ("established", 2), ("related", 4), ("new", 8), ("untracked", 64)]);

    internal static string TcpFlags(byte mask) =>
        Bits(mask, [("fin", 1), ("syn", 2), ("rst", 4), ("psh", 8), ("ack", 16), ("urg", 32), ("ecn", 64), ("cwr", 128)]);

    internal static string LimitUnit(ulong seconds) => seconds switch
    {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86400 => "day",
        604800 => "week",
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds}s"),
    };

    private static string Bits(uint mask, ReadOnlySpan<(string Name, uint Bit)> names)
    {
        List<string> set = [];
        foreach ((string name, uint bit) in names)
            if ((mask & bit) != 0) set.Add(name);
        return set.Count == 0 ? $"0x{mask:x}" : string.Join(',', set);
    }

    private static string Number(byte number) => number.ToString(CultureInfo.InvariantCulture);
}
