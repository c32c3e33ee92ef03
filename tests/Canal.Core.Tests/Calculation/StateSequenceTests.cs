using Canal.Core.Resources;

namespace Canal.Core.Tests.Calculation;

/// <summary>
/// Named states, one after the other, in many ways that must not matter: reversed, with an empty state between, each on its own, all at once; with the
/// changes taken after each key, after each key given twice, after each state, and at the end only.
/// </summary>
public sealed class StateSequenceTests
{
    public static TheoryData<string, Flush> Sequences()
    {
        TheoryData<string, Flush> data = [];
        foreach (string name in NamedStates.Sequences.Keys)
            foreach (Flush flush in Enum.GetValues<Flush>()) data.Add(name, flush);
        return data;
    }

    [Theory]
    [MemberData(nameof(Sequences))]
    public void States_in_order(string sequence, Flush flush) => Run(NamedStates.Sequences[sequence], flush);

    [Theory]
    [MemberData(nameof(Sequences))]
    public void States_with_their_keys_reversed(string sequence, Flush flush) =>
        Run([.. NamedStates.Sequences[sequence].Select(s => s with { Resources = [.. s.Resources.Reverse()] })], flush);

    [Theory]
    [MemberData(nameof(Sequences))]
    public void States_in_reverse_order(string sequence, Flush flush) => Run([.. NamedStates.Sequences[sequence].Reverse()], flush);

    [Theory]
    [MemberData(nameof(Sequences))]
    public void States_with_an_empty_one_between(string sequence, Flush flush) =>
        Run([.. NamedStates.Sequences[sequence].SelectMany(s => new[] { s, NamedStates.Empty })], flush);

    [Theory]
    [MemberData(nameof(Sequences))]
    public void Each_state_on_its_own(string sequence, Flush flush)
    {
        foreach (NamedState state in NamedStates.Sequences[sequence]) Run([state], flush);
    }

    [Theory]
    [MemberData(nameof(Sequences))]
    public void All_states_at_once(string sequence, Flush flush)
    {
        // Of resources with one key the last counts; what must come out is left to the calculation from scratch.
        Dictionary<ResourceKey, Resource> all = [];
        foreach (Resource resource in NamedStates.Sequences[sequence].SelectMany(s => s.Resources)) all[resource.Key] = resource;
        CalculatorDriver driver = new(flush);
        driver.GoTo(all.Values);
        driver.Take();
    }

    private static void Run(IReadOnlyList<NamedState> states, Flush flush)
    {
        CalculatorDriver driver = new(flush);
        foreach (NamedState state in states)
        {
            driver.GoTo(state.Resources);
            if (flush != Flush.AtTheEnd) Check(driver, state);
        }
        driver.Take();
        Check(driver, states[^1]);
        Assert.True(driver.Calculator.TakeChanges().IsEmpty);
    }

    private static void Check(CalculatorDriver driver, NamedState state)
    {
        string expected = string.Join('\n', state.Expected.Order(StringComparer.Ordinal)), actual = string.Join('\n', driver.State.Describe());
        Assert.True(expected == actual, $"state '{state.Name}'\nexpected\n{expected}\nactual\n{actual}");
    }
}
