using System.Text;
using Canal.Core.Calculation;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Calculation;

/// <summary>The calculator's changes, accumulated, equal a calculation from scratch after every step of random sequences.</summary>
public sealed class PolicyCalculatorProperties
{
    // Each run is the same; CANAL_SEED makes another.
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("CANAL_SEED"), out int seed) ? seed : 1;

    [Theory]
    [InlineData(950, 14)]
    [InlineData(50, 80)]
    public void The_calculator_equals_a_calculation_from_scratch_after_every_step(int sequences, int steps)
    {
        for (int i = 0; i < sequences; i++)
        {
            List<Step> sequence = AnySequence(new Random(unchecked(Seed + i)), steps);
            if (Failure(sequence) is null) continue;
            sequence = Shrink(sequence);
            Assert.Fail($"CANAL_SEED={unchecked(Seed + i)}: {Failure(sequence)}\n{Describe(sequence)}");
        }
    }

    [Fact]
    public void The_result_does_not_depend_on_the_way_there()
    {
        for (int i = 0; i < 100; i++)
        {
            Random random = new(unchecked(Seed + i));
            Dictionary<ResourceKey, Resource> cluster = [];
            PolicyCalculator wandering = new(ResourceBuilder.ThisNode), straight = new(ResourceBuilder.ThisNode);
            AccumulatedState there = new(), here = new();
            foreach (Step step in AnySequence(random, 40))
            {
                wandering.Apply(step.Key, step.Resource);
                if (step.Take) there.Apply(wandering.TakeChanges());
                if (step.Resource is null) cluster.Remove(step.Key);
                else cluster[step.Key] = step.Resource;
            }
            Resource[] shuffled = [.. cluster.Values];
            random.Shuffle(shuffled);
            foreach (Resource resource in shuffled) straight.Apply(resource.Key, resource);
            there.Apply(wandering.TakeChanges());
            here.Apply(straight.TakeChanges());
            Assert.Equal(here.Describe(), there.Describe());
        }
    }

    private static List<Step> AnySequence(Random random, int length)
    {
        RandomResources resources = new(random);
        List<Step> steps = [];
        List<Resource> past = [];
        for (int i = 0; i < length; i++)
        {
            bool take = random.Next(3) > 0;
            Resource resource = random.Next(12) switch
            {
                0 or 1 when past.Count > 0 => past[random.Next(past.Count)],
                _ => resources.Any(),
            };
            bool delete = random.Next(4) == 0;
            // Half of the deletions are of what is there; the others mostly of nothing.
            if (delete && past.Count > 0 && random.Next(2) == 0) resource = past[random.Next(past.Count)];
            steps.Add(new Step(resource.Key, delete ? null : resource, take));
            if (!delete) past.Add(resource);
        }
        return steps;
    }

    private static string? Failure(List<Step> steps)
    {
        PolicyCalculator calculator = new(ResourceBuilder.ThisNode);
        AccumulatedState state = new();
        Dictionary<ResourceKey, Resource> cluster = [];
        try
        {
            foreach (Step step in steps)
            {
                calculator.Apply(step.Key, step.Resource);
                if (step.Resource is null) cluster.Remove(step.Key);
                else cluster[step.Key] = step.Resource;
                if (!step.Take) continue;
                state.Apply(calculator.TakeChanges());
                state.CheckEquals(new NaiveCalculator(ResourceBuilder.ThisNode, cluster.Values), calculator);
            }
            return null;
        }
        catch (Exception failure)
        {
            return failure.ToString();
        }
    }

    /// <summary>Leaves out steps for as long as it still fails.</summary>
    private static List<Step> Shrink(List<Step> failing)
    {
        for (int i = failing.Count - 1; i >= 0; i--)
        {
            List<Step> shorter = [.. failing];
            shorter.RemoveAt(i);
            if (Failure(shorter) is not null) failing = shorter;
        }
        return failing;
    }

    private static string Describe(List<Step> steps)
    {
        StringBuilder text = new();
        foreach (Step step in steps) text.AppendLine($"{(step.Take ? "take" : "    ")} {step.Key}: {step.Resource?.ToString() ?? "gone"}");
        return text.ToString();
    }

    private sealed record Step(ResourceKey Key, Resource? Resource, bool Take);
}
