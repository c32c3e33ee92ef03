using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Overlay;

/// <summary>The pools by which traffic is told apart. Of pools with one CIDR the one whose name comes first counts, as in Calico; disabled ones count too: their addresses are still in use.</summary>
public sealed class AddressPools
{
    private readonly SortedDictionary<string, IpPool> byName = new(StringComparer.Ordinal);
    private List<IpPool> longestFirst = [];

    /// <summary>The pools that count, those with the longest prefix first.</summary>
    public IReadOnlyList<IpPool> InForce => longestFirst;

    /// <summary>The pool that an address or block is of, or null.</summary>
    public IpPool? Of(Cidr cidr)
    {
        foreach (IpPool pool in longestFirst)
            if (pool.Cidr.Contains(cidr)) return pool;
        return null;
    }

    /// <summary>A pool of the family is encapsulated by VXLAN.</summary>
    public bool UseVxlan(IpFamily family) => longestFirst.Exists(p => p.Cidr.Family == family && p.VxlanMode != EncapsulationMode.Never);

    /// <summary>A pool is encapsulated by IP-in-IP, which is for IPv4 only.</summary>
    public bool UseIpip => longestFirst.Exists(p => p.Cidr.Family == IpFamily.V4 && p.IpipMode != EncapsulationMode.Never);

    /// <summary>Another number after each change of any pool, also of what does not count here.</summary>
    internal int Version { get; private set; }

    /// <summary>A pool appeared or changed, or is gone (null). Returns whether anything that counts here is different.</summary>
    internal bool Set(string name, IpPool? pool)
    {
        IpPool? before = byName.GetValueOrDefault(name);
        if (before == pool) return false;
        Version++;
        if (pool is null) byName.Remove(name);
        else byName[name] = pool;
        if (before is not null && pool is not null && Same(before, pool)) return false;
        HashSet<Cidr> taken = [];
        longestFirst = [.. byName.Values.Where(p => taken.Add(p.Cidr))];
        longestFirst.Sort(static (a, b) => a.Cidr.Length != b.Cidr.Length ? b.Cidr.Length.CompareTo(a.Cidr.Length) : a.Cidr.CompareTo(b.Cidr));
        return true;
    }

    private static bool Same(IpPool a, IpPool b) =>
        a.Cidr == b.Cidr && a.VxlanMode == b.VxlanMode && a.IpipMode == b.IpipMode && a.NatOutgoing == b.NatOutgoing;
}
