using Canal.Felix.Configuration;
using Serilog;

namespace Canal.Felix.Drops;

/// <summary>
/// Tells the journal of denied packets: a flow when it begins, and once more what came after that when its time is over. As many lines as the limit allows; of
/// the others one line tells how many packets they were.
/// </summary>
internal sealed class DropJournal(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan BetweenSums = TimeSpan.FromMinutes(1);

    private readonly HashSet<DroppedFlow> passedOver = [];
    private DateTimeOffset refilled = time.GetUtcNow();
    private DateTimeOffset nextSum = time.GetUtcNow();
    private double tokens = double.MaxValue;
    private long untold;
    private long toldMissed;

    /// <summary>Of the flows that packets are gathered to, of those whose time is over since the last call, and of the packets, since the start, that are in none.</summary>
    public void Tell(IEnumerable<DroppedFlow> open, IReadOnlyList<DroppedFlow> ended, long missed, RateLimit? limit)
    {
        Refill(limit);
        foreach (DroppedFlow flow in ended)
        {
            if (passedOver.Remove(flow) || (flow.Count > flow.Told && !TryTell(flow))) untold += flow.Count - flow.Told;
        }
        foreach (DroppedFlow flow in open)
            if (flow.Told == 0 && flow.Place is not null && !passedOver.Contains(flow) && !TryTell(flow)) passedOver.Add(flow);
        Sum(missed);
    }

    /// <summary>Packets are to be told in sum when it is time.</summary>
    public bool Owes(long missed) => untold > 0 || missed != toldMissed;

    private bool TryTell(DroppedFlow flow)
    {
        if (tokens < 1) return false;
        tokens--;
        Log.Dropped(log, flow);
        flow.Told = flow.Count;
        return true;
    }

    private void Sum(long missed)
    {
        if (!Owes(missed) || time.GetUtcNow() < nextSum) return;
        Log.DroppedMore(log, untold, missed - toldMissed);
        (untold, toldMissed, nextSum) = (0, missed, time.GetUtcNow() + BetweenSums);
    }

    private void Refill(RateLimit? limit)
    {
        DateTimeOffset now = time.GetUtcNow();
        double added = limit is null ? double.MaxValue : (now - refilled).TotalSeconds * limit.Count / limit.Seconds;
        refilled = now;
        tokens = Math.Min(limit?.Burst ?? double.MaxValue, tokens + added);
    }
}
