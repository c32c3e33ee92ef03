using System.Globalization;
using System.Text.RegularExpressions;
using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>
/// A host's subnets, as the name of its key says them: <c>10.5.55.0-24</c>, with IPv6 <c>10.5.66.0-24&amp;fd05:0:0:2a::-64</c>, without IPv4
/// <c>0.0.0.0-0&amp;fd05::-64</c>. Keys are compared by their text, so the text is flannel's to the byte.
/// </summary>
/// <param name="V4">The IPv4 subnet as written, host bits kept; 0.0.0.0 when there is none.</param>
/// <param name="V4Length">Its prefix length; 0 when there is none.</param>
/// <param name="V6">The IPv6 subnet as written, or null.</param>
/// <param name="V6Length">Its prefix length, or 0.</param>
public readonly partial record struct FlannelSubnet(IpAddress V4, int V4Length, IpAddress? V6 = null, int V6Length = 0)
{
    // flannel reads the lengths as numbers of 5 and of 7 bits.
    private const int LongestV4 = 31;
    private const int LongestV6 = 127;

    /// <summary>Subnets of one or both families, at least one.</summary>
    public static FlannelSubnet Of(Cidr? v4, Cidr? v6) => new(v4?.Address ?? IpAddress.FromV4(0), v4?.Length ?? 0, v6?.Address, v6?.Length ?? 0);

    /// <summary>The IPv4 subnet, or null when there is none.</summary>
    public Cidr? V4Cidr => V4Length == 0 ? null : new Cidr(V4, V4Length);

    /// <summary>The IPv6 subnet, or null when there is none.</summary>
    public Cidr? V6Cidr => V6 is { } v6 ? new Cidr(v6, V6Length) : null;

    /// <summary>The subnet of this family, or null.</summary>
    public Cidr? this[IpFamily family] => family == IpFamily.V4 ? V4Cidr : V6Cidr;

    /// <summary>Some address is in both.</summary>
    public bool Overlaps(FlannelSubnet other) => Overlap(V4Cidr, other.V4Cidr) || Overlap(V6Cidr, other.V6Cidr);

    private static bool Overlap(Cidr? one, Cidr? other) => one is { } a && other is { } b && (a.Contains(b) || b.Contains(a));

    /// <summary>Reads a key or the end of one, by flannel's rules.</summary>
    public static bool TryParse(string key, out FlannelSubnet subnet)
    {
        subnet = default;
        Match match = Pattern().Match(key);
        if (!match.Success || !IpAddress.TryParse(match.Groups["v4"].ValueSpan, out IpAddress v4)) return false;
        if (!TryParseLength(match.Groups["len4"].ValueSpan, LongestV4, out int length4)) return false;
        subnet = new FlannelSubnet(v4, length4);
        if (!match.Groups["v6"].Success) return true;
        if (!IpAddress.TryParse(match.Groups["v6"].ValueSpan, out IpAddress v6) || v6.Family != IpFamily.V6) return false;
        if (!TryParseLength(match.Groups["len6"].ValueSpan, LongestV6, out int length6)) return false;
        subnet = subnet with { V6 = v6, V6Length = length6 };
        return true;
    }

    private static bool TryParseLength(ReadOnlySpan<char> text, int longest, out int length) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= longest;

    /// <summary>The last part of the key.</summary>
    public override string ToString()
    {
        string v4 = string.Create(CultureInfo.InvariantCulture, $"{V4}-{V4Length}");
        return V6 is { } v6 ? string.Create(CultureInfo.InvariantCulture, $"{v4}&{GoText.Of(v6)}-{V6Length}") : v4;
    }

    [GeneratedRegex(@"(?<v4>[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)-(?<len4>[0-9]+)(&(?<v6>[0-9a-f:]+)-(?<len6>[0-9]+))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
