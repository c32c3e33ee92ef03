using System.Diagnostics;
using Canal.Core.Calculation;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Benchmarks;

/// <summary>
/// The policy calculator beside the naive way, which evaluates selectors on endpoints: all on all to begin with, a changed policy's on all endpoints, all
/// on a changed endpoint. In one process, one core. Medians.
/// </summary>
public static class CalculatorBenchmark
{
    private const int Changes = 2_000;

    /// <summary>Prints one row a measurement: what, naive, calculator, ratio; then memory.</summary>
    public static void Run(TextWriter output)
    {
        Measure(1_000, 100, TextWriter.Null); // So that the first numbers are not those of code compiled in haste.
        Measure(1_000, 100, output);
        Measure(10_000, 1_000, output);
        Measure(100_000, 5_000, output);
    }

    private static void Measure(int endpoints, int policies, TextWriter output)
    {
        CalculatorData data = new(endpoints, policies);
        Dictionary<string, string>[] labels = [.. Enumerable.Range(0, endpoints).Select(i => new Dictionary<string, string>(data.LabelsOf(i)))];
        Selector[] selectors = [.. data.ActivePolicies().SelectMany(data.SelectorsOf).Distinct().Select(Parse)];
        output.WriteLine($"{$"calculator, {endpoints} endpoints, {policies} policies",-56} {"naive",12} {"calculator",12} {"ratio",9} {"p99",12}");
        MeasureStart(data, labels, selectors, output);
        PolicyCalculator calculator = Load(data.Resources());
        MeasureChanges(data, calculator, labels, selectors, output);
        MeasureMemory(data, output);
    }

    private static void MeasureStart(CalculatorData data, Dictionary<string, string>[] labels, Selector[] selectors, TextWriter output)
    {
        const int Sample = 40;
        Resource[] resources = [.. data.Resources()];
        double[] times = Times(5, () => Load(resources));
        double naive = Median(Times(3, () => Evaluate(selectors.AsSpan(0, Math.Min(Sample, selectors.Length)), labels))) * selectors.Length / Math.Min(Sample, selectors.Length);
        Print(output, $"everything, to {selectors.Length} sets (naive: from {Sample})", naive, times);
    }

    private static void MeasureChanges(CalculatorData data, PolicyCalculator calculator, Dictionary<string, string>[] labels, Selector[] selectors, TextWriter output)
    {
        int active = data.ActivePolicies().Last(), remote = labels.Length - 1;
        GlobalNetworkPolicy policy = data.Policy(active);
        WorkloadEndpoint extra = data.ExtraLocal(active);
        double naivePolicy = Median(Times(3, () => Evaluate(Array.ConvertAll(data.SelectorsOf(active), Parse), labels)));
        double naiveEndpoint = Median(Times(15, () => Evaluate(selectors, labels.AsSpan(0, 1))));
        Print(output, "one port of a policy changed", naivePolicy, Alternate(calculator, policy.Key, data.Policy(active, otherPort: 1), policy));
        Print(output, "one network of a policy changed", naivePolicy, Alternate(calculator, data.Sentinel("198.18.0.1").Key, data.Sentinel("198.18.0.2"), data.Sentinel("198.18.0.1")));
        Print(output, "a policy vanished or appeared", naivePolicy, Alternate(calculator, policy.Key, null, policy));
        Print(output, "a remote endpoint joined or left a set", naiveEndpoint, Alternate(calculator, data.Endpoint(remote).Key, data.Endpoint(remote, joins: true), data.Endpoint(remote)));
        Print(output, "a local endpoint appeared or vanished", naiveEndpoint, Alternate(calculator, extra.Key, extra, null));
    }

    /// <summary>Applies the one and the other in turn.</summary>
    private static double[] Alternate(PolicyCalculator calculator, ResourceKey key, Resource? one, Resource? other)
    {
        bool turn = false;
        return Times(Changes, () =>
        {
            turn = !turn;
            calculator.Apply(key, turn ? one : other);
            if (calculator.TakeChanges().IsEmpty) throw new InvalidOperationException($"{key} changed nothing");
        });
    }

    private static void MeasureMemory(CalculatorData data, TextWriter output)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true), allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        foreach (Resource resource in data.Resources()) GC.KeepAlive(resource);
        long records = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        PolicyCalculator calculator = Load(data.Resources());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore - 2 * records;
        long retained = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"memory retained {Mebibytes(retained)}, allocated {Mebibytes(allocated)} (records apart: {Mebibytes(records)}), {calculator.SetCount} sets, {calculator.ActivePolicyCount} policies and profiles");
    }

    private static PolicyCalculator Load(IEnumerable<Resource> resources)
    {
        PolicyCalculator calculator = new(CalculatorData.LocalNode);
        foreach (Resource resource in resources) calculator.Apply(resource.Key, resource);
        calculator.TakeChanges();
        return calculator;
    }

    private static void Evaluate(ReadOnlySpan<Selector> selectors, ReadOnlySpan<Dictionary<string, string>> labels)
    {
        int matches = 0;
        foreach (Selector selector in selectors)
            foreach (Dictionary<string, string> item in labels) matches += selector.Evaluate(item) ? 1 : 0;
        GC.KeepAlive(matches);
    }

    private static Selector Parse(string text) => Selector.TryParse(text, out Selector? selector, out SelectorError? error) ? selector : throw new FormatException(error.ToString());

    /// <summary>Times in microseconds, in order, after some runs that do not count.</summary>
    private static double[] Times(int runs, Action action)
    {
        for (int i = 0; i < 2 + (runs / 8 * 2); i++) action();
        double[] times = new double[runs];
        for (int i = 0; i < runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        Array.Sort(times);
        return times;
    }

    private static double Median(double[] sorted) => sorted[sorted.Length / 2];

    private static void Print(TextWriter output, string what, double naive, double[] times) =>
        output.WriteLine($"{what,-56} {Show(naive),12} {Show(Median(times)),12} {naive / Median(times),9:F1} {(times.Length < 100 ? "" : Show(times[times.Length * 99 / 100])),12}");

    private static string Show(double microseconds) => microseconds < 1_000 ? $"{microseconds:F2} us" : $"{microseconds / 1_000:F1} ms";

    private static string Mebibytes(long bytes) => $"{bytes / 1048576.0:F1} MiB";
}
