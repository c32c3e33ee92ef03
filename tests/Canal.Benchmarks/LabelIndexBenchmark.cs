using System.Diagnostics;
using Canal.Core.Labels;

namespace Canal.Benchmarks;

/// <summary>The selector index beside evaluating every selector against every item, in one process, one core. Medians.</summary>
public static class LabelIndexBenchmark
{
    private const int ItemCount = 100_000;
    private const int ValuesPerLabel = 10_000;

    /// <summary>Prints one row a measurement: what, naive, index, ratio.</summary>
    public static void Run(TextWriter output)
    {
        Dictionary<string, string>[] items = [.. Enumerable.Range(0, ItemCount).Select(LabelsOf)];
        output.WriteLine($"{"selector index, 100k items with 5 labels",-56} {"naive",12} {"index",12} {"naive/index",12}");
        MeasureBuild(items, output);
        MeasureLabelChange(items, output);
        foreach (int selectors in (int[])[10, 100, 1_000, 10_000])
            MeasureSharedLabel(selectors, output);
        MeasureMemory(items, output);
    }

    private static void MeasureBuild(Dictionary<string, string>[] items, TextWriter output)
    {
        const int NaiveSelectors = 100;
        Selector[] selectors = EqualitySelectors(10_000);
        double index = Median(5, () => Matches(items, selectors));
        double naive = Median(3, () => NaiveMatches(items, selectors.AsSpan(0, NaiveSelectors))) * selectors.Length / NaiveSelectors;
        Print(output, "10k equality selectors, all matches (naive: from 1%)", naive, index);
    }

    private static void MeasureLabelChange(Dictionary<string, string>[] items, TextWriter output)
    {
        Selector[] selectors = EqualitySelectors(5_000);
        var changes = new List<MatchChange>();
        SelectorIndex index = Load(items, selectors, changes);
        var labels = new Dictionary<string, string>(items[0]);
        int turn = 0;
        double indexed = Median(5, () => Repeat(10_000, () =>
        {
            labels["app"] = $"app-{turn++ % 5_000}";
            changes.Clear();
            index.SetItem(0, [.. labels], [], changes);
        })) / 10_000;
        double naive = Median(5, () => NaiveMatches(items.AsSpan(0, 1), selectors));
        Print(output, "one label of one item changed, 5k selectors", naive, indexed);
    }

    /// <summary>Upstream's shape: every selector asks for one label that all items have and for one that few have; cost must not grow with the selectors.</summary>
    private static void MeasureSharedLabel(int count, TextWriter output)
    {
        Selector[] selectors = [.. Enumerable.Range(0, count).Select(i => Parse($"alpha == 'beta' && has(ipset-{i})"))];
        Dictionary<string, string>[] items = [.. Enumerable.Range(0, 1_000).Select(i => new Dictionary<string, string> { ["alpha"] = "beta", [$"ipset-{i % count}"] = "" })];
        var changes = new List<MatchChange>();
        SelectorIndex index = Load(items, selectors, changes);
        KeyValuePair<string, string>[] with = [.. items[0]], without = [new("ipset-0", "")];
        double indexed = Median(5, () => Repeat(5_000, () =>
        {
            changes.Clear();
            index.SetItem(0, without, [], changes);
            index.SetItem(0, with, [], changes);
        })) / 10_000;
        double naive = Median(5, () => NaiveMatches(items.AsSpan(0, 1), selectors));
        Print(output, $"shared label of one item changed, {count} selectors", naive, indexed);
    }

    private static void MeasureMemory(Dictionary<string, string>[] items, TextWriter output)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var changes = new List<MatchChange>();
        SelectorIndex index = Load(items, EqualitySelectors(1_000), changes);
        int matches = changes.Count;
        changes = null;
        long used = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(index);
        output.WriteLine($"memory with 1k selectors and {matches} matches: {used / 1048576.0:F1} MiB, labels' texts not counted");
    }

    private static Dictionary<string, string> LabelsOf(int item) => new()
    {
        ["app"] = $"app-{item % ValuesPerLabel}",
        ["env"] = item % 3 == 0 ? "prod" : "test",
        ["zone"] = $"zone-{item % 7}",
        ["owner"] = $"team-{item % 200}",
        ["projectcalico.org/namespace"] = $"ns-{item % 500}",
    };

    private static Selector[] EqualitySelectors(int count) => [.. Enumerable.Range(0, count).Select(i => Parse($"app == 'app-{i}'"))];

    private static Selector Parse(string text) => Selector.TryParse(text, out Selector? selector, out SelectorError? error) ? selector : throw new FormatException(error.ToString());

    private static void Matches(Dictionary<string, string>[] items, Selector[] selectors) => Load(items, selectors, []);

    private static SelectorIndex Load(Dictionary<string, string>[] items, Selector[] selectors, List<MatchChange> changes)
    {
        var index = new SelectorIndex();
        for (int i = 0; i < items.Length; i++)
            index.SetItem(i, [.. items[i]], [], changes);
        for (int i = 0; i < selectors.Length; i++)
            index.SetSelector(i, selectors[i], changes);
        return index;
    }

    private static void NaiveMatches(ReadOnlySpan<Dictionary<string, string>> items, ReadOnlySpan<Selector> selectors)
    {
        int matches = 0;
        foreach (Selector selector in selectors)
        {
            foreach (Dictionary<string, string> labels in items)
                matches += selector.Evaluate(labels) ? 1 : 0;
        }
        GC.KeepAlive(matches);
    }

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
            action();
    }

    /// <summary>Median time in microseconds, after one run that does not count.</summary>
    private static double Median(int runs, Action action)
    {
        action();
        double[] times = new double[runs];
        for (int i = 0; i < runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        Array.Sort(times);
        return times[runs / 2];
    }

    private static void Print(TextWriter output, string what, double naive, double index) =>
        output.WriteLine($"{what,-56} {Show(naive),12} {Show(index),12} {naive / index,12:F0}");

    private static string Show(double microseconds) => microseconds < 1_000 ? $"{microseconds:F2} us" : $"{microseconds / 1_000:F1} ms";
}
