using Xunit;

namespace Canal.Testing.Rig;

/// <summary>A bound on time, of which the best of several tries is the proof: where the machine stalls some are slow, where the program is slow all are.</summary>
public static class Best
{
    private const int Tries = 5;

    /// <summary>Repeats a try, which returns how long it took, until one takes less than the bound; fails the test when none does.</summary>
    public static async Task Within(TimeSpan bound, string what, Func<Task<TimeSpan>> attempt)
    {
        List<TimeSpan> took = [];
        while (took.Count < Tries)
        {
            took.Add(await attempt());
            if (took[^1] < bound)
                return;
        }
        Assert.Fail($"{what} is to take less than {bound.TotalMilliseconds} ms; it took, in ms, {string.Join(", ", took.Select(time => $"{time.TotalMilliseconds:0.#}"))}");
    }
}
