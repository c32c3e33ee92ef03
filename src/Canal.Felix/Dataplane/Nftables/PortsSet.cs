using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// The kernel set of a list of ports, one for all rules with that list: it is named by its content, so it never changes. For a set written inside a rule the
/// kernel looks at all sets of the table several times.
/// </summary>
internal sealed record PortsSet(NftSet Set, EquatableArray<PortRange> Members)
{
    /// <summary>Of ranges that are sorted and apart.</summary>
    public static PortsSet Of(PortRange[] cover)
    {
        bool interval = cover.Any(range => range.First != range.Last);
        return new PortsSet(new NftSet(KernelNames.PortsSet(cover), NftKeyType.Port, interval ? NftSetFlags.Interval : NftSetFlags.None), cover.ToEquatableArray());
    }
}
