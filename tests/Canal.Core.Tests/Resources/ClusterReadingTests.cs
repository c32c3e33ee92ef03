using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class ClusterReadingTests
{
    [Fact]
    public void An_old_pool_gets_the_defaults_of_its_family()
    {
        IpPool four = Reading.Good<IpPool>(ResourceKind.IPPool, """{"cidr":"10.65.0.0/16"}""");
        IpPool six = Reading.Good<IpPool>(ResourceKind.IPPool, """{"cidr":"fd00:65::/48","blockSize":0,"nodeSelector":"","allowedUses":[],"ipipMode":"","assignmentMode":""}""");
        Assert.Equal((26, 122), (four.BlockSize, six.BlockSize));
        foreach (IpPool pool in new[] { four, six })
        {
            Assert.Equal("all()", pool.NodeSelector);
            Assert.Equal(PoolUses.Workload | PoolUses.Tunnel, pool.AllowedUses);
            Assert.Equal((EncapsulationMode.Never, EncapsulationMode.Never, AssignmentMode.Automatic), (pool.IpipMode, pool.VxlanMode, pool.AssignmentMode));
        }
    }

    [Fact]
    public void A_pool_with_everything_reads_as_written()
    {
        IpPool pool = Reading.Good<IpPool>(ResourceKind.IPPool, """
            {"cidr":"10.65.0.0/16","blockSize":27,"ipipMode":"Always","vxlanMode":"CrossSubnet","natOutgoing":true,"disabled":true,"disableBGPExport":true,
             "nodeSelector":"a","namespaceSelector":"b","allowedUses":["LoadBalancer"],"assignmentMode":"Manual"}
            """);
        Assert.Equal((Cidr.Parse("10.65.0.0/16"), 27), (pool.Cidr, pool.BlockSize));
        Assert.Equal((EncapsulationMode.Always, EncapsulationMode.CrossSubnet), (pool.IpipMode, pool.VxlanMode));
        Assert.Equal((true, true, true), (pool.NatOutgoing, pool.Disabled, pool.DisableBgpExport));
        Assert.Equal(("a", "b"), (pool.NodeSelector, pool.NamespaceSelector));
        Assert.Equal((PoolUses.LoadBalancer, AssignmentMode.Manual), (pool.AllowedUses, pool.AssignmentMode));
    }

    [Theory]
    [InlineData("{}", "spec.cidr: is missing")]
    [InlineData("""{"cidr":"10.65.0.0/40"}""", "spec.cidr: '10.65.0.0/40' is not a CIDR")]
    [InlineData("""{"cidr":"10.65.0.0/16","vxlanMode":"Sometimes"}""", "spec.vxlanMode: 'Sometimes' is not a mode (Always, CrossSubnet, Never)")]
    [InlineData("""{"cidr":"10.65.0.0/16","blockSize":8}""", "spec.blockSize: 8 does not fit 10.65.0.0/16")]
    [InlineData("""{"cidr":"10.65.0.0/16","blockSize":64}""", "spec.blockSize: 64 does not fit 10.65.0.0/16")]
    public void A_pool_that_is_not_understood_is_unusable(string spec, string problem) => Assert.Equal(problem, Reading.Bad(ResourceKind.IPPool, spec));

    [Fact]
    public void Reservations_read_as_written() => Assert.Equal(
        "[10.65.0.0/30, 10.65.255.255/32]",
        Reading.Good<IpReservation>(ResourceKind.IPReservation, """{"reservedCIDRs":["10.65.0.0/30","10.65.255.255"]}""").ReservedCidrs.ToString());

    [Fact]
    public void A_node_with_everything_reads_as_written()
    {
        Decoded decoded = Reading.Decode(ResourceKind.Node, """
            {"spec":{"bgp":{"asNumber":"1.10","ipv4Address":"192.0.2.10/24","ipv6Address":"2001:db8::10/64","ipv4IPIPTunnelAddr":"10.65.0.64","routeReflectorClusterID":"244.0.0.1"},
             "ipv4VXLANTunnelAddr":"10.65.0.65","ipv6VXLANTunnelAddr":"fd00::65","vxlanTunnelMACAddr":"66:0c:aa:bb:cc:dd","vxlanTunnelMACAddrV6":"66:0c:aa:bb:cc:de",
             "orchRefs":[{"nodeName":"n","orchestrator":"k8s"}],"wireguard":{"interfaceIPv4Address":"10.65.0.66","interfaceIPv6Address":"fd00::66"},
             "addresses":[{"address":"192.0.2.10/24","type":"CalicoNodeIP"},{"address":"10.0.0.9","type":"InternalIP"}],
             "interfaces":[{"name":"eth0","addresses":["192.0.2.10/24"]}]},
             "status":{"wireguardPublicKey":"four","wireguardPublicKeyV6":"six","podCIDRs":["10.1.0.0/24"]}}
            """);
        Assert.Empty(decoded.Problems);
        Node node = Assert.IsType<Node>(decoded.Resource);
        Assert.Equal(65546u, node.Bgp!.AsNumber);
        Assert.Equal(("192.0.2.10/24", "2001:db8::10/64"), (node.Bgp.Ipv4Address.ToString(), node.Bgp.Ipv6Address.ToString()));
        Assert.Equal(("10.65.0.64", "244.0.0.1"), (node.Bgp.Ipv4IpipTunnelAddress.ToString(), node.Bgp.RouteReflectorClusterId));
        Assert.Equal(("10.65.0.65", "fd00::65"), (node.VxlanTunnelAddress(IpFamily.V4).ToString(), node.VxlanTunnelAddress(IpFamily.V6).ToString()));
        Assert.Equal(("66:0c:aa:bb:cc:dd", "66:0c:aa:bb:cc:de"), (node.VxlanTunnelMac(IpFamily.V4).ToString(), node.VxlanTunnelMac(IpFamily.V6).ToString()));
        Assert.Equal(("10.65.0.66", "fd00::66"), (node.WireGuardAddress(IpFamily.V4).ToString(), node.WireGuardAddress(IpFamily.V6).ToString()));
        Assert.Equal(new OrchRef("n", "k8s"), Assert.Single(node.OrchRefs));
        Assert.Equal(("CalicoNodeIP", "InternalIP"), (node.Addresses[0].Type, node.Addresses[1].Type));
        Assert.Equal("[192.0.2.10/24]", Assert.Single(node.Interfaces).Addresses.ToString());
        Assert.Equal(("four", "six"), (node.WireGuardPublicKey, node.WireGuardPublicKeyV6));
        Assert.Equal(["10.1.0.0/24"], node.PodCidrs);
        Assert.Equal("192.0.2.0/24", node.HostAddress(IpFamily.V4)!.Value.Network.ToString());
    }

    [Fact]
    public void A_node_without_BGP_is_reached_at_its_internal_then_its_external_address()
    {
        Node node = Reading.Good<Node>(
            ResourceKind.Node, """{"addresses":[{"address":"203.0.113.1","type":"ExternalIP"},{"address":"10.0.0.9","type":"InternalIP"},{"address":"fd00::9","type":"ExternalIP"}]}""");
        Assert.Equal(("10.0.0.9/32", "fd00::9/128"), (node.HostAddress(IpFamily.V4).ToString(), node.HostAddress(IpFamily.V6).ToString()));
        Assert.Null(Reading.Good<Node>(ResourceKind.Node, "{}").HostAddress(IpFamily.V4));
    }

    [Fact]
    public void What_cannot_be_read_of_a_node_is_left_out()
    {
        Decoded decoded = Reading.DecodeSpec(
            ResourceKind.Node, """{"bgp":{"ipv4Address":"2001:db8::1/64"},"ipv4VXLANTunnelAddr":"here","vxlanTunnelMACAddr":"there","wireguard":{"interfaceIPv4Address":"10.0.0.1"}}""");
        Node node = Assert.IsType<Node>(decoded.Resource);
        Assert.Equal("10.0.0.1", node.WireGuardIpv4Address.ToString());
        Assert.Equal((null, null, null), (node.Bgp!.Ipv4Address, node.Ipv4VxlanTunnelAddress, node.Ipv4VxlanTunnelMac));
        Assert.Equal(3, decoded.Problems.Count);
    }

    [Fact]
    public void Felix_configuration_is_kept_raw_and_annotations_give_parameters()
    {
        Decoded decoded = Reading.Decode(ResourceKind.FelixConfiguration, """
            {"metadata":{"annotations":{"config.projectcalico.org/LogSeveritySys":"none","other":"x"}},
             "spec":{"vxlanMTU":1410,"nodeSelector":"a","failsafeInboundHostPorts":[{"protocol":"TCP", "port":22}],"big":18446744073709551616}}
            """);
        FelixConfiguration felix = Assert.IsType<FelixConfiguration>(decoded.Resource);
        Assert.Equal("a", felix.NodeSelector);
        Assert.Equal(
            [new RawField("vxlanMTU", "1410"), new RawField("failsafeInboundHostPorts", """[{"protocol":"TCP", "port":22}]"""), new RawField("big", "18446744073709551616")],
            felix.Fields);
        Assert.Equal("LogSeveritySys=none", felix.Parameters.ToString());
    }

    [Theory]
    [InlineData("""{"datastoreReady":true}""", true)]
    [InlineData("""{"datastoreReady":false}""", false)]
    [InlineData("""{"datastoreReady":null}""", null)]
    [InlineData("{}", null)]
    public void The_ready_flag_may_be_missing(string spec, bool? ready) =>
        Assert.Equal(ready, Reading.Good<ClusterInformation>(ResourceKind.ClusterInformation, spec).DatastoreReady);

    [Fact]
    public void Cluster_information_reads_as_written()
    {
        ClusterInformation cluster = Reading.Good<ClusterInformation>(
            ResourceKind.ClusterInformation, """{"clusterGUID":"5a0d","clusterType":"bm,bgp","calicoVersion":"v3.32.0","variant":"v"}""");
        Assert.Equal(("5a0d", "bm,bgp", "v3.32.0", "v"), (cluster.ClusterGuid, cluster.ClusterType, cluster.CalicoVersion, cluster.Variant));
    }

    [Fact]
    public void A_status_request_reads_as_written()
    {
        Decoded decoded = Reading.Decode(
            ResourceKind.CalicoNodeStatus, """{"spec":{"node":"a","classes":["Agent","BGP"],"updatePeriodSeconds":10},"status":{"lastUpdated":null}}""");
        CalicoNodeStatus status = Assert.IsType<CalicoNodeStatus>(decoded.Resource);
        Assert.Equal(("a", 10u, """{"lastUpdated":null}"""), (status.Node, status.UpdatePeriodSeconds, status.StatusJson));
        Assert.Equal(["Agent", "BGP"], status.Classes);
        Assert.Equal("spec.node: is missing", Reading.Bad(ResourceKind.CalicoNodeStatus, "{}"));
    }

    [Theory]
    [InlineData(ResourceKind.KubeControllersConfiguration)]
    [InlineData(ResourceKind.IPAMConfiguration)]
    [InlineData(ResourceKind.BlockAffinity)]
    [InlineData(ResourceKind.LiveMigration)]
    public void Kinds_that_are_only_carried_along_keep_their_fields(ResourceKind kind)
    {
        Decoded decoded = Reading.Decode(kind, """{"status":{"a":1},"spec":{"b":[2]}}""");
        OpaqueResource opaque = Assert.IsType<OpaqueResource>(decoded.Resource);
        Assert.Equal(new RawField("b", "[2]"), Assert.Single(opaque.Fields));
        Assert.Equal("""{"a":1}""", opaque.StatusJson);
    }
}
