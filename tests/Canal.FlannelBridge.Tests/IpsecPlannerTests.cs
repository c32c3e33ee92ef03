using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Charon;
using Canal.Linux;
using Canal.Linux.Xfrm;

namespace Canal.FlannelBridge.Tests;

public sealed class IpsecPlannerTests
{
    private const string Two = "canal-coreos.com-network:192.0.2.1-10.5.1.0-24-10.5.2.0-24-192.0.2.2";
    private const string Three = "canal-coreos.com-network:192.0.2.1-10.5.1.0-24-10.5.3.0-24-203.0.113.3";

    private const string Closed = """
        policy src 0.0.0.0/0 dst 10.5.0.0/16 dir out action block priority 1013
        policy src 0.0.0.0/0 dst 10.5.1.0/24 dir out priority 1011
        policy src 10.5.0.0/16 dst 10.5.1.0/24 dir fwd action block priority 1013
        policy src 10.5.0.0/16 dst 10.5.1.0/24 dir in action block priority 1013
        policy src 10.5.1.0/24 dst 10.5.1.0/24 dir fwd priority 1011
        policy src 10.5.1.0/24 dst 10.5.1.0/24 dir in priority 1011
        """;

    private const string ToTwo = """
        policy src 10.5.1.0/24 dst 10.5.2.0/24 dir out priority 1012 tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 11 mode tunnel
        policy src 10.5.2.0/24 dst 10.5.1.0/24 dir fwd priority 1012 tmpl src 192.0.2.2 dst 192.0.2.1 proto esp reqid 11 mode tunnel
        policy src 10.5.2.0/24 dst 10.5.1.0/24 dir in priority 1012 tmpl src 192.0.2.2 dst 192.0.2.1 proto esp reqid 11 mode tunnel
        """;

    private static IpsecHost Host() => new IpsecHost().Own("10.5.1.0-24").Peer("10.5.2.0-24", "192.0.2.2");

    private static string Sorted(params string[] texts) => string.Join('\n', texts.SelectMany(t => t.Split('\n')).Order(StringComparer.Ordinal));

    [Fact]
    public void Packets_between_subnets_go_through_the_tunnel_and_others_of_the_network_not_at_all()
    {
        IpsecHost host = new IpsecHost().Own("10.5.1.0-24");
        Assert.Equal(Closed, host.Xfrm.Dump);
        host.Peer("10.5.2.0-24", "192.0.2.2").Peer("10.5.3.0-24", "203.0.113.3");
        host.Forget("10.5.3.0-24");
        Assert.Equal(Sorted(Closed, ToTwo), host.Xfrm.Dump);
        Assert.Contains("route 10.5.2.0/24 via 192.0.2.2 dev eth0 proto boot", host.Kernel.Dump(), StringComparison.Ordinal);
        Assert.Equal("""{"PublicIP":"192.0.2.1","PublicIPv6":null,"BackendType":"ipsec"}""", System.Text.Encoding.UTF8.GetString(host.Wirer.Lease!.Write()));
        Assert.Empty(host.Wirer.Failures);
    }

    [Fact]
    public void A_peer_behind_a_router_is_routed_to_the_router() =>
        Assert.Contains("route 10.5.3.0/24 via 192.0.2.254 dev eth0 proto boot", Host().Peer("10.5.3.0-24", "203.0.113.3").Kernel.Dump(), StringComparison.Ordinal);

    [Fact]
    public void The_network_is_not_closed_where_hosts_addresses_are_in_it()
    {
        IpsecHost host = new IpsecHost("192.0.0.0/8").Own("192.5.1.0-24").Peer("192.5.2.0-24", "192.0.2.2");
        Assert.DoesNotContain("block", host.Xfrm.Dump, StringComparison.Ordinal);
        Assert.Equal(3, host.Xfrm.Policies().Count);
    }

    [Fact]
    public void Policies_are_there_before_charon_and_stay_without_it()
    {
        IpsecHost host = new();
        host.Charon.IsRunning = false;
        host.Own("10.5.1.0-24").Peer("10.5.2.0-24", "192.0.2.2");
        Assert.Equal(Sorted(Closed, ToTwo), host.Xfrm.Dump);
        Assert.Equal("strongSwan's charon cannot be reached at /run/charon.vici: it does not run", Assert.Single(host.Wirer.Failures));
        Assert.NotNull(host.Wirer.Lease);
        Assert.Equal(", no security association", host.Backend.Note(Subnet("10.5.2.0-24")));
        host.Charon.IsRunning = true;
        host.Again();
        Assert.Empty(host.Wirer.Failures);
        Assert.Equal(Two, host.Charon.Names);
        Assert.Equal("", host.Backend.Note(Subnet("10.5.2.0-24")));
    }

    private static FlannelSubnet Subnet(string key) => FlannelSubnet.TryParse(key, out FlannelSubnet subnet) ? subnet : throw new ArgumentException(key);

    [Fact]
    public void Charon_is_told_each_thing_once()
    {
        IpsecHost host = Host();
        Assert.Equal("192.0.2.1 192.0.2.2", Assert.Single(host.Charon.Secrets).Value);
        host.Charon.Requests.Clear();
        host.Xfrm.Requests.Clear();
        host.Again();
        Assert.Empty(host.Charon.Requests);
        Assert.Empty(host.Xfrm.Requests);
        host.Peer("10.5.3.0-24", "203.0.113.3");
        Assert.Equal(["secret canal-coreos.com-network:", $"load {Three}"], host.Charon.Requests);
        host.Charon.Requests.Clear();
        host.Forget("10.5.3.0-24");
        Assert.Equal(["secret canal-coreos.com-network:", $"unload {Three}"], host.Charon.Requests);
    }

    [Fact]
    public void A_charon_that_was_started_again_is_told_all_anew()
    {
        IpsecHost host = Host();
        host.Charon.Restart();
        host.Again();
        Assert.Equal(Two, host.Charon.Names);
        Assert.Single(host.Charon.Secrets);
    }

    [Fact]
    public void What_an_earlier_run_told_charon_is_kept_where_it_holds_and_taken_back_where_not()
    {
        IpsecHost host = Host().Peer("10.5.3.0-24", "203.0.113.3");
        host.Charon.Knows("canal-other:10.5.9.0-24");
        host.Charon.Knows("office");
        host.Xfrm.Requests.Clear();
        host.Charon.Requests.Clear();
        host.Restart();
        Assert.DoesNotContain(host.Charon.Requests, r => r.StartsWith("unload", StringComparison.Ordinal));
        host.Charon.Knows("canal-coreos.com-network:gone");
        host.Restart();
        Assert.Empty(host.Xfrm.Requests);
        Assert.Equal(Sorted(Two, Three, "canal-other:10.5.9.0-24", "office"), host.Charon.Names);
    }

    [Fact]
    public void Another_secret_is_told_and_no_association_is_ended()
    {
        IpsecHost host = Host();
        host.Charon.Requests.Clear();
        host.Change(IpsecHost.Secret + "x");
        Assert.Contains("secret canal-coreos.com-network:", host.Charon.Requests);
        Assert.DoesNotContain(host.Charon.Requests, r => r.StartsWith("unload", StringComparison.Ordinal));
        host.Change(IpsecHost.Secret, ",\"UDPEncap\":true,\"ESPProposal\":\"aes256-sha256\"");
        Assert.Equal((true, "aes256-sha256"), (host.Charon.Connection(Two).UdpEncapsulation, host.Charon.Connection(Two).EspProposal));
    }

    [Fact]
    public void Behind_a_NAT_a_host_calls_itself_by_its_public_address()
    {
        IpsecHost host = new IpsecHost(publicIp: "198.51.100.7").Own("10.5.1.0-24").Peer("10.5.2.0-24", "192.0.2.2");
        IpsecConnection told = host.Charon.Connection(Two.Replace("192.0.2.1", "198.51.100.7", StringComparison.Ordinal));
        Assert.Equal(("192.0.2.1", "198.51.100.7", "192.0.2.2"), (told.Local.ToString(), told.LocalId.ToString(), told.Remote.ToString()));
        Assert.Equal("198.51.100.7 192.0.2.2", string.Join(' ', host.Charon.Secrets.Values.Single().Split(' ')));
    }

    [Fact]
    public void What_charon_refuses_of_one_peer_stands_in_no_others_way()
    {
        IpsecHost host = new();
        host.Charon.Refused.Add("192.0.2.2");
        host.Own("10.5.1.0-24").Peer("10.5.2.0-24", "192.0.2.2").Peer("10.5.3.0-24", "203.0.113.3");
        Assert.Equal("192.0.2.2: charon refuses load-conn: no", Assert.Single(host.Wirer.Failures));
        Assert.Equal(Three, host.Charon.Names);
    }

    [Fact]
    public void Policies_that_somebody_takes_away_come_back_and_a_refusal_heals()
    {
        IpsecHost host = Host();
        host.Xfrm.Flush();
        host.Xfrm.RefuseNext(Errno.ENOMEM);
        host.Again();
        Assert.Contains("errno 12", Assert.Single(host.Wirer.Failures), StringComparison.Ordinal);
        Assert.Equal(Sorted(Closed, ToTwo), Assert.Single(new[] { host.Again().Xfrm.Dump }));
        Assert.Empty(host.Wirer.Failures);
    }

    [Fact]
    public void A_flanneld_s_policies_are_taken_over_and_others_left()
    {
        IpsecHost host = new IpsecHost().Own("10.5.1.0-24");
        XfrmTunnel tunnel = new(IpAddress.Parse("192.0.2.1"), IpAddress.Parse("192.0.2.2"), 11);
        XfrmPolicy flannels = new() { Direction = XfrmDirection.Out, Source = Cidr.Parse("10.5.1.0/24"), Destination = Cidr.Parse("10.5.2.0/24"), Tunnel = tunnel };
        host.Xfrm.Set(flannels);
        host.Xfrm.Set(flannels with { Destination = Cidr.Parse("10.5.7.0/24") });
        host.Xfrm.Set(flannels with { Destination = Cidr.Parse("10.9.7.0/24") });
        host.Xfrm.Set(flannels with { Destination = Cidr.Parse("10.5.8.0/24"), Tunnel = tunnel with { RequestId = 3 } });
        host.Peer("10.5.2.0-24", "192.0.2.2");
        Assert.Equal(Sorted(Closed, ToTwo,
            "policy src 10.5.1.0/24 dst 10.9.7.0/24 dir out priority 0 tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 11 mode tunnel",
            "policy src 10.5.1.0/24 dst 10.5.8.0/24 dir out priority 0 tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 3 mode tunnel"), host.Xfrm.Dump);
    }

    [Fact]
    public void All_of_it_can_be_taken_away()
    {
        IpsecHost host = Host();
        host.Charon.Knows("office");
        host.Means.Remove([Cidr.Parse("10.5.0.0/16")]);
        Assert.Equal(("", "office", 0), (host.Xfrm.Dump, host.Charon.Names, host.Charon.Secrets.Count));
    }

    [Fact]
    public void Without_ESP_in_the_kernel_there_is_no_lease_and_one_sentence()
    {
        IpsecHost host = new();
        host.Xfrm.Esp = false;
        host.Own("10.5.1.0-24");
        Assert.Equal("the backend ipsec needs ESP, which this kernel does not have (modules xfrm_user, esp4)", Assert.Single(host.Wirer.Failures));
        Assert.Null(host.Wirer.Lease);
    }

    [Fact]
    public void A_connection_is_told_as_flannel_tells_its_own()
    {
        ViciSection told = Host().Charon.Connection(Two).Message().Sections[Two];
        Assert.Equal(["aes256-sha256-modp4096"], told.List("proposals"));
        Assert.Equal(("2", "0", "psk", "192.0.2.1", "192.0.2.2"), (told.Text("version"), told.Text("keyingtries"), told.Sections["local"].Text("auth"), told.Sections["local"].Text("id"), told.Sections["remote"].Text("id")));
        ViciSection child = told.Sections["children"].Sections[Two];
        Assert.Equal(["10.5.1.0/24", "10.5.2.0/24", "aes128gcm16-sha256-prfsha256-ecp256"], [.. child.List("local_ts"), .. child.List("remote_ts"), .. child.List("esp_proposals")]);
        Assert.Equal(("11", "tunnel", "no", "start"), (child.Text("reqid"), child.Text("mode"), child.Text("policies"), child.Text("start_action")));
    }
}
