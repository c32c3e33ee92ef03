using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// A kernel set of prefixes, and its members, none covering another. That of a rule's own list is one for all rules with that list and is named by its content,
/// so it never changes: rules and the sets they look up could not be exchanged at one moment.
/// </summary>
internal sealed record NetsSet(NftSet Set, EquatableArray<Cidr> Members)
{
    /// <summary>Of the list of a rule, whose networks are of one family.</summary>
    public static NetsSet Of(IpFamily family, IEnumerable<Cidr> list)
    {
        Cidr[] cover = [.. PrefixCover.Of(list)];
        bool interval = cover.Any(net => !net.IsSingleAddress);
        return new NetsSet(new NftSet(KernelNames.NetsSet(family, cover), NftKeyType.Address(family), interval ? NftSetFlags.Interval : NftSetFlags.None), cover.ToEquatableArray());
    }
}
