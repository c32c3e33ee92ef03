using Canal.Core.Addressing;

namespace Canal.Core.IpSets;

/// <summary>The members of one set with their counts: single addresses, true prefixes, or (address, protocol, port).</summary>
internal sealed class MemberSet
{
    private readonly MemberCounter<uint> v4 = new();
    private readonly MemberCounter<IpAddress> v6 = new();
    private readonly MemberCounter<Cidr> prefixes = new();
    private readonly MemberCounter<PortMember> ports = new();
    private HashSet<Cidr> cover = [];

    public bool HasChanges => v4.HasChanges || v6.HasChanges || prefixes.HasChanges || ports.HasChanges;

    /// <summary>Whether a true prefix of this family is a member.</summary>
    public bool HasPrefixes(IpFamily family) => prefixes.Count > 0 && prefixes.Members.Any(p => p.Family == family);

    public void Add(Cidr member)
    {
        if (!member.IsSingleAddress) prefixes.Add(member);
        else if (member.Family == IpFamily.V4) v4.Add(member.Address.V4);
        else v6.Add(member.Address);
    }

    public void Remove(Cidr member)
    {
        if (!member.IsSingleAddress) prefixes.Remove(member);
        else if (member.Family == IpFamily.V4) v4.Remove(member.Address.V4);
        else v6.Remove(member.Address);
    }

    public void Add(PortMember member) => ports.Add(member);

    public void Remove(PortMember member) => ports.Remove(member);

    /// <summary>What changed since the last call.</summary>
    public IpSetDelta TakeChanges()
    {
        IpSetDelta delta = new();
        List<uint> added = [], removed = [];
        v4.TakeChanges(added, removed);
        foreach (uint address in added) delta.AddedAddresses.Add(IpAddress.FromV4(address));
        foreach (uint address in removed) delta.RemovedAddresses.Add(IpAddress.FromV4(address));
        v6.TakeChanges(delta.AddedAddresses, delta.RemovedAddresses);
        ports.TakeChanges(delta.AddedPorts, delta.RemovedPorts);
        if (prefixes.HasChanges) TakePrefixChanges(delta);
        return delta;
    }

    /// <summary>Everything that is a member now, as additions.</summary>
    public IpSetDelta Everything()
    {
        IpSetDelta all = new();
        foreach (uint address in v4.Members) all.AddedAddresses.Add(IpAddress.FromV4(address));
        all.AddedAddresses.AddRange(v6.Members);
        all.AddedPorts.AddRange(ports.Members);
        all.AddedPrefixes.AddRange(PrefixCover.Of(prefixes.Members));
        return all;
    }

    private void TakePrefixChanges(IpSetDelta delta)
    {
        prefixes.TakeChanges([], []);
        HashSet<Cidr> now = [.. PrefixCover.Of(prefixes.Members)];
        foreach (Cidr prefix in now)
            if (!cover.Contains(prefix)) delta.AddedPrefixes.Add(prefix);
        foreach (Cidr prefix in cover)
            if (!now.Contains(prefix)) delta.RemovedPrefixes.Add(prefix);
        cover = now;
    }
}
