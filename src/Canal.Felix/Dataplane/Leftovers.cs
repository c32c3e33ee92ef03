using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;
using Canal.Linux.Iptables;

namespace Canal.Felix.Dataplane;

/// <summary>
/// What an earlier run programmed with another packet filter. It goes once the one in use has everything in force: until then both are, and what passes one
/// passes the other, because both say the same.
/// </summary>
/// <param name="inUse">The filter in use.</param>
/// <param name="all">Finds all filters; asked once, when it is time.</param>
/// <param name="mayBeThere">An earlier run may have used iptables.</param>
/// <param name="legacyBefore">An earlier run has used iptables-legacy since the boot.</param>
/// <param name="seesLegacy">Whether what is in iptables-legacy can be seen.</param>
internal sealed class Leftovers(IPacketFilter inUse, Func<IReadOnlyList<IPacketFilter>> all, bool mayBeThere, bool legacyBefore = false, Func<bool>? seesLegacy = null)
{
    private bool isLegacyGone = !legacyBefore;

    /// <summary>Something of ours is, or may be, in iptables-legacy.</summary>
    public bool IsLegacyThere => !isLegacyGone || inUse is IptablesFilter { Flavour: IptablesFlavour.Legacy };

    /// <summary>All that could be seen is gone, and something may be left that this process cannot see.</summary>
    public bool IsUnseen { get; private set; }

    /// <summary>Something may still be there. Iptables is only asked when a run before has used it: its programs take their time.</summary>
    public bool MayBeThere { get; private set; } = inUse.Kind == DataplaneKind.Iptables || mayBeThere;

    /// <summary>Takes it away; returns the names of those that held something.</summary>
    /// <remarks>NftException, IptablesException: it could not; to be tried again.</remarks>
    public List<string> Remove()
    {
        List<string> removed = [];
        foreach (IPacketFilter other in all().Where(filter => filter.Name != inUse.Name))
        {
            if (!other.IsInForce()) continue;
            // Sets are of no flavour: those in use stay.
            if (other is IptablesFilter iptables && inUse.Kind == DataplaneKind.Iptables) iptables.RemoveRules();
            else other.Remove();
            removed.Add(other.Name);
        }
        MayBeThere = false;
        isLegacyGone = isLegacyGone || seesLegacy is null || seesLegacy();
        IsUnseen = !isLegacyGone;
        return removed;
    }
}
