using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// When to repair what other programs did to the table. The first change is repaired at once. The next repair waits for four times as long as the last one
/// took, but a tenth of a second at least: against a program that changes the table again and again, repairs take a fifth of a core at most. Pure.
/// </summary>
internal sealed class ForeignChanges
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan OneTelling = TimeSpan.FromSeconds(10);
    private const double MostTellings = 30;

    private DateTimeOffset notBefore = DateTimeOffset.MinValue;
    private DateTimeOffset lastTold = DateTimeOffset.MinValue;
    private double tellings = MostTellings;

    /// <summary>Changes since the last repair.</summary>
    public int Count { get; private set; }

    /// <summary>The last of them.</summary>
    public NftEvent Last { get; private set; }

    /// <summary>Repairs since something was told of one.</summary>
    public int Untold { get; private set; }

    /// <summary>When to repair; null when there is nothing to.</summary>
    public DateTimeOffset? Due => Count > 0 ? notBefore : null;

    public void Note(NftEvent change)
    {
        Count++;
        Last = change;
    }

    /// <summary>Takes a repair in. Returns whether to tell of it: a storm of repairs is told of every ten seconds.</summary>
    public bool Repaired(DateTimeOffset now, TimeSpan took)
    {
        Count = 0;
        notBefore = now + (took * 4 > ShortestPause ? took * 4 : ShortestPause);
        tellings = Math.Min(MostTellings, tellings + (now - lastTold) / OneTelling);
        lastTold = now;
        if (tellings < 1)
        {
            Untold++;
            return false;
        }
        tellings--;
        Untold = 0;
        return true;
    }
}
