using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>Sets and their members in ipset's words. Pure.</summary>
internal static class IpsetText
{
    public const string Addresses = "hash:ip", Networks = "hash:net", AddressPorts = "hash:ip,port", PortBitmap = "bitmap:port";

    /// <summary>ipset's type for a set of the nftables table.</summary>
    public static string TypeOf(NftSet set) => set.Key == NftKeyType.Port ? PortBitmap
        : set.Key == NftKeyType.Ipv4ProtocolPort || set.Key == NftKeyType.Ipv6ProtocolPort ? AddressPorts
        : set.IsInterval ? Networks : Addresses;

    /// <summary>The line that makes a set, under a name, with room for so many members.</summary>
    public static string Create(NftSet set, string name, long most)
    {
        string type = TypeOf(set);
        if (type == PortBitmap) return $"create {name} {type} range 0-65535";
        bool v6 = set.Key == NftKeyType.Ipv6 || set.Key == NftKeyType.Ipv6ProtocolPort;
        return string.Create(CultureInfo.InvariantCulture, $"create {name} {type} family {(v6 ? "inet6" : "inet")} maxelem {most}");
    }

    /// <summary>No set of prefixes takes the prefix of everything: the two halves do as well.</summary>
    public static IEnumerable<Cidr> Halved(IEnumerable<Cidr> prefixes)
    {
        foreach (Cidr prefix in prefixes)
        {
            if (prefix.Length > 0)
            {
                yield return prefix;
                continue;
            }
            yield return new Cidr(prefix.Address, 1);
            yield return new Cidr(prefix.Last, 1);
        }
    }

    /// <summary>
    /// ipset's sets of single addresses do not take the one that is all zeros (IPSET_ERR_HASH_ELEM), which blocklists have: no packet that is routed has it, so
    /// a set without it says the same.
    /// </summary>
    private static bool Takes(IpAddress address) => address is not { High: 0, Low: 0 };

    /// <summary>The members of a set of networks, as ipset takes them.</summary>
    public static IEnumerable<Cidr> NetworksOf(NftSet set, IEnumerable<Cidr> members) => TypeOf(set) == Addresses ? members.Where(member => Takes(member.Address)) : Halved(members);

    /// <summary>The members of a part that come.</summary>
    public static IEnumerable<string> Added(SetPart part, IpSetDelta delta) => Members(part, delta.AddedAddresses, delta.AddedPrefixes, delta.AddedPorts);

    /// <summary>The members of a part that go.</summary>
    public static IEnumerable<string> Removed(SetPart part, IpSetDelta delta) => Members(part, delta.RemovedAddresses, delta.RemovedPrefixes, delta.RemovedPorts);

    /// <summary><c>10.0.0.1,tcp:80</c></summary>
    public static string Port(PortMember member) => string.Create(CultureInfo.InvariantCulture, $"{member.Address},{ProtocolName(member.Protocol)}:{member.Port}");

    public static bool TryParsePort(ReadOnlySpan<char> text, out PortMember member)
    {
        member = default;
        int comma = text.IndexOf(','), colon = text.LastIndexOf(':');
        if (comma < 0 || colon < comma || !IpAddress.TryParse(text[..comma], out IpAddress address) || !ushort.TryParse(text[(colon + 1)..], out ushort port)) return false;
        byte? protocol = ProtocolNumber(text[(comma + 1)..colon]);
        member = new PortMember(address, protocol ?? 0, port);
        return protocol is not null;
    }

    private static IEnumerable<string> Members(SetPart part, List<IpAddress> addresses, List<Cidr> prefixes, List<PortMember> ports) =>
        part.Set.Kind == IpSetKind.NamedPort ? ports.Where(p => p.Address.Family == part.Family && Takes(p.Address)).Select(Port)
        : part.Prefixes ? Halved(prefixes.Where(p => p.Family == part.Family)).Select(p => p.ToString())
        : addresses.Where(a => a.Family == part.Family && Takes(a)).Select(a => a.ToString());

    /// <summary>ipset knows ports of these.</summary>
    private static string ProtocolName(byte protocol) => protocol switch
    {
        IpProtocol.Tcp => "tcp",
        IpProtocol.Udp => "udp",
        IpProtocol.UdpLite => "udplite",
        IpProtocol.Sctp => "sctp",
        _ => protocol.ToString(CultureInfo.InvariantCulture),
    };

    private static byte? ProtocolNumber(ReadOnlySpan<char> name) => name switch
    {
        "tcp" => IpProtocol.Tcp,
        "udp" => IpProtocol.Udp,
        "udplite" => IpProtocol.UdpLite,
        "sctp" => IpProtocol.Sctp,
        _ => byte.TryParse(name, out byte number) ? number : null,
    };
}
