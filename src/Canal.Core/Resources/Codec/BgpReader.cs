using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads BGP configurations and peers.</summary>
internal static class BgpReader
{
    public static BgpConfiguration ReadConfiguration(ref JsonScanner json, BgpConfiguration bgp)
    {
        if (!json.BeginObject()) return bgp;
        while (json.NextField())
        {
            if (json.Is("logSeverityScreen"u8)) bgp = bgp with { LogSeverityScreen = json.Text() };
            else if (json.Is("nodeToNodeMeshEnabled"u8)) bgp = bgp with { NodeToNodeMeshEnabled = json.OptionalFlag() };
            else if (json.Is("asNumber"u8)) bgp = bgp with { AsNumber = ReadAsNumber(ref json) };
            else if (json.Is("listenPort"u8)) bgp = bgp with { ListenPort = (ushort?)json.Integer(0, ushort.MaxValue) };
            else if (json.Is("serviceLoadBalancerIPs"u8)) bgp = bgp with { ServiceLoadBalancerIps = ReadBlocks(ref json) };
            else if (json.Is("serviceExternalIPs"u8)) bgp = bgp with { ServiceExternalIps = ReadBlocks(ref json) };
            else if (json.Is("serviceClusterIPs"u8)) bgp = bgp with { ServiceClusterIps = ReadBlocks(ref json) };
            else if (json.Is("serviceLoadBalancerAggregation"u8)) bgp = bgp with { ServiceLoadBalancerAggregation = json.Text() };
            else if (json.Is("communities"u8)) bgp = bgp with { Communities = ReadCommunities(ref json) };
            else if (json.Is("prefixAdvertisements"u8)) bgp = bgp with { PrefixAdvertisements = ReadAdvertisements(ref json) };
            else if (json.Is("nodeMeshPassword"u8)) bgp = bgp with { NodeMeshPassword = ReadPassword(ref json) };
            else if (json.Is("nodeMeshMaxRestartTime"u8)) bgp = bgp with { NodeMeshMaxRestartTime = json.Text() };
            else if (json.Is("bindMode"u8)) bgp = bgp with { BindMode = json.Text() };
            else if (json.Is("ignoredInterfaces"u8)) bgp = bgp with { IgnoredInterfaces = json.Texts() };
            else if (json.Is("localWorkloadPeeringIPV4"u8)) bgp = bgp with { LocalWorkloadPeeringIpV4 = json.AddressOrDrop() };
            else if (json.Is("localWorkloadPeeringIPV6"u8)) bgp = bgp with { LocalWorkloadPeeringIpV6 = json.AddressOrDrop() };
            else if (json.Is("programClusterRoutes"u8)) bgp = bgp with { ProgramClusterRoutes = json.Text() };
            else if (json.Is("ipv4NormalRoutePriority"u8)) bgp = bgp with { Ipv4NormalRoutePriority = (int?)json.Integer(0, int.MaxValue) };
            else if (json.Is("ipv6NormalRoutePriority"u8)) bgp = bgp with { Ipv6NormalRoutePriority = (int?)json.Integer(0, int.MaxValue) };
            else json.SkipValue();
        }
        return bgp;
    }

    public static BgpPeer ReadPeer(ref JsonScanner json, BgpPeer peer)
    {
        if (!json.BeginObject()) return peer;
        while (json.NextField())
        {
            if (json.Is("node"u8)) peer = peer with { Node = json.Text() };
            else if (json.Is("nodeSelector"u8)) peer = peer with { NodeSelector = json.Text() };
            else if (json.Is("peerIP"u8)) peer = peer with { PeerIp = json.Text() };
            else if (json.Is("peerSelector"u8)) peer = peer with { PeerSelector = json.Text() };
            else if (json.Is("localWorkloadSelector"u8)) peer = peer with { LocalWorkloadSelector = json.Text() };
            else if (json.Is("asNumber"u8)) peer = peer with { AsNumber = ReadAsNumber(ref json) };
            else if (json.Is("localASNumber"u8)) peer = peer with { LocalAsNumber = ReadAsNumber(ref json) };
            else if (json.Is("keepOriginalNextHop"u8)) peer = peer with { KeepOriginalNextHop = json.Flag() };
            else if (json.Is("nextHopMode"u8)) peer = peer with { NextHopMode = json.Text() };
            else if (json.Is("password"u8)) peer = peer with { Password = ReadPassword(ref json) };
            else if (json.Is("sourceAddress"u8)) peer = peer with { SourceAddress = json.Text() };
            else if (json.Is("maxRestartTime"u8)) peer = peer with { MaxRestartTime = json.Text() };
            else if (json.Is("keepaliveTime"u8)) peer = peer with { KeepaliveTime = json.Text() };
            else if (json.Is("numAllowedLocalASNumbers"u8)) peer = peer with { NumAllowedLocalAsNumbers = (int?)json.Integer(0, int.MaxValue) };
            else if (json.Is("ttlSecurity"u8)) peer = peer with { TtlSecurity = (byte?)json.Integer(0, byte.MaxValue) };
            else if (json.Is("reachableBy"u8)) peer = peer with { ReachableBy = json.AddressOrDrop() };
            else if (json.Is("filters"u8)) peer = peer with { Filters = json.Texts() };
            else if (json.Is("reversePeering"u8)) peer = peer with { ReversePeering = json.Text() };
            else json.SkipValue();
        }
        return peer;
    }

    public static uint? ReadAsNumber(ref JsonScanner json)
    {
        if (json.IsNull) return null;
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.NumberOrCharacters(buffer)];
        if (AsNumber.TryParse(text, out uint number)) return number;
        json.Fail($"{Problem.Quote(text)} is not an AS number");
        return null;
    }

    public static SecretKeyRef? ReadPassword(ref JsonScanner json)
    {
        SecretKeyRef? password = null;
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("secretKeyRef"u8)) password = ReadSecret(ref json);
            else json.SkipValue();
        }
        return password;
    }

    private static SecretKeyRef? ReadSecret(ref JsonScanner json)
    {
        string name = "", key = "";
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("name"u8)) name = json.Text();
            else if (json.Is("key"u8)) key = json.Text();
            else json.SkipValue();
        }
        return new SecretKeyRef(name, key);
    }

    private static EquatableArray<Cidr> ReadBlocks(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<Cidr> blocks = [];
        while (json.NextItem())
        {
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (!json.Is("cidr"u8)) json.SkipValue();
                else if (json.CidrOrDrop() is { } cidr) blocks.Add(cidr);
            }
        }
        return blocks.ToEquatableArray();
    }

    private static EquatableArray<BgpCommunity> ReadCommunities(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<BgpCommunity> communities = [];
        while (json.NextItem())
        {
            string name = "", value = "";
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("name"u8)) name = json.Text();
                else if (json.Is("value"u8)) value = json.Text();
                else json.SkipValue();
            }
            communities.Add(new BgpCommunity(name, value));
        }
        return communities.ToEquatableArray();
    }

    private static EquatableArray<PrefixAdvertisement> ReadAdvertisements(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<PrefixAdvertisement> advertisements = [];
        while (json.NextItem())
        {
            Cidr? cidr = null;
            EquatableArray<string> communities = default;
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("cidr"u8)) cidr = json.CidrOrDrop();
                else if (json.Is("communities"u8)) communities = json.Texts();
                else json.SkipValue();
            }
            if (cidr is { } known) advertisements.Add(new PrefixAdvertisement(known, communities));
        }
        return advertisements.ToEquatableArray();
    }
}
