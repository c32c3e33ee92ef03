using System.Text;
using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Routing;

namespace Canal.Testing;

public sealed partial class FakeRouteStack
{
    private const int ERANGE = 34;

    private static readonly string[] Kinds = ["dummy", "bridge", "veth", "vxlan", "wireguard", "ipip", "ifb"];

    private readonly SortedDictionary<int, Link> links = new()
    {
        [1] = new Link { Index = 1, Name = "lo", Flags = LinkFlags.Loopback, Mtu = 65536, Mac = new MacAddress(0) },
    };

    private int lastIndex = 1;

    private bool IsUp(int link) => links.TryGetValue(link, out Link? found) && found.IsAdminUp;

    private int AddLink(Link wanted)
    {
        if (CheckName(wanted.Name) is var errno and not 0) return errno;
        if (Named(wanted.Name) is not null) return Errno.EEXIST;
        if (!Kinds.Contains(wanted.Kind)) return Errno.ENOTSUP;
        int peer = 0;
        if (wanted.Detail is VethDetail veth)
        {
            if (Named(veth.PeerName) is not null || veth.PeerName == wanted.Name) return Errno.EEXIST;
            peer = Register(new Link { Name = veth.PeerName, Kind = "veth" });
        }
        int index = Register(wanted with { Parent = peer == 0 ? wanted.Parent : peer, Detail = wanted.Detail is VethDetail ? null : wanted.Detail, Flags = LinkFlags.None });
        if (peer != 0) links[peer] = links[peer] with { Parent = index };
        if (wanted.IsAdminUp) SetUp(index, up: true);
        return 0;
    }

    private static int CheckName(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) > 15) return ERANGE;
        bool bad = name is "" or "." or ".." || name.Any(c => c is '/' or ':' || char.IsWhiteSpace(c));
        return bad ? Errno.EINVAL : 0;
    }

    private Link? Named(string name) => links.Values.FirstOrDefault(link => link.Name == name);

    private int Register(Link link)
    {
        int index = ++lastIndex;
        MacAddress mac = link.Mac ?? new MacAddress(0x020000000000UL + (uint)index);
        links[index] = link with { Index = index, Mac = mac, Mtu = link.Mtu != 0 ? link.Mtu : 1500 };
        Tell(KernelEventKind.Changed, links[index]);
        return index;
    }

    private int DeleteLink(Link wanted)
    {
        Link? link = wanted.Index != 0 ? links.GetValueOrDefault(wanted.Index) : Named(wanted.Name);
        if (link is null) return Errno.ENODEV;
        if (link.Kind is null) return Errno.ENOTSUP;
        Unregister(link);
        if (link.Kind == "veth" && links.TryGetValue(link.Parent, out Link? peer)) Unregister(peer);
        return 0;
    }

    private void Unregister(Link link)
    {
        if (link.IsAdminUp) SetUp(link.Index, up: false);
        DropV6Addresses(link.Index);
        foreach (InterfaceAddress address in addresses.Where(address => address.Interface == link.Index).ToArray()) DropAddress(address);
        DropRoutesOf(link.Index);
        DropTraffic(link.Index);
        Remove(fdb, entry => entry.Interface == link.Index);
        Remove(neighbours, neighbour => neighbour.Interface == link.Index);
        foreach (Link port in links.Values.Where(port => port.Master == link.Index).ToArray()) links[port.Index] = port with { Master = 0 };
        Link last = links[link.Index];
        links.Remove(link.Index);
        Tell(KernelEventKind.Removed, last);
    }

    private int SetLink(LinkSettings settings)
    {
        if (!links.TryGetValue(settings.Index, out Link? link)) return Errno.ENODEV;
        if (settings.Namespace is not null) throw new NotSupportedException("the fake has one namespace");
        if (settings.Mtu is < 68) return Errno.EINVAL;
        if (settings.Master is > 0 and var master && links.GetValueOrDefault(master) is not { Kind: "bridge" }) return links.ContainsKey(master) ? Errno.ENOTSUP : Errno.EINVAL;
        if (settings.Name is { } name && name != link.Name && Named(name) is not null) return Errno.EEXIST;
        links[link.Index] = link with { Mtu = settings.Mtu ?? link.Mtu, Mac = settings.Mac ?? link.Mac, Master = settings.Master ?? link.Master, Name = settings.Name ?? link.Name };
        if (settings.Up is { } up && up != link.IsAdminUp)
            SetUp(link.Index, up);
        else if (links[link.Index] != link)
            Tell(KernelEventKind.Changed, links[link.Index]);
        return 0;
    }

    private void SetUp(int index, bool up)
    {
        Link link = links[index];
        links[index] = link with { Flags = up ? link.Flags | LinkFlags.Up : link.Flags & ~LinkFlags.Up };
        Carry(index);
        Tell(KernelEventKind.Changed, links[index]);
        if (link.Kind == "veth" && links.TryGetValue(link.Parent, out Link? peer) && peer.IsAdminUp)
        {
            Carry(peer.Index);
            Tell(KernelEventKind.Changed, links[peer.Index]);
        }
        if (up) ComeUp(index);
        else GoDown(index);
    }

    /// <summary>A veth runs while both ends are up, a bridge while a port runs, anything else while it is up.</summary>
    private void Carry(int index)
    {
        Link link = links[index];
        bool carrier = link.IsAdminUp && link.Kind switch
        {
            "veth" => IsUp(link.Parent),
            "bridge" => links.Values.Any(port => port.Master == index && port.IsRunning),
            _ => true,
        };
        LinkFlags running = LinkFlags.Running | LinkFlags.LowerUp;
        links[index] = link with { Flags = carrier ? link.Flags | running : link.Flags & ~running };
    }

    private void ComeUp(int index)
    {
        if (index == 1) AddLoopbackAddresses();
        foreach (InterfaceAddress address in addresses.Where(address => address.Interface == index).ToArray()) AddPrefixRoute(address);
    }

    /// <summary>IPv4 keeps its addresses, IPv6 does not (keep_addr_on_down = 0); routes and neighbours of both go, permanent ones too.</summary>
    private void GoDown(int index)
    {
        DropRoutesOf(index);
        Remove(neighbours, neighbour => neighbour.Interface == index);
        DropV6Addresses(index);
    }

    /// <summary>addrconf_ifdown: unlike a deletion by request it leaves the addresses in the routes of other links that have them as source.</summary>
    private void DropV6Addresses(int link) => Remove(addresses, address => address.Interface == link && address.Address.Family == IpFamily.V6);

    private void Remove<T>(List<T> list, Predicate<T> which) where T : KernelObject
    {
        foreach (T gone in list.FindAll(which))
        {
            list.Remove(gone);
            Tell(KernelEventKind.Removed, gone);
        }
    }
}
