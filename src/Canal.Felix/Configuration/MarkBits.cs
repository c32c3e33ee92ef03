using System.Numerics;

namespace Canal.Felix.Configuration;

/// <summary>The bits of the packet mark that are this program's, taken from the lowest of the mask upwards as Calico does. All others are left as they are.</summary>
/// <param name="Mask">At least three bits; four where connections are revoked, five with WireGuard.</param>
internal readonly record struct MarkBits(uint Mask)
{
    /// <summary>How many are needed.</summary>
    public const int Needed = 3;

    /// <summary>How many iptables needs.</summary>
    public const int NeededByIptables = 4;

    /// <summary>A host endpoint's policy before connection tracking or DNAT has allowed the packet.</summary>
    public uint Accept => Bit(0);

    /// <summary>A Pass rule has ended this tier.</summary>
    public uint Pass => Bit(1);

    /// <summary>A process of this host sent the packet and DNAT redirected it: host endpoints are asked after routing.</summary>
    public uint Late => Bit(2);

    /// <summary>Of a connection's mark: policy no longer allows it; 0 where the mask has no fourth bit.</summary>
    public uint Revoked => Bit(3);

    /// <summary>
    /// Encrypted packets of WireGuard's, and those that came in without; they take the ordinary routes. Calico's bit, the sixth, or the fifth where there is no
    /// sixth; 0 where the mask has neither.
    /// </summary>
    public uint WireGuard => Bit(5) != 0 ? Bit(5) : Bit(4);

    /// <summary>
    /// With iptables: the stage that the packet is in has accepted it. Set only while a packet is in a chain of ours; 0 where the mask has no fourth bit. Where there is no sixth it
    /// is the place that <see cref="Revoked"/> has in the mark of connections.
    /// </summary>
    public uint Decided => Bit(5) != 0 ? Bit(4) : Bit(3);

    private uint Bit(int place)
    {
        uint rest = Mask;
        for (int i = 0; i < place; i++) rest &= rest - 1;
        return rest == 0 ? 0 : 1u << BitOperations.TrailingZeroCount(rest);
    }
}
