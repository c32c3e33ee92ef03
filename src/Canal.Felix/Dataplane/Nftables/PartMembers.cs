using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>The members of a set that belong to one part of it, as the kernel's elements.</summary>
internal static class PartMembers
{
    public static void Add(NftTransaction transaction, SetPart part, IpSetDelta members)
    {
        NftSet set = KernelSets.Of(part);
        if (part.Set.Kind == IpSetKind.NamedPort) transaction.AddElements(set, Ports(members.AddedPorts, part.Family));
        else if (part.Prefixes) transaction.AddElements(set, Prefixes(members.AddedPrefixes, part.Family));
        else transaction.AddElements(set, Addresses(members.AddedAddresses, part.Family));
    }

    public static void Delete(NftTransaction transaction, SetPart part, IpSetDelta members)
    {
        NftSet set = KernelSets.Of(part);
        if (part.Set.Kind == IpSetKind.NamedPort) transaction.DeleteElements(set, Ports(members.RemovedPorts, part.Family));
        else if (part.Prefixes) transaction.DeleteElements(set, Prefixes(members.RemovedPrefixes, part.Family));
        else transaction.DeleteElements(set, Addresses(members.RemovedAddresses, part.Family));
    }

    /// <summary>What must come and go so that what was read becomes what is wanted.</summary>
    public static IpSetDelta Difference(SetPart part, IpSetDelta wanted, ReadMembers read)
    {
        IpSetDelta delta = new();
        HashSet<Cidr> prefixes = part.Prefixes ? [.. Prefixes(wanted.AddedPrefixes, part.Family)] : [.. Addresses(wanted.AddedAddresses, part.Family).ToArray().Select(a => new Cidr(a))];
        HashSet<PortMember> ports = [.. wanted.AddedPorts.Where(p => p.Address.Family == part.Family)];
        if (part.Set.Kind == IpSetKind.NamedPort) prefixes.Clear();
        delta.AddedPorts.AddRange(ports.Where(p => !read.Ports.Contains(p)));
        delta.RemovedPorts.AddRange(read.Ports.Where(p => !ports.Contains(p)));
        Split(prefixes.Where(p => !read.Prefixes.Contains(p)), part, delta.AddedAddresses, delta.AddedPrefixes);
        Split(read.Prefixes.Where(p => !prefixes.Contains(p)), part, delta.RemovedAddresses, delta.RemovedPrefixes);
        return delta;
    }

    private static void Split(IEnumerable<Cidr> members, SetPart part, List<IpAddress> addresses, List<Cidr> prefixes)
    {
        foreach (Cidr member in members)
        {
            if (part.Prefixes) prefixes.Add(member);
            else addresses.Add(member.Address);
        }
    }

    private static ReadOnlySpan<IpAddress> Addresses(List<IpAddress> all, IpFamily family) => all.Where(a => a.Family == family).ToArray();

    private static ReadOnlySpan<Cidr> Prefixes(List<Cidr> all, IpFamily family) => all.Where(p => p.Family == family).ToArray();

    private static ReadOnlySpan<NftConcatenation> Ports(List<PortMember> all, IpFamily family) =>
        all.Where(p => p.Address.Family == family).Select(p => new NftConcatenation(p.Address, p.Protocol, p.Port)).ToArray();
}
