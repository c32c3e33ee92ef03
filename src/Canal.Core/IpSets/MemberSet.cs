using Canal.Core.Addressing;

namespace Canal.Core.IpSets;

/// <summary>
/// The members of one set with their counts: single addresses, true prefixes, or (address, protocol, port). There are thousands of sets and nearly
/// every one has members of a single sort, so what a set does not need is not made.
/// </summary>
internal sealed class MemberSet
{
    private MemberCounter<uint>? v4;
    private MemberCounter<IpAddress>? v6;
    private MemberCounter<Cidr>? prefixes;
    private MemberCounter<PortMember>? ports;
    private HashSet<Cidr>? cover;
    private int v4Prefixes;
    private int v6Prefixes;

    /// <summary>Whether a true prefix of this family is a member.</summary>
    public bool HasPrefixes(IpFamily family) => family == IpFamily.V4 ? v4Prefixes > 0 : v6Prefixes > 0;

    public void Add(Cidr member)
    {
        if (!member.IsSingleAddress) CountPrefix(member, Made(ref prefixes).Add(member) ? 1 : 0);
        else if (member.Family == IpFamily.V4) Made(ref v4).Add(member.Address.V4);
        else Made(ref v6).Add(member.Address);
    }

    public void Remove(Cidr member)
    {
        if (!member.IsSingleAddress) CountPrefix(member, Made(ref prefixes).Remove(member) ? -1 : 0);
        else if (member.Family == IpFamily.V4) Made(ref v4).Remove(member.Address.V4);
        else Made(ref v6).Remove(member.Address);
    }

    public void Add(PortMember member) => Made(ref ports).Add(member);

    public void Remove(PortMember member) => Made(ref ports).Remove(member);

    /// <summary>The address itself is a member.</summary>
    public bool Contains(IpAddress address) => address.Family == IpFamily.V4 ? v4?.Contains(address.V4) == true : v6?.Contains(address) == true;

    public bool Contains(PortMember member) => ports?.Contains(member) == true;

    /// <summary>A prefix that is a member contains the address.</summary>
    public bool ContainsInPrefix(IpAddress address)
    {
        if (prefixes is null || !HasPrefixes(address.Family)) return false;
        for (int length = 0; length < address.Family.Bits; length++)
            if (prefixes.Contains(new Cidr(address, length))) return true;
        return false;
    }

    /// <summary>What changed since the last call; all members the first time.</summary>
    public IpSetDelta TakeChanges()
    {
        IpSetDelta delta = new();
        if (v4 is { HasChanges: true }) TakeV4Changes(v4, delta);
        if (v6 is { HasChanges: true }) v6.TakeChanges(delta.AddedAddresses, delta.RemovedAddresses);
        if (ports is { HasChanges: true }) ports.TakeChanges(delta.AddedPorts, delta.RemovedPorts);
        if (prefixes is { HasChanges: true }) TakePrefixChanges(prefixes, delta);
        return delta;
    }

    /// <summary>Everything that is a member now, as additions.</summary>
    public IpSetDelta Everything()
    {
        IpSetDelta all = new();
        if (v4 is not null)
            foreach (uint address in v4.Members) all.AddedAddresses.Add(IpAddress.FromV4(address));
        if (v6 is not null) all.AddedAddresses.AddRange(v6.Members);
        if (ports is not null) all.AddedPorts.AddRange(ports.Members);
        if (prefixes is not null) all.AddedPrefixes.AddRange(PrefixCover.Of(prefixes.Members));
        return all;
    }

    private static void TakeV4Changes(MemberCounter<uint> v4, IpSetDelta delta)
    {
        List<uint> added = [], removed = [];
        v4.TakeChanges(added, removed);
        delta.AddedAddresses.EnsureCapacity(added.Count);
        foreach (uint address in added) delta.AddedAddresses.Add(IpAddress.FromV4(address));
        foreach (uint address in removed) delta.RemovedAddresses.Add(IpAddress.FromV4(address));
    }

    private void TakePrefixChanges(MemberCounter<Cidr> prefixes, IpSetDelta delta)
    {
        prefixes.TakeChanges([], []);
        HashSet<Cidr> now = [.. PrefixCover.Of(prefixes.Members)];
        foreach (Cidr prefix in now)
            if (cover is null || !cover.Contains(prefix)) delta.AddedPrefixes.Add(prefix);
        foreach (Cidr prefix in cover ?? [])
            if (!now.Contains(prefix)) delta.RemovedPrefixes.Add(prefix);
        cover = now;
    }

    private void CountPrefix(Cidr prefix, int difference)
    {
        if (prefix.Family == IpFamily.V4) v4Prefixes += difference;
        else v6Prefixes += difference;
    }

    private static MemberCounter<T> Made<T>(ref MemberCounter<T>? counter) where T : struct, IEquatable<T> => counter ??= new MemberCounter<T>();
}
