using System.Buffers;
using System.Globalization;

namespace Canal.Core.Resources;

/// <summary>Durations as Go writes them: <c>2m0s</c>, <c>1.5h</c>, <c>200ms</c>, <c>-3s</c>, <c>0</c> (time.ParseDuration).</summary>
public static class GoDuration
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly (string Unit, decimal Nanoseconds)[] Units =
        [("ns", 1m), ("us", 1_000m), ("µs", 1_000m), ("μs", 1_000m), ("ms", 1_000_000m), ("s", 1_000_000_000m), ("m", 60_000_000_000m), ("h", 3_600_000_000_000m)];

    /// <summary>Reads a duration; false when the text is none or is beyond 64 bits of nanoseconds.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        bool negative = text.StartsWith('-');
        ReadOnlySpan<char> rest = negative || text.StartsWith('+') ? text[1..] : text;
        if (rest is "0") return true;
        decimal sum = 0;
        if (rest.IsEmpty) return false;
        while (!rest.IsEmpty)
        {
            if (!TryTake(ref rest, out decimal part)) return false;
            sum += part;
        }
        if (sum > long.MaxValue) return false;
        duration = TimeSpan.FromTicks((long)((negative ? -sum : sum) / TimeSpan.NanosecondsPerTick));
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<char> rest, out decimal nanoseconds)
    {
        nanoseconds = 0;
        int digits = rest.IndexOfAnyExcept(NumberCharacters);
        if (digits is <= 0 or > 20 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)) return false;
        rest = rest[digits..];
        int length = rest.IndexOfAny(NumberCharacters);
        ReadOnlySpan<char> unit = length < 0 ? rest : rest[..length];
        rest = rest[unit.Length..];
        foreach ((string name, decimal size) in Units)
        {
            if (!unit.SequenceEqual(name)) continue;
            // Twenty digits of hours still fit a decimal.
            nanoseconds = number * size;
            return true;
        }
        return false;
    }
}
