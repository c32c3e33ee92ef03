using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// What an endpoint or network set contributes to the sets whose selector matches it. Nearly every one has a single IPv4 address, which is kept
/// without an array: there are as many of these as endpoints in the cluster.
/// </summary>
internal readonly struct Contribution : IEquatable<Contribution>
{
    private readonly uint single;
    private readonly Cidr[]? addresses;
    private readonly EndpointPort[]? ports;

    private Contribution(uint single, Cidr[]? addresses, EndpointPort[]? ports)
    {
        this.single = single;
        this.addresses = addresses;
        this.ports = ports;
    }

    internal static Contribution Of(ReadOnlySpan<Cidr> addresses, ReadOnlySpan<EndpointPort> ports)
    {
        EndpointPort[]? owned = ports.IsEmpty ? null : ports.ToArray();
        return addresses.Length == 1 && addresses[0] is { IsSingleAddress: true, Family: IpFamily.V4 } only
            ? new Contribution(only.Address.V4, null, owned)
            : new Contribution(0, addresses.ToArray(), owned);
    }

    internal EquatableArray<Cidr> Addresses => addresses is null ? [new Cidr(IpAddress.FromV4(single))] : EquatableArray.Create<Cidr>(addresses);

    /// <summary>How many of the addresses are IPv6.</summary>
    internal int V6Count => addresses?.Count(a => a.Family == IpFamily.V6) ?? 0;

    internal void AddTo(MemberSet members, IpSetSpec set)
    {
        if (set.Kind == IpSetKind.NamedPort) AddPorts(members, set, add: true);
        else if (addresses is null) members.Add(new Cidr(IpAddress.FromV4(single)));
        else foreach (Cidr address in addresses) members.Add(address);
    }

    internal void RemoveFrom(MemberSet members, IpSetSpec set)
    {
        if (set.Kind == IpSetKind.NamedPort) AddPorts(members, set, add: false);
        else if (addresses is null) members.Remove(new Cidr(IpAddress.FromV4(single)));
        else foreach (Cidr address in addresses) members.Remove(address);
    }

    private void AddPorts(MemberSet members, IpSetSpec set, bool add)
    {
        foreach (EndpointPort port in ports ?? [])
        {
            if (port.Name != set.PortName || port.Protocol.Number is not byte protocol) continue;
            if (set.Protocol is byte wanted ? wanted != protocol : !port.Protocol.SupportsPorts) continue;
            foreach (Cidr address in addresses ?? [new Cidr(IpAddress.FromV4(single))])
            {
                if (!address.IsSingleAddress) continue;
                PortMember member = new(address.Address, protocol, port.Number);
                if (add) members.Add(member);
                else members.Remove(member);
            }
        }
    }

    public bool Equals(Contribution other) =>
        single == other.single && (addresses is null) == (other.addresses is null)
        && (addresses ?? []).AsSpan().SequenceEqual(other.addresses ?? []) && (ports ?? []).AsSpan().SequenceEqual(other.ports ?? []);

    public override bool Equals(object? obj) => obj is Contribution other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(single, addresses?.Length, ports?.Length);
}
