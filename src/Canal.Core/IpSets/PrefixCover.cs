using Canal.Core.Addressing;

namespace Canal.Core.IpSets;

/// <summary>Leaves out every prefix that another one covers: an nf_tables interval set refuses overlapping elements.</summary>
public static class PrefixCover
{
    /// <summary>The widest prefixes, in order. O(n log n).</summary>
    public static List<Cidr> Of(IEnumerable<Cidr> prefixes)
    {
        List<Cidr> sorted = [.. prefixes];
        sorted.Sort();
        List<Cidr> cover = [];
        foreach (Cidr prefix in sorted)
            if (cover.Count == 0 || !cover[^1].Contains(prefix)) cover.Add(prefix);
        return cover;
    }
}
