using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads nodes. A field that cannot be read is left out: the rest of a node is still needed by every other node.</summary>
internal static class NodeReader
{
    public static Node ReadSpec(ref JsonScanner json, Node node)
    {
        if (!json.BeginObject()) return node;
        while (json.NextField())
        {
            if (json.Is("bgp"u8)) node = node with { Bgp = ReadBgp(ref json) };
            else if (json.Is("ipv4VXLANTunnelAddr"u8)) node = node with { Ipv4VxlanTunnelAddress = json.AddressOrDrop() };
            else if (json.Is("ipv6VXLANTunnelAddr"u8)) node = node with { Ipv6VxlanTunnelAddress = json.AddressOrDrop() };
            else if (json.Is("vxlanTunnelMACAddr"u8)) node = node with { Ipv4VxlanTunnelMac = ReadMac(ref json) };
            else if (json.Is("vxlanTunnelMACAddrV6"u8)) node = node with { Ipv6VxlanTunnelMac = ReadMac(ref json) };
            else if (json.Is("orchRefs"u8)) node = node with { OrchRefs = ReadOrchRefs(ref json) };
            else if (json.Is("wireguard"u8)) node = ReadWireGuard(ref json, node);
            else if (json.Is("addresses"u8)) node = node with { Addresses = ReadAddresses(ref json) };
            else if (json.Is("interfaces"u8)) node = node with { Interfaces = ReadInterfaces(ref json) };
            else json.SkipValue();
        }
        return node;
    }

    public static Node ReadStatus(ref JsonScanner json, Node node)
    {
        if (!json.BeginObject()) return node;
        while (json.NextField())
        {
            if (json.Is("wireguardPublicKey"u8)) node = node with { WireGuardPublicKey = json.Text() };
            else if (json.Is("wireguardPublicKeyV6"u8)) node = node with { WireGuardPublicKeyV6 = json.Text() };
            else if (json.Is("podCIDRs"u8)) node = node with { PodCidrs = json.Texts() };
            else json.SkipValue();
        }
        return node;
    }

    private static NodeBgp? ReadBgp(ref JsonScanner json)
    {
        NodeBgp bgp = new();
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("asNumber"u8)) bgp = bgp with { AsNumber = BgpReader.ReadAsNumber(ref json) };
            else if (json.Is("ipv4Address"u8)) bgp = bgp with { Ipv4Address = ReadAddress(ref json, IpFamily.V4) };
            else if (json.Is("ipv6Address"u8)) bgp = bgp with { Ipv6Address = ReadAddress(ref json, IpFamily.V6) };
            else if (json.Is("ipv4IPIPTunnelAddr"u8)) bgp = bgp with { Ipv4IpipTunnelAddress = json.AddressOrDrop() };
            else if (json.Is("routeReflectorClusterID"u8)) bgp = bgp with { RouteReflectorClusterId = json.Text() };
            else json.SkipValue();
        }
        return bgp;
    }

    private static InterfaceAddress? ReadAddress(ref JsonScanner json, IpFamily? family)
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        if (text.IsEmpty) return null;
        if (InterfaceAddress.TryParse(text, out InterfaceAddress address) && (family is null || family == address.Address.Family)) return address;
        json.Drop($"{Problem.Quote(text)} is not an {(family == IpFamily.V6 ? "IPv6" : family == IpFamily.V4 ? "IPv4" : "IP")} address; it is left out");
        return null;
    }

    private static MacAddress? ReadMac(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        if (MacAddress.TryParse(text, out MacAddress mac)) return mac;
        if (!text.IsEmpty) json.Drop($"{Problem.Quote(text)} is not a MAC address; it is left out");
        return null;
    }

    private static EquatableArray<OrchRef> ReadOrchRefs(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<OrchRef> refs = [];
        while (json.NextItem())
        {
            string name = "", orchestrator = "";
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("nodeName"u8)) name = json.Text();
                else if (json.Is("orchestrator"u8)) orchestrator = json.SharedText();
                else json.SkipValue();
            }
            refs.Add(new OrchRef(name, orchestrator));
        }
        return refs.ToEquatableArray();
    }

    private static Node ReadWireGuard(ref JsonScanner json, Node node)
    {
        if (!json.BeginObject()) return node;
        while (json.NextField())
        {
            if (json.Is("interfaceIPv4Address"u8)) node = node with { WireGuardIpv4Address = json.AddressOrDrop() };
            else if (json.Is("interfaceIPv6Address"u8)) node = node with { WireGuardIpv6Address = json.AddressOrDrop() };
            else json.SkipValue();
        }
        return node;
    }

    private static EquatableArray<NodeAddress> ReadAddresses(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<NodeAddress> addresses = [];
        while (json.NextItem())
        {
            InterfaceAddress? address = null;
            string type = "";
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("address"u8)) address = ReadAddress(ref json, null);
                else if (json.Is("type"u8)) type = json.SharedText();
                else json.SkipValue();
            }
            if (address is { } known) addresses.Add(new NodeAddress(known, type));
        }
        return addresses.ToEquatableArray();
    }

    private static EquatableArray<NodeInterface> ReadInterfaces(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<NodeInterface> interfaces = [];
        while (json.NextItem())
        {
            string name = "";
            List<InterfaceAddress> addresses = [];
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("name"u8)) name = json.SharedText();
                else if (!json.Is("addresses"u8)) json.SkipValue();
                else if (json.BeginArray())
                    while (json.NextItem())
                        if (ReadAddress(ref json, null) is { } address) addresses.Add(address);
            }
            interfaces.Add(new NodeInterface(name, addresses.ToEquatableArray()));
        }
        return interfaces.ToEquatableArray();
    }
}
