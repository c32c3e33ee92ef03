using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>The order in which an owner looks at the blocks of a pool: one after the other, from a place of its own, so that hosts do not meet
/// and a host comes back to where it was.</summary>
internal static class BlockWalk
{
    private const uint FnvOffset = 2166136261;
    private const uint FnvPrime = 16777619;

    /// <summary>All blocks of the pool, each once. <paramref name="salt"/> is the owner's name; for pools of single addresses, where it would always be
    /// the address last released, something of the request besides.</summary>
    public static IEnumerable<Cidr> Of(IpPool pool, string salt)
    {
        UInt128 count = pool.Cidr.CountOf(pool.BlockSize);
        UInt128 start = Hash(salt) % count;
        for (UInt128 i = 0; i < count; i++)
            yield return pool.Cidr.PartAt((start + i) % count, pool.BlockSize);
    }

    // FNV-1 as Calico seeds its generator with; four of them, because an IPv6 pool has more blocks than 32 bits count.
    private static UInt128 Hash(string text)
    {
        UInt128 all = 0;
        for (byte part = 0; part < 4; part++)
        {
            uint hash = FnvOffset;
            foreach (byte b in Encoding.UTF8.GetBytes(text)) hash = (hash * FnvPrime) ^ b;
            all = (all << 32) | ((hash * FnvPrime) ^ part);
        }
        return all;
    }
}
