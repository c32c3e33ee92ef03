using Canal.Core;
using Canal.Core.Addressing;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Joins overlapping and adjacent port ranges: an nf_tables interval set refuses overlapping elements.</summary>
internal static class PortCover
{
    public static PortRange[] Of(EquatableArray<PortRange> ports)
    {
        List<PortRange> sorted = [.. ports];
        sorted.Sort((a, b) => a.First.CompareTo(b.First));
        List<PortRange> joined = [];
        foreach (PortRange range in sorted)
        {
            if (joined.Count > 0 && range.First <= joined[^1].Last + 1)
                joined[^1] = joined[^1] with { Last = Math.Max(joined[^1].Last, range.Last) };
            else
                joined.Add(range);
        }
        return [.. joined];
    }
}
