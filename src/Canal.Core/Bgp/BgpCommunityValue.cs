using System.Globalization;

namespace Canal.Core.Bgp;

/// <summary>A community as numbers: standard with two 16-bit parts, large with three of 32 bits (RFC 1997, RFC 8092).</summary>
public readonly record struct BgpCommunityValue(bool IsLarge, uint First, uint Second, uint Third) : IComparable<BgpCommunityValue>
{
    /// <summary>Reads <c>aa:nn</c> or <c>aa:nn:mm</c>.</summary>
    public static bool TryParse(string text, out BgpCommunityValue value)
    {
        value = default;
        string[] parts = text.Split(':');
        if (parts.Length is not (2 or 3)) return false;
        Span<uint> numbers = stackalloc uint[3];
        uint limit = parts.Length == 2 ? ushort.MaxValue : uint.MaxValue;
        for (int i = 0; i < parts.Length; i++)
            if (!uint.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] > limit) return false;
        value = new BgpCommunityValue(parts.Length == 3, numbers[0], numbers[1], numbers[2]);
        return true;
    }

    /// <summary>Standard before large, then by number.</summary>
    public int CompareTo(BgpCommunityValue other) =>
        (IsLarge, First, Second, Third).CompareTo((other.IsLarge, other.First, other.Second, other.Third));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}:{Second}{(IsLarge ? $":{Third}" : "")}");

    public static bool operator <(BgpCommunityValue left, BgpCommunityValue right) => left.CompareTo(right) < 0;
    public static bool operator >(BgpCommunityValue left, BgpCommunityValue right) => left.CompareTo(right) > 0;
    public static bool operator <=(BgpCommunityValue left, BgpCommunityValue right) => left.CompareTo(right) <= 0;
    public static bool operator >=(BgpCommunityValue left, BgpCommunityValue right) => left.CompareTo(right) >= 0;
}
