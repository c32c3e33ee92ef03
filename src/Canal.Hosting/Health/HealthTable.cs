using System.Collections.Immutable;
using System.Text;

namespace Canal.Hosting;

/// <summary>The reporters of a daemon and their sum: live when each that speaks about it is live, ready likewise.</summary>
public sealed class HealthTable(TimeProvider clock)
{
    private ImmutableArray<HealthReporter> _reporters = [];

    /// <summary>Adds a part. Names are unique; a second one of a name is a programming error.</summary>
    /// <param name="timeout">Longest time between two reports; zero for a part that reports once.</param>
    public HealthReporter Register(string name, HealthAspects aspects, TimeSpan timeout)
    {
        HealthReporter reporter = new(name, aspects, timeout, clock);
        if (!ImmutableInterlocked.Update(ref _reporters, (reporters, added) => reporters.Any(known => known.Name == added.Name) ? reporters : reporters.Add(added), reporter))
            throw new ArgumentException($"there is a reporter {name} already", nameof(name));
        return reporter;
    }

    /// <summary>Are all parts that speak about this aspect well?</summary>
    public bool Is(HealthAspects aspect)
    {
        foreach (HealthReporter reporter in _reporters)
            if ((reporter.Aspects & aspect) != 0 && !Says(reporter.Current(), aspect))
                return false;
        return true;
    }

    /// <summary>A table with one line a reporter; empty when there is none.</summary>
    public string Text()
    {
        if (_reporters.IsEmpty)
            return "";
        StringBuilder text = new(Line("REPORTER", "TIMEOUT", "LIVE", "READY", "DETAIL"));
        foreach (HealthReporter reporter in _reporters)
        {
            HealthReport report = reporter.Current();
            string timeout = reporter.Timeout > TimeSpan.Zero ? DurationText.Format(reporter.Timeout) : "-";
            text.Append(Line(reporter.Name, timeout, Word(reporter, report, HealthAspects.Live), Word(reporter, report, HealthAspects.Ready), EscapedText.Of(report.Detail)));
        }
        return text.ToString();
    }

    private static string Line(string name, string timeout, string live, string ready, string detail) => $"{name,-28} {timeout,-8} {live,-5} {ready,-5} {detail}".TrimEnd() + "\n";

    private static string Word(HealthReporter reporter, HealthReport report, HealthAspects aspect) => (reporter.Aspects & aspect) == 0 ? "-" : Says(report, aspect) ? "yes" : "NO";

    private static bool Says(HealthReport report, HealthAspects aspect) => aspect == HealthAspects.Live ? report.Live : report.Ready;
}
