using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Testing;

public static partial class ResourceBuilder
{
    public static IpPool Pool(string cidr, EncapsulationMode vxlan = EncapsulationMode.Never, EncapsulationMode ipip = EncapsulationMode.Never, bool nat = false, string? name = null)
    {
        Cidr range = Cidr.Parse(cidr);
        ResourceKey key = new(ResourceKind.IPPool, null, name ?? $"pool-{cidr.Replace('/', '-').Replace(':', '-').Replace('.', '-')}");
        return new IpPool { Key = key, Metadata = MetadataOf(key), Cidr = range, BlockSize = IpPool.DefaultBlockSize(range.Family), VxlanMode = vxlan, IpipMode = ipip, NatOutgoing = nat };
    }

    /// <summary>A node; <paramref name="hosts"/> is <c>192.0.2.1/24,2001:db8::1/64</c>, the tunnels' addresses likewise without lengths.</summary>
    public static Node NodeAt(string name, string hosts, string vxlan = "", string ipip = "", string? mac = null)
    {
        ResourceKey key = new(ResourceKind.Node, null, name);
        InterfaceAddress[] addresses = [.. Split(hosts).Select(h => InterfaceAddress.TryParse(h, out InterfaceAddress a) ? a : throw new FormatException(h))];
        IpAddress[] tunnels = [.. Split(vxlan).Select(t => IpAddress.Parse(t))];
        return new Node
        {
            Key = key,
            Metadata = MetadataOf(key),
            Bgp = new NodeBgp
            {
                Ipv4Address = Of(addresses, IpFamily.V4),
                Ipv6Address = Of(addresses, IpFamily.V6),
                Ipv4IpipTunnelAddress = ipip.Length == 0 ? null : IpAddress.Parse(ipip),
            },
            Ipv4VxlanTunnelAddress = Of(tunnels, IpFamily.V4),
            Ipv6VxlanTunnelAddress = Of(tunnels, IpFamily.V6),
            Ipv4VxlanTunnelMac = mac is not null && MacAddress.TryParse(mac, out MacAddress parsed) ? parsed : null,
        };
    }

    /// <summary>A peering with local workloads.</summary>
    public static BgpPeer WorkloadPeering(string name, string workloads, string node = "", string nodeSelector = "")
    {
        ResourceKey key = new(ResourceKind.BGPPeer, null, name);
        return new BgpPeer { Key = key, Metadata = MetadataOf(key), LocalWorkloadSelector = workloads, Node = node, NodeSelector = nodeSelector, AsNumber = 65401 };
    }

    /// <summary>A block of addresses, some of them assigned to nodes.</summary>
    /// <summary>The node, with an address and a key for each family that has one.</summary>
    public static Node WithWireGuard(this Node node, string key, string address = "", string keyV6 = "", string addressV6 = "") => node with
    {
        WireGuardPublicKey = key,
        WireGuardPublicKeyV6 = keyV6,
        WireGuardIpv4Address = address.Length > 0 ? IpAddress.Parse(address) : null,
        WireGuardIpv6Address = addressV6.Length > 0 ? IpAddress.Parse(addressV6) : null,
    };

    public static IpamBlock Block(string cidr, string? owner, params (int Ordinal, string Node)[] assigned)
    {
        Cidr range = Cidr.Parse(cidr);
        int?[] allocations = new int?[1 << (range.Family.Bits - range.Length)];
        for (int i = 0; i < assigned.Length; i++) allocations[assigned[i].Ordinal] = i;
        return new IpamBlock
        {
            Cidr = range,
            Affinity = owner is null ? null : BlockOwner.Host(owner),
            Allocations = allocations.ToEquatableArray(),
            Attributes = assigned.Select(a => new IpamAttribute { Secondary = LabelMap.Create(new KeyValuePair<string, string>("node", a.Node)) }).ToEquatableArray(),
        };
    }

    private static InterfaceAddress? Of(InterfaceAddress[] all, IpFamily family) => all.Where(a => a.Address.Family == family).Select(a => (InterfaceAddress?)a).FirstOrDefault();

    private static IpAddress? Of(IpAddress[] all, IpFamily family) => all.Where(a => a.Family == family).Select(a => (IpAddress?)a).FirstOrDefault();
}
