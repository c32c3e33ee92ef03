using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>Durations of resources as BIRD takes them.</summary>
internal static class BgpSeconds
{
    private const double LongestSeconds = 86400;

    /// <summary>Reads a duration, rounded to whole seconds; false for none, a negative one, or more than a day.</summary>
    public static bool TryParse(string text, out int seconds)
    {
        seconds = 0;
        if (text.Length == 0 || !GoDuration.TryParse(text, out TimeSpan duration) || duration < TimeSpan.Zero || duration.TotalSeconds > LongestSeconds) return false;
        seconds = (int)Math.Round(duration.TotalSeconds, MidpointRounding.AwayFromZero);
        return true;
    }
}
