using Canal.Core.Bgp;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Bgp;

public sealed class BgpAdmissionTests
{
    [Theory]
    [InlineData("""{"importV4":[{"action":"Accept","interface":"eth0\"; } protocol x {"}]}""", "spec.importV4[0].interface")]
    [InlineData("""{"exportV4":[{"action":"Accept","interface":"a\nb"}]}""", "spec.exportV4[0].interface")]
    [InlineData("""{"exportV6":[{"action":"Accept","interface":"much-too-long-name"}]}""", "spec.exportV6[0].interface")]
    [InlineData("""{"importV6":[{"action":"Accept","communities":{"values":["1:2) then accept; if (3"]}}]}""", "spec.importV6[0].communities.values")]
    [InlineData("""{"importV4":[{"action":"Accept","communities":{"values":["70000:1"]}}]}""", "spec.importV4[0].communities.values")]
    [InlineData("""{"importV4":[{"action":"Accept","operations":[{"addCommunity":{"value":"1:2:3:4"}}]}]}""", "spec.importV4[0].operations.addCommunity")]
    [InlineData("""{"importV4":[{"action":"Accept","cidr":"10.0.0.0/8","matchOperator":"= 0.0.0.0/0 then accept; #"}]}""", "spec.importV4[0].matchOperator")]
    [InlineData("""{"importV4":[{"action":"Accept","cidr":"10.0.0.0/8"}]}""", "spec.importV4[0].matchOperator")]
    [InlineData("""{"importV4":[{"action":"Accept","prefixLength":{"min":24,"max":16}}]}""", "spec.importV4[0].prefixLength")]
    [InlineData("""{"importV4":[{"action":"Accept","source":"Everyone"}]}""", "spec.importV4[0].source")]
    [InlineData("""{"importV4":[{"action":"Reject","operations":[{"setPriority":{"value":5}}]}]}""", "spec.importV4[0].operations")]
    public void A_filter_that_could_become_other_configuration_is_refused(string spec, string path) =>
        Assert.Contains(BgpAdmission.Check(BgpSamples.Decode<BgpFilter>("f", spec)), p => p.Path == path);

    [Theory]
    [InlineData("a\"; include \"/etc/shadow")]
    [InlineData("a'b")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("ä")]
    public void A_name_that_could_become_other_configuration_is_refused(string name)
    {
        Assert.Contains(BgpAdmission.Check(BgpSamples.Decode<BgpFilter>(name, "{}")), p => p.Path == "metadata.name");
        Assert.Contains(BgpAdmission.Check(BgpSamples.Decode<BgpPeer>(name, "{}")), p => p.Path == "metadata.name");
        Assert.Contains(BgpAdmission.Check(BgpSamples.Node(name, "10.0.0.1/24")), p => p.Path == "metadata.name");
    }

    [Theory]
    [InlineData("""{"peerIP":"10.0.0.1; password","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"10.0.0.1:0","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"[10.0.0.1]:179","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":0}""", "spec.asNumber")]
    [InlineData("""{"peerSelector":"rack ==","nodeSelector":"all()"}""", "spec.peerSelector")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":1,"maxRestartTime":"2 minutes"}""", "spec.maxRestartTime")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":1,"keepaliveTime":"10m0s"}""", "spec.keepaliveTime")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":1,"nextHopMode":"self; # "}""", "spec.nextHopMode")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":1,"password":{"secretKeyRef":{"name":"..","key":"passwd"}}}""", "spec.password.secretKeyRef")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":1,"password":{"secretKeyRef":{"name":"a/../../b","key":"k"}}}""", "spec.password.secretKeyRef")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":1,"reachableBy":"fd00::1"}""", "spec.reachableBy")]
    [InlineData("""{"peerIP":"fd00::1","asNumber":1,"reachableBy":"fe80::1"}""", "spec.reachableBy")]
    [InlineData("""{"peerIP":"10.0.0.1","asNumber":1,"reachableBy":"127.0.0.1"}""", "spec.reachableBy")]
    [InlineData("""{"peerIP":"fe80::1","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"[febf::1]:1790","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"::","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"0.0.0.0","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"224.0.0.5:179","asNumber":1}""", "spec.peerIP")]
    [InlineData("""{"peerIP":"255.255.255.255","asNumber":1}""", "spec.peerIP")]
    public void A_peer_that_is_not_understood_is_refused(string spec, string path) =>
        Assert.Contains(BgpAdmission.Check(BgpSamples.Decode<BgpPeer>("p", spec)), p => p.Path == path);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:1790")]
    [InlineData("169.254.7.7")]
    [InlineData("fec0::1")]
    public void A_peer_may_be_on_this_very_host_or_have_any_address_that_says_where_it_is(string address) =>
        Assert.Empty(BgpAdmission.Check(BgpSamples.Decode<BgpPeer>("p", $$"""{"peerIP":"{{address}}","asNumber":1}""")));

    [Theory]
    [InlineData("10.0.0.1/24", "fe80::1/64", "spec.bgp.ipv6Address")]
    [InlineData("10.0.0.1/24", "::1/128", "spec.bgp.ipv6Address")]
    [InlineData("127.0.0.1/8", null, "spec.bgp.ipv4Address")]
    [InlineData("0.0.0.0/0", null, "spec.bgp.ipv4Address")]
    public void A_node_has_addresses_that_others_can_reach(string v4, string? v6, string path) =>
        Assert.Contains(BgpAdmission.Check(BgpSamples.Node("n", v4, v6)), p => p.Path == path);

    [Theory]
    [InlineData("""{"localWorkloadPeeringIPV6":"fe80::1"}""", "spec.localWorkloadPeeringIPV6")]
    [InlineData("""{"ignoredInterfaces":["eth0\", \"*"]}""", "spec.ignoredInterfaces")]
    [InlineData("""{"ignoredInterfaces":["*"]}""", "spec.ignoredInterfaces")]
    [InlineData("""{"communities":[{"name":"c","value":"1:x"}]}""", "spec.communities")]
    [InlineData("""{"bindMode":"Any"}""", "spec.bindMode")]
    public void A_configuration_that_is_not_understood_is_refused(string spec, string path) =>
        Assert.Contains(BgpAdmission.Check(BgpSamples.Decode<BgpConfiguration>("default", spec)), p => p.Path == path);

    [Fact]
    public void A_cluster_id_is_an_address() =>
        Assert.Contains(BgpAdmission.Check(BgpSamples.Node("n", "10.0.0.1/24", more: ",\"routeReflectorClusterID\":\"1.2.3.4; rr client\"")), p => p.Path == "spec.bgp.routeReflectorClusterID");

    [Theory]
    [InlineData("", false)]
    [InlineData("a\"b", false)]
    [InlineData("a\nb", false)]
    [InlineData("pass # word; \\ 'x' ü", true)]
    public void A_password_is_what_Bird_can_take(string text, bool good) => Assert.Equal(good, new BgpPassword(text).Wrong() is null);

    [Fact]
    public void A_password_has_at_most_80_bytes()
    {
        Assert.Null(new BgpPassword(new string('x', 80)).Wrong());
        Assert.NotNull(new BgpPassword(new string('ü', 41)).Wrong());
        Assert.DoesNotContain("hunter2", new BgpPassword("hunter2").ToString(), StringComparison.Ordinal);
    }
}
