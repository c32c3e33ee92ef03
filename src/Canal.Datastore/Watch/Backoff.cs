namespace Canal.Datastore;

/// <summary>Pauses between attempts: doubling, capped, and spread so that a cluster's agents do not all come back at once.</summary>
internal sealed class Backoff(TimeSpan least, TimeSpan most, Random random)
{
    private int doublings;

    /// <summary>Half of the step to the whole step; the next is twice as long.</summary>
    public TimeSpan Next()
    {
        TimeSpan step = least * Math.Pow(2, doublings);
        if (step < most)
            doublings++;
        else
            step = most;
        return step * (0.5 + (random.NextDouble() / 2));
    }

    public void Reset() => doublings = 0;
}
