using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace Canal.Testing.Rig;

/// <summary>All expectations of one moment, probed in parallel until they hold together, then confirmed with full time-outs.</summary>
internal sealed class Round
{
    // A first, cheap look; the confirmation afterwards has the scenarios' own window.
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);
    private readonly NetworkRig rig;
    private readonly Expectation[] expectations;
    private readonly Func<Task> settle;

    internal Round(NetworkRig rig, string[] expectations, Func<Task> settle)
    {
        this.rig = rig;
        this.settle = settle;
        this.expectations = [.. expectations.SelectMany(Expectation.Read)];
        if (!this.expectations.Any(e => e.Allowed))
            throw new ArgumentException("a round without any ✓ would also pass on a dead rig", nameof(expectations));
    }

    /// <summary>How long a probe must stay unanswered to count as denied: 2 s, with CANAL_E2E_DENY_MS to hurry while developing.</summary>
    internal static TimeSpan DenyWindow { get; } =
        TimeSpan.FromMilliseconds(int.Parse(Environment.GetEnvironmentVariable("CANAL_E2E_DENY_MS") ?? "2000", CultureInfo.InvariantCulture));

    internal async Task Run()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            IReadOnlyList<string> misses = await Probe(Glance);
            if (misses.Count == 0)
            {
                await settle();
                misses = await Probe(DenyWindow);
            }
            if (misses.Count == 0)
                return;
            if (Stopwatch.GetElapsedTime(start) > rig.RoundLimit)
                Assert.Fail(Failure(misses));
            await Task.Delay(20);
        }
    }

    private async Task<IReadOnlyList<string>> Probe(TimeSpan window)
    {
        Outcome[] outcomes = await Task.WhenAll(expectations.Select(e => new Probe(rig, e).Run(window)));
        return [.. expectations.Zip(outcomes)
            .Where(pair => pair.Second != (pair.First.Allowed ? Outcome.Passed : Outcome.Silent))
            .Select(pair => $"{pair.First} but it was {pair.Second}")];
    }

    private string Failure(IReadOnlyList<string> misses)
    {
        StringBuilder text = new($"after {rig.RoundLimit.TotalSeconds:0.#} s: " + string.Join("; ", misses));
        foreach (Agent agent in rig.RunningAgents)
            text.Append(CultureInfo.InvariantCulture, $"\n{agent.Story}");
        return text.ToString();
    }
}
