using System.Diagnostics;

namespace Canal.Testing.Rig;

/// <summary>Waits until something no longer changes.</summary>
public static class Standstill
{
    /// <summary>Looks until what is seen has been the same for so long, and returns it; fails the test with the given words when it does not come to rest in 30 s.</summary>
    public static async Task<T> Of<T>(Func<T> look, TimeSpan rest, string failure) where T : IEquatable<T>
    {
        (T seen, long since) = (look(), Stopwatch.GetTimestamp());
        await Poll.Until(() =>
        {
            T now = look();
            if (!now.Equals(seen)) (seen, since) = (now, Stopwatch.GetTimestamp());
            return Stopwatch.GetElapsedTime(since) > rest;
        }, TimeSpan.FromSeconds(30), failure);
        return seen;
    }
}
