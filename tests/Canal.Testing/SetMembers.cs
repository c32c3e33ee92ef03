using Canal.Core.Addressing;
using Canal.Core.IpSets;

namespace Canal.Testing;

/// <summary>The members of one set.</summary>
public sealed class SetMembers
{
    public HashSet<IpAddress> Addresses { get; } = [];

    public HashSet<Cidr> Prefixes { get; } = [];

    public HashSet<PortMember> Ports { get; } = [];

    /// <summary>What a calculator tells of all members of a set.</summary>
    public static SetMembers Of(IpSetDelta all)
    {
        SetMembers members = new();
        members.Addresses.UnionWith(all.AddedAddresses);
        members.Prefixes.UnionWith(all.AddedPrefixes);
        members.Ports.UnionWith(all.AddedPorts);
        return members;
    }

    /// <summary>The address is a member, by itself or within a prefix.</summary>
    public bool Contains(IpAddress address) => Addresses.Contains(address) || Prefixes.Any(p => p.Contains(address));

    /// <summary>In order, for people and for comparison.</summary>
    public override string ToString() => string.Join(' ',
        Addresses.Order().Select(a => a.ToString())
            .Concat(Prefixes.Order().Select(p => p.ToString()))
            .Concat(Ports.OrderBy(p => p.Address).ThenBy(p => p.Protocol).ThenBy(p => p.Port).Select(p => $"{p.Address},{p.Protocol}:{p.Port}")));
}
