using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;

namespace Canal.Felix.Dataplane;

/// <summary>
/// What an earlier run programmed with another packet filter. It goes once the one in use has everything in force: until then both are, and what passes one
/// passes the other, because both say the same.
/// </summary>
/// <param name="inUse">The filter in use.</param>
/// <param name="all">Finds all filters; asked once, when it is time.</param>
/// <param name="mayBeThere">An earlier run may have used iptables.</param>
internal sealed class Leftovers(IPacketFilter inUse, Func<IReadOnlyList<IPacketFilter>> all, bool mayBeThere)
{
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
        return removed;
    }
}
