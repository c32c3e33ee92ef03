using System.Globalization;

namespace Canal.Core.Bgp;

/// <summary>Durations as Go writes them: <c>2m0s</c>, <c>1h0m0s</c>, <c>500ms</c>.</summary>
internal static class GoDuration
{
    /// <summary>Reads a positive duration, rounded to whole seconds; false for anything else, a sign, or more than a day.</summary>
    public static bool TryParseSeconds(string text, out int seconds)
    {
        seconds = 0;
        double total = 0;
        int at = 0;
        while (at < text.Length)
        {
            int start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.')) at++;
            int unit = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]) && text[at] != '.') at++;
            if (!double.TryParse(text.AsSpan(start, unit - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) return false;
            if (UnitSeconds(text.AsSpan(unit, at - unit)) is not { } factor) return false;
            total += number * factor;
        }
        if (text.Length == 0 || total > 86400) return false;
        seconds = (int)Math.Round(total, MidpointRounding.AwayFromZero);
        return true;
    }

    private static double? UnitSeconds(ReadOnlySpan<char> unit) => unit switch
    {
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        "ms" => 1e-3,
        "us" or "µs" => 1e-6,
        "ns" => 1e-9,
        _ => null,
    };
}
