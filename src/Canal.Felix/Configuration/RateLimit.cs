using System.Globalization;

namespace Canal.Felix.Configuration;

/// <summary>At most so many in a time, with a burst.</summary>
/// <param name="Count">How many.</param>
/// <param name="Seconds">In how many seconds: 1, 60, 3600 or 86400.</param>
/// <param name="Burst">How many at once.</param>
internal sealed record RateLimit(ulong Count, ulong Seconds, uint Burst)
{
    public const string Shape = "must be N/second, N/minute, N/hour or N/day with N from 1 to 9999";

    /// <summary>Reads <c>10/minute</c>.</summary>
    public static bool TryParse(string text, uint burst, out RateLimit? limit)
    {
        limit = null;
        int slash = text.IndexOf('/');
        if (slash < 1 || !ulong.TryParse(text.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out ulong count) || count is 0 or > 9999) return false;
        ulong seconds = text[(slash + 1)..] switch { "second" => 1, "minute" => 60, "hour" => 3600, "day" => 86400, _ => 0 };
        if (seconds == 0) return false;
        limit = new RateLimit(count, seconds, burst);
        return true;
    }
}
