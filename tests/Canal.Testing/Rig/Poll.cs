using System.Diagnostics;
using Xunit;

namespace Canal.Testing.Rig;

/// <summary>Waits for a condition instead of for a time.</summary>
public static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Asks until the answer is yes; fails the test with the given words when the limit passes.</summary>
    public static async Task Until(Func<ValueTask<bool>> condition, TimeSpan limit, Func<string> failure)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
                Assert.Fail($"{failure()} (waited {limit.TotalSeconds:0.#} s)");
            await Task.Delay(Pause);
        }
    }

    /// <inheritdoc cref="Until(Func{ValueTask{bool}}, TimeSpan, Func{string})"/>
    public static Task Until(Func<bool> condition, TimeSpan limit, string failure) => Until(() => ValueTask.FromResult(condition()), limit, () => failure);

    /// <summary>The scenarios say 5 s; the limit is so long because machines that run tests stall. How fast things are is shown by benchmarks.</summary>
    public static Task Until(Func<bool> condition, string failure) => Until(condition, TimeSpan.FromSeconds(30), failure);
}
