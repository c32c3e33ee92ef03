using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>Overrides of reporters' time-outs, written <c>InternalDataplaneMainLoop=5m</c> (Calico's HealthTimeoutOverrides).</summary>
public static class HealthTimeouts
{
    /// <summary>What is wrong with one item, as the end of a sentence, or null; for <see cref="StringListSetting.CheckItem"/>.</summary>
    public static string? Wrong(string item) => TryParse(item, out _) ? null : "is not written as NAME=DURATION, such as \"CalculationGraph=30s\"";

    /// <summary>Items that <see cref="Wrong"/> refuses are left out; the last of a name wins.</summary>
    public static ImmutableDictionary<string, TimeSpan> Parse(IEnumerable<string> items)
    {
        ImmutableDictionary<string, TimeSpan>.Builder timeouts = ImmutableDictionary.CreateBuilder<string, TimeSpan>();
        foreach (string item in items)
            if (TryParse(item, out KeyValuePair<string, TimeSpan> timeout))
                timeouts[timeout.Key] = timeout.Value;
        return timeouts.ToImmutable();
    }

    private static bool TryParse(string item, out KeyValuePair<string, TimeSpan> timeout)
    {
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        bool right = DurationText.TryParse(item[(equals + 1)..].Trim(), out TimeSpan duration) && equals > 0;
        timeout = right ? new(item[..equals].Trim(), duration) : default;
        return right;
    }
}
