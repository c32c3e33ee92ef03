using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>
/// Assigns addresses, whichever are free: first from the owner's own blocks; then from a block nobody has, which becomes the owner's; then
/// from an empty one that another host has had for a minute; then, unless affinity is strict, from whatever block of the pools has room.
/// </summary>
/// <remarks>
/// Block, claim and handle are written in one transaction, so the intermediate states of Calico's protocol (a pending claim, a handle counted
/// before its block) never exist by our doing; those that Calico left are taken up: a pending claim is confirmed or, when the block is
/// another's, deleted. Who reads etcd sees nothing that Calico would not write.
/// </remarks>
public static class AddressAssignment
{
    /// <summary>What to read before the first plan: pools, reservations, settings, the node, its claims, the handle.</summary>
    public static IEnumerable<string> Prefixes(AddressRequest request)
    {
        yield return ResourceKinds.Of(ResourceKind.IPPool).Prefix;
        yield return ResourceKinds.Of(ResourceKind.IPReservation).Prefix;
        if (request.Ipv4 > 0) yield return IpamKey.Affinities(request.Owner, IpFamily.V4);
        if (request.Ipv6 > 0) yield return IpamKey.Affinities(request.Owner, IpFamily.V6);
    }

    /// <summary>Single keys to read with them, of which any may be absent.</summary>
    public static IEnumerable<IpamKey> Keys(AddressRequest request)
    {
        if (request.HandleId is { } handle) yield return IpamKey.Handle(handle);
        yield return IpamKey.Config;
    }

    /// <summary>The same for resources: the node, and the profile that has the namespace's labels.</summary>
    public static IEnumerable<ResourceKey> Resources(AddressRequest request)
    {
        if (request.Owner.Kind == BlockOwnerKind.Host) yield return new ResourceKey(ResourceKind.Node, null, request.Owner.Name);
        if (request.Namespace is { } name) yield return new ResourceKey(ResourceKind.Profile, null, $"kns.{name}");
    }

    /// <summary>Plans as much of the request as goes into one transaction. With fewer addresses than asked for and no shortage, write and plan the rest.</summary>
    public static IpamPlan<Assignment> Plan(AddressRequest request, IpamPicture picture)
    {
        if (picture.ConfigProblem is { } problem) return Refuse(request, problem);
        if (request.HandleId is { } handle && !picture.TryGet(handle, out Seen<IpamHandle> _)) return new IpamPlan<Assignment> { Needs = [IpamKey.Handle(handle)] };
        IpamDraft draft = new(picture);
        FamilyAssignment v4 = new(request, picture, draft, IpFamily.V4), v6 = new(request, picture, draft, IpFamily.V6);
        v4.Run();
        v6.Run();
        return draft.Plan(new Assignment { Ipv4 = v4.Taken(), Ipv6 = v6.Taken(), Ipv4Shortage = v4.Shortage, Ipv6Shortage = v6.Shortage });
    }

    /// <summary>Whether an assignment is in force: for the writer whose answer was lost.</summary>
    public static bool Holds(Assignment assignment, AddressRequest request, IpamPicture picture)
    {
        foreach (AssignedAddress address in assignment.Ipv4.Concat(assignment.Ipv6))
        {
            if (!picture.TryGet(address.Block, out Seen<IpamBlock> seen) || seen.Value is not { } block) return false;
            BlockDraft draft = new(block);
            int ordinal = (int)address.Block.OffsetOf(address.Address);
            if (draft.Find(ordinal) is not { } attribute || attribute.HandleId != request.HandleId || attribute.Secondary != request.Attributes) return false;
            if (draft.SequenceOf(ordinal) != address.Sequence) return false;
        }
        return true;
    }

    private static IpamPlan<Assignment> Refuse(AddressRequest request, string problem)
    {
        Shortage shortage = new(ShortageKind.Configuration, problem);
        return new IpamPlan<Assignment>
        {
            Outcome = new Assignment { Ipv4Shortage = request.Ipv4 > 0 ? shortage : null, Ipv6Shortage = request.Ipv6 > 0 ? shortage : null },
        };
    }
}
