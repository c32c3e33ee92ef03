using Canal.Core.Addressing;

namespace Canal.Core.Flannel;

/// <summary>Chooses a host's subnet as flannel does: the one it has, else the one it had before, else one of the first hundred free ones by chance.</summary>
public static class LeaseAcquisition
{
    /// <summary>Out of how many free subnets chance picks: two hosts that start at once seldom meet.</summary>
    public const int MostCandidates = 100;

    /// <summary>The choice.</summary>
    /// <param name="network">The configuration.</param>
    /// <param name="leases">All leases there are.</param>
    /// <param name="self">What this host will write; its public addresses tell which leases are its own.</param>
    /// <param name="previous">What it had when it ran last, or null.</param>
    /// <param name="chance">Where chance comes from.</param>
    public static LeaseChoice Choose(FlannelNetwork network, IReadOnlyCollection<HeldLease> leases, FlannelLease self, FlannelSubnet? previous, Random chance)
    {
        HeldLease[] own = [.. leases.Where(l => l.Lease.IsOfSameHost(self)).OrderBy(l => l.Subnet != previous).ThenBy(l => l.Key, StringComparer.Ordinal)];
        EquatableArray<HeldLease> retired = own.Where(l => !network.Admits(l.Subnet)).ToEquatableArray();
        if (Array.Find(own, l => network.Admits(l.Subnet)) is { } present) return new LeaseChoice(present.Subnet, present, retired);
        HeldLease[] others = [.. leases.Where(l => !retired.Contains(l))];
        if (previous is { } before && network.Admits(before) && !Array.Exists(others, l => l.Subnet.Overlaps(before))) return new LeaseChoice(before, null, retired);
        return new LeaseChoice(Free(network, others, chance), null, retired);
    }

    private static FlannelSubnet? Free(FlannelNetwork network, HeldLease[] leases, Random chance)
    {
        Cidr? v4 = null, v6 = null;
        if (network.V4 is { } range4 && (v4 = Pick(range4, leases, chance)) is null) return null;
        if (network.V6 is { } range6 && (v6 = Pick(range6, leases, chance)) is null) return null;
        return FlannelSubnet.Of(v4, v6);
    }

    private static Cidr? Pick(FlannelRange range, HeldLease[] leases, Random chance)
    {
        List<Cidr> candidates = Candidates(range, [.. leases.Select(l => l.Subnet[range.Family]).OfType<Cidr>().Order()]);
        return candidates.Count == 0 ? null : candidates[chance.Next(candidates.Count)];
    }

    /// <summary>The first free subnets in order. What is taken is skipped whole, so that a wide lease costs no more than a narrow one.</summary>
    private static List<Cidr> Candidates(FlannelRange range, Cidr[] taken)
    {
        List<Cidr> candidates = [];
        UInt128 step = UInt128.One << (range.Family.Bits - range.SubnetLength), last = range.Count == 0 ? 0 : range.Network.OffsetOf(range.Last);
        if (range.Count == 0) return candidates;
        for (UInt128 offset = range.Network.OffsetOf(range.First); offset <= last && candidates.Count < MostCandidates;)
        {
            Cidr subnet = new(range.Network.AddressAt(offset), range.SubnetLength);
            int blocking = Array.FindIndex(taken, t => t.Contains(subnet) || subnet.Contains(t));
            if (blocking < 0) candidates.Add(subnet);
            if (blocking >= 0 && taken[blocking].Contains(range.Network.Last)) break;
            UInt128 end = blocking < 0 || subnet.Contains(taken[blocking]) ? offset : range.Network.OffsetOf(new Cidr(taken[blocking].Last, range.SubnetLength).Address);
            offset = end + step;
        }
        return candidates;
    }
}
