using Canal.Core.Calculation;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Calculation;

/// <summary>When a driver takes the changes.</summary>
public enum Flush
{
    AfterEachKey,
    AfterEachKeyTwice,
    AfterEachState,
    AtTheEnd,
}

/// <summary>Brings a calculator from state to state by the differences between them, and keeps what a dataplane would hold.</summary>
internal sealed class CalculatorDriver(Flush flush)
{
    private readonly Dictionary<ResourceKey, Resource> present = [];

    public PolicyCalculator Calculator { get; } = new(ResourceBuilder.ThisNode);

    public AccumulatedState State { get; } = new();

    /// <summary>Feeds what differs from the present state: what is new or other in the order given, then what is gone.</summary>
    public void GoTo(IReadOnlyCollection<Resource> state)
    {
        HashSet<ResourceKey> wanted = [.. state.Select(r => r.Key)];
        foreach (Resource resource in state)
            if (!present.TryGetValue(resource.Key, out Resource? old) || old != resource) Feed(resource.Key, resource);
        foreach (ResourceKey key in present.Keys.Where(k => !wanted.Contains(k)).ToArray()) Feed(key, null);
        if (flush == Flush.AfterEachState) Take();
    }

    /// <summary>Takes the changes and compares with a calculation from scratch.</summary>
    public void Take()
    {
        State.Apply(Calculator.TakeChanges());
        State.CheckEquals(new NaiveCalculator(ResourceBuilder.ThisNode, present.Values), Calculator);
    }

    private void Feed(ResourceKey key, Resource? resource)
    {
        for (int times = flush == Flush.AfterEachKeyTwice ? 2 : 1; times > 0; times--) Calculator.Apply(key, resource);
        if (resource is null) present.Remove(key);
        else present[key] = resource;
        if (flush is Flush.AfterEachKey or Flush.AfterEachKeyTwice) Take();
    }
}
