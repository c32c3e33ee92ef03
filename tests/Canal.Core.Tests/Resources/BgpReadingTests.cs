using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class BgpReadingTests
{
    [Fact]
    public void A_configuration_with_everything_reads_as_written()
    {
        BgpConfiguration bgp = Reading.Good<BgpConfiguration>(ResourceKind.BGPConfiguration, """
            {"logSeverityScreen":"Info","nodeToNodeMeshEnabled":false,"asNumber":"64512","listenPort":178,"serviceLoadBalancerIPs":[{"cidr":"10.1.0.0/24"}],
             "serviceExternalIPs":[{"cidr":"10.2.0.1"}],"serviceClusterIPs":[{"cidr":"fd00::/112"}],"serviceLoadBalancerAggregation":"Disabled",
             "communities":[{"name":"std","value":"64512:100"}],"prefixAdvertisements":[{"cidr":"10.65.0.0/16","communities":["std","64512:200"]}],
             "nodeMeshPassword":{"secretKeyRef":{"name":"s","key":"k"}},"nodeMeshMaxRestartTime":"2m0s","bindMode":"NodeIP","ignoredInterfaces":["docker*"],
             "localWorkloadPeeringIPV4":"169.254.1.1","localWorkloadPeeringIPV6":"fe80::1","programClusterRoutes":"Enabled","ipv4NormalRoutePriority":1024,"ipv6NormalRoutePriority":1025}
            """);
        Assert.Equal(("Info", false, 64512u, (ushort)178), (bgp.LogSeverityScreen, bgp.NodeToNodeMeshEnabled, bgp.AsNumber, bgp.ListenPort));
        Assert.Equal(("[10.1.0.0/24]", "[10.2.0.1/32]", "[fd00::/112]"), (bgp.ServiceLoadBalancerIps.ToString(), bgp.ServiceExternalIps.ToString(), bgp.ServiceClusterIps.ToString()));
        Assert.Equal(new BgpCommunity("std", "64512:100"), Assert.Single(bgp.Communities));
        Assert.Equal(new PrefixAdvertisement(Cidr.Parse("10.65.0.0/16"), ["std", "64512:200"]), Assert.Single(bgp.PrefixAdvertisements));
        Assert.Equal(new SecretKeyRef("s", "k"), bgp.NodeMeshPassword);
        Assert.Equal(("2m0s", "NodeIP", "Disabled", "Enabled"), (bgp.NodeMeshMaxRestartTime, bgp.BindMode, bgp.ServiceLoadBalancerAggregation, bgp.ProgramClusterRoutes));
        Assert.Equal(["docker*"], bgp.IgnoredInterfaces);
        Assert.Equal(("169.254.1.1", "fe80::1"), (bgp.LocalWorkloadPeeringIpV4.ToString(), bgp.LocalWorkloadPeeringIpV6.ToString()));
        Assert.Equal((1024, 1025), (bgp.Ipv4NormalRoutePriority, bgp.Ipv6NormalRoutePriority));
    }

    [Fact]
    public void A_peer_with_everything_reads_as_written()
    {
        BgpPeer peer = Reading.Good<BgpPeer>(ResourceKind.BGPPeer, """
            {"node":"n","nodeSelector":"ns","peerIP":"192.0.2.1:1790","peerSelector":"ps","localWorkloadSelector":"lw","asNumber":64600,"localASNumber":"1.1","keepOriginalNextHop":true,
             "nextHopMode":"Self","password":{"secretKeyRef":{"name":"s","key":"k"}},"sourceAddress":"None","maxRestartTime":"2m0s","keepaliveTime":"20s","numAllowedLocalASNumbers":2,
             "ttlSecurity":1,"reachableBy":"192.0.2.9","filters":["f"],"reversePeering":"Manual"}
            """);
        Assert.Equal(("n", "ns", "ps", "lw"), (peer.Node, peer.NodeSelector, peer.PeerSelector, peer.LocalWorkloadSelector));
        Assert.Equal(("192.0.2.1:1790", 64600u, 65537u), (peer.PeerIp, peer.AsNumber, peer.LocalAsNumber));
        Assert.Equal((true, "Self", "None"), (peer.KeepOriginalNextHop, peer.NextHopMode, peer.SourceAddress));
        Assert.Equal(("2m0s", "20s", 2, (byte)1), (peer.MaxRestartTime, peer.KeepaliveTime, peer.NumAllowedLocalAsNumbers, peer.TtlSecurity));
        Assert.Equal(("192.0.2.9", "Manual", new SecretKeyRef("s", "k")), (peer.ReachableBy.ToString(), peer.ReversePeering, peer.Password));
        Assert.Equal(["f"], peer.Filters);
    }

    [Fact]
    public void A_filter_with_everything_reads_as_written()
    {
        BgpFilter filter = Reading.Good<BgpFilter>(ResourceKind.BGPFilter, """
            {"importV4":[{"action":"Reject"}],"importV6":[{"cidr":"fd00::/8","matchOperator":"In","action":"Accept"}],"exportV6":[],
             "exportV4":[{"cidr":"10.65.0.0/16","prefixLength":{"min":26,"max":32},"matchOperator":"In","source":"RemotePeers","interface":"eth*","peerType":"eBGP","action":"Accept",
              "communities":{"values":["64512:9"]},"asPathPrefix":[64512,"1.1"],"priority":100,
              "operations":[{"addCommunity":{"value":"64512:9"}},{"prependASPath":{"prefix":[65000]}},{"setPriority":{"value":512}}]}]}
            """);
        Assert.Equal(new BgpFilterRule { Accept = false }, Assert.Single(filter.Import(IpFamily.V4)));
        Assert.Equal(Cidr.Parse("fd00::/8"), Assert.Single(filter.Import(IpFamily.V6)).Cidr);
        Assert.True(filter.Export(IpFamily.V6).IsEmpty);
        Assert.Equal(new BgpFilterRule
        {
            Accept = true,
            Cidr = Cidr.Parse("10.65.0.0/16"),
            MatchOperator = "In",
            MinPrefixLength = 26,
            MaxPrefixLength = 32,
            Source = "RemotePeers",
            Interface = "eth*",
            PeerType = "eBGP",
            Communities = ["64512:9"],
            AsPathPrefix = [64512, 65537],
            Priority = 100,
            Operations =
            [
                new BgpFilterOperation { Kind = BgpFilterOperationKind.AddCommunity, Community = "64512:9" },
                new BgpFilterOperation { Kind = BgpFilterOperationKind.PrependAsPath, AsPath = [65000] },
                new BgpFilterOperation { Kind = BgpFilterOperationKind.SetPriority, Priority = 512 },
            ],
        }, Assert.Single(filter.Export(IpFamily.V4)));
    }

    [Theory]
    [InlineData("""{"importV4":[{"cidr":"fd00::/8","action":"Accept"}]}""", "spec.importV4[0].cidr: 'fd00::/8' is not an IPv4 CIDR")]
    [InlineData("""{"importV4":[{"cidr":"10.0.0.0/8"}]}""", "spec.importV4[0]: has no action")]
    [InlineData("""{"importV4":[{"action":"Maybe"}]}""", "spec.importV4[0].action: 'Maybe' is neither Accept nor Reject")]
    [InlineData("""{"importV4":[{"action":"Accept","operations":[{"explode":{}}]}]}""", "spec.importV4[0].operations[0].explode: is not a known operation")]
    public void A_filter_that_is_not_understood_is_unusable(string spec, string problem) => Assert.Equal(problem, Reading.Bad(ResourceKind.BGPFilter, spec));
}
