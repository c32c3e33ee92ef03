using System.Buffers;
using System.Globalization;
using System.Text;

namespace Canal.Hosting;

/// <summary>
/// Durations as Go writes them and systemd nearly so: numbers with units, largest first, <c>1h2m3.5s</c>. Units: d, h, m, s, ms, us. Never negative.
/// The resolution is TimeSpan's 100 ns.
/// </summary>
public static class DurationText
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("ms", TimeSpan.TicksPerMillisecond), ("us", TimeSpan.TicksPerMicrosecond),
        ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond),
    ];

    /// <summary>False for a bare number (also "0"), a unit twice or out of order, a sign, blanks, and more than TimeSpan holds.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        decimal total = 0;
        long last = long.MaxValue;
        ReadOnlySpan<char> rest = text;
        if (rest.IsEmpty || rest.Length > 64)
            return false;
        while (!rest.IsEmpty)
        {
            if (!TryTakeNumber(ref rest, out decimal number) || !TryTakeUnit(ref rest, out long ticks) || ticks >= last || number > TimeSpan.MaxValue.Ticks / ticks)
                return false;
            total += number * ticks;
            last = ticks;
        }
        if (total > TimeSpan.MaxValue.Ticks)
            return false;
        duration = TimeSpan.FromTicks((long)total);
        return true;
    }

    /// <summary>The shortest form that <see cref="TryParse"/> reads back to the same whole microseconds: <c>1m30s</c>, <c>0s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.FromMicroseconds(1))
            return "0s";
        StringBuilder text = new();
        Append(text, duration.Days, "d");
        Append(text, duration.Hours, "h");
        Append(text, duration.Minutes, "m");
        Append(text, duration.Seconds, "s");
        Append(text, duration.Milliseconds, "ms");
        Append(text, duration.Microseconds, "us");
        return text.ToString();
    }

    private static void Append(StringBuilder text, int count, string unit)
    {
        if (count > 0)
            text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
    }

    private static bool TryTakeNumber(ref ReadOnlySpan<char> rest, out decimal number)
    {
        int length = rest.IndexOfAnyExcept(NumberCharacters);
        number = 0;
        if (length <= 0 || !char.IsAsciiDigit(rest[0]) || !decimal.TryParse(rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number))
            return false;
        rest = rest[length..];
        return true;
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, out long ticks)
    {
        foreach ((string unit, long unitTicks) in Units)
        {
            if (!rest.StartsWith(unit, StringComparison.Ordinal))
                continue;
            rest = rest[unit.Length..];
            ticks = unitTicks;
            return true;
        }
        ticks = 0;
        return false;
    }
}
