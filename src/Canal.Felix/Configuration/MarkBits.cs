using System.Numerics;

namespace Canal.Felix.Configuration;

/// <summary>The bits of the packet mark that are this program's, taken from the lowest of the mask upwards as Calico does. All others are left as they are.</summary>
/// <param name="Mask">At least three bits; four where connections are revoked.</param>
internal readonly record struct MarkBits(uint Mask)
{
    /// <summary>How many are needed.</summary>
    public const int Needed = 3;

    /// <summary>A host endpoint's policy before connection tracking or DNAT has allowed the packet.</summary>
    public uint Accept => Bit(0);

    /// <summary>A Pass rule has ended this tier.</summary>
    public uint Pass => Bit(1);

    /// <summary>A process of this host sent the packet and DNAT redirected it: host endpoints are asked after routing.</summary>
    public uint Late => Bit(2);

    /// <summary>Of a connection's mark: policy no longer allows it; 0 where the mask has no fourth bit.</summary>
    public uint Revoked => Bit(3);

    private uint Bit(int place)
    {
        uint rest = Mask;
        for (int i = 0; i < place; i++) rest &= rest - 1;
        return rest == 0 ? 0 : 1u << BitOperations.TrailingZeroCount(rest);
    }
}
