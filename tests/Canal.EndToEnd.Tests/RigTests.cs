using System.Net.Sockets;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests;

/// <summary>The rig itself, without any agent: what it calls ✓ passes, what it calls ✗ is dropped, and a broken rig is neither.</summary>
public sealed class RigTests
{
    private static readonly string[] EverythingPasses =
    [
        "w0↔w1 ✓", "x→w0 ✓", "w0→x ✓", "h1→w1 ✓", "w0→h1 ✓", "w0↔v0 ✓", "x→h1 ✓", "udp w0→w1 ✓", "ping w0→v0 ✓", "proto=253 w0→w1 ✓", "icmp=8/1 w0→w1 ✓",
        "src=10.65.0.99 w0→w1 ✓", "syn=10.65.0.99 w0→w1 ✓", "sport=40005 w1→w0 ✓",
        "v6 w0↔w1 ✓", "v6 w0↔v0 ✓", "v6 udp x→w0 ✓", "v6 ping w0→w1 ✓", "v6 src=fd00:65::99 w0→w1 ✓", "v6 syn=fd00:65::99 w0→w1 ✓", "v6 w0→h1 ✓", "v6 proto=253 w0→w1 ✓",
    ];

    [Fact]
    public async Task With_routes_made_by_hand_everything_passes()
    {
        await using NetworkRig rig = await NetworkRig.TwoHosts(2, 1);
        rig.PlumbByHand();
        await rig.UnsettledRound(EverythingPasses);
    }

    [Fact]
    public async Task A_drop_rule_made_by_hand_is_seen_as_silence_and_nothing_else_is()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig.PlumbByHand();
        rig["h1"].Shell("nft 'add table inet hand; add chain inet hand f { type filter hook forward priority 0; }; add rule inet hand f oifname caliw0 ct state new drop'");
        await rig.UnsettledRound("w1→w0 ✗", "udp w1→w0 ✗", "ping w1→w0 ✗", "proto=253 w1→w0 ✗", "src=10.65.0.12 w1→w0 ✗", "v6 w1→w0 ✗", "v6 ping w1→w0 ✗", "w0→w1 ✓", "h1→w0 ✓");
    }

    [Fact]
    public async Task A_rejection_is_neither_passed_nor_a_correct_deny()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        rig.PlumbByHand();
        rig["h1"].Shell("nft 'add table inet hand; add chain inet hand f { type filter hook forward priority 0; }; add rule inet hand f oifname caliw0 meta l4proto tcp ct state new reject with tcp reset'");
        await MustMiss(rig, "w1→w0 ✗");
        await MustMiss(rig, "w1→w0 ✓");
        await MustMiss(rig, "w0→w1:8056 ✗");
        await MustMiss(rig, "udp w0→w1:8056 ✗");
    }

    [Fact]
    public async Task A_dead_rig_passes_no_round()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await MustMiss(rig, "w0→w1 ✓");
        await Assert.ThrowsAsync<ArgumentException>(() => rig.UnsettledRound("w0→w1 ✗"));
    }

    [Fact]
    public async Task A_spoofed_packet_really_carries_the_other_address()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig.PlumbByHand();
        rig["h1"].Shell("nft 'add table inet hand; add chain inet hand f { type filter hook forward priority 0; }; "
            + "add rule inet hand f ip saddr 10.65.0.12 drop; add rule inet hand f ip6 saddr fd00:65::12 drop'");
        await rig.UnsettledRound("src=10.65.0.12 w0→w1 ✗", "syn=10.65.0.12 w0→w1 ✗", "src=10.65.0.10 w0→w1 ✓", "syn=10.65.0.10 w0→w1 ✓",
            "v6 src=fd00:65::12 w0→w1 ✗", "v6 syn=fd00:65::12 w0→w1 ✗", "v6 src=fd00:65::10 w0→w1 ✓");
    }

    [Fact]
    public async Task A_flow_of_a_thousand_a_second_counts_what_was_lost()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        rig.PlumbByHand();
        await rig.UnsettledRound("w0↔w1 ✓");
        using Flow open = Flow.OneWay(rig["w0"], rig["w1"]), echoed = Flow.Echoed(rig["w1"], rig["w0"]), six = Flow.OneWay(rig["w0"], rig["w1"], AddressFamily.InterNetworkV6);
        await Poll.Until(() => open.Sent >= 1000, "1000 packets");
        rig["h1"].Shell("nft 'add table inet hand; add chain inet hand f { type filter hook forward priority 0; }; add rule inet hand f ip saddr 10.65.0.10 ip daddr 10.65.0.11 drop'");
        (int sent, int answered) = (open.Sent, echoed.Sent);
        await Poll.Until(() => open.Sent >= sent + 150 && echoed.Sent >= answered + 150, "nothing is sent to be dropped");
        rig["h1"].Shell("nft delete table inet hand");
        int healed = open.Sent;
        await Poll.Until(() => open.Received > 0 && open.Sent >= healed + 500, "500 more packets");
        Assert.InRange(open.Stop().Count, 50, healed);
        Assert.NotEmpty(echoed.Stop());
        Assert.Empty(six.Stop());
    }

    [Fact]
    public async Task A_watch_of_the_kernel_sees_each_kind_of_write_and_is_silent_otherwise()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        rig.PlumbByHand();
        using (KernelWatch idle = new(rig["h1"].Netns))
        {
            await idle.Settle();
            await rig.UnsettledRound("w0↔w1 ✓", "v6 w0↔w1 ✓");
            Assert.Empty(idle.Stop());
        }
        using KernelWatch watch = new(rig["h1"].Netns);
        rig["h1"].Shell("ip route add 10.65.9.9/32 dev caliw0; ip neigh replace 10.65.0.10 lladdr 02:00:00:00:00:01 nud permanent dev caliw0; nft add table inet hand");
        IReadOnlyList<string> seen = watch.Stop();
        Assert.Contains("route NEWROUTE", seen);
        Assert.Contains("neighbour 28", seen);
        Assert.Contains("nftables NEWTABLE", seen);
    }

    [Fact]
    public async Task Etcd_keeps_its_data_over_a_stop()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Etcd.Put("/test", "value");
        rig.EtcdServer.Stop();
        await rig.EtcdServer.Start();
        Assert.Equal("value", await rig.Etcd.Get("/test"));
        Assert.Contains(rig.Endpoint("w0").Key, await rig.Etcd.Keys("/calico/"));
        await rig.Etcd.CompactAll();
    }

    [Fact]
    public async Task A_black_hole_silences_old_connections_to_etcd_and_a_cut_refuses_new_ones()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        using Socket old = await ConnectToEtcd(rig);
        Assert.Equal(1, rig.BlackHoleEtcdConnections("h1"));
        using Socket young = await ConnectToEtcd(rig);
        Assert.False(await Answers(old, TimeSpan.FromSeconds(1)));
        Assert.True(await Answers(young, TimeSpan.FromSeconds(10)));
        rig.ReconnectEtcd();

        rig.CutOffEtcd("reject with tcp reset");
        await Assert.ThrowsAsync<SocketException>(() => ConnectToEtcd(rig));
        await rig.Etcd.Put("/still", "there");
    }

    [Fact]
    public async Task Rules_and_routes_are_read_back_with_what_the_scenarios_look_at()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        RigNode host = rig["h1"];
        Assert.Empty(KernelRule.List(host));
        host.Shell("nft 'add table inet canal; add chain inet canal c; add rule inet canal c tcp dport 80 limit rate 10/minute burst 5 packets counter log prefix \"pre: \" comment \"why\"; add rule inet canal c drop'");
        KernelRule[] rules = [.. KernelRule.List(host)];
        Assert.Equal(("c", "why", 0L, "pre: ", "10/minute burst 5"), (rules[0].Chain, rules[0].Comment, rules[0].Packets, rules[0].LogPrefix, rules[0].Limit));
        Assert.Equal(("", -1L, null, null), (rules[1].Comment, rules[1].Packets, rules[1].LogPrefix, rules[1].Limit));

        host.Shell("ip route add 10.65.0.10 dev caliw0 proto 80; ip -6 route add fd00:65::10 dev caliw0 proto 80");
        host.Shell("ip neigh replace fd00:65::10 lladdr 02:65:00:00:01:00 nud permanent dev caliw0");
        Assert.Matches("dev caliw0 proto 80 scope link", Routes.Of(host, "10.65.0.10"));
        Assert.Matches("dev caliw0 proto 80", Routes.Of(host, "fd00:65::10"));
        Assert.Matches("02:65:00:00:01:00 PERMANENT", Routes.Neighbour(host, "fd00:65::10", "caliw0"));
        Assert.Equal("", Routes.Of(host, "10.65.0.11"));
    }

    [Fact]
    public async Task A_stray_ack_is_answered_by_an_open_host_only()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.UnsettledRound("ack x→h1:1234 ✓");
        rig["h1"].Shell("nft 'add table inet hand; add chain inet hand i { type filter hook input priority 0; }; add rule inet hand i tcp dport 1234 drop'");
        await rig.UnsettledRound("ack x→h1:1234 ✗", "x→h1 ✓");
    }

    private static async Task<Socket> ConnectToEtcd(NetworkRig rig)
    {
        Socket socket = rig["h1"].Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("10.100.0.254", 2379);
        return socket;
    }

    private static async Task<bool> Answers(Socket socket, TimeSpan patience)
    {
        using CancellationTokenSource limit = new(patience);
        try
        {
            await socket.SendAsync("GET /health HTTP/1.1\r\nHost: e\r\n\r\n"u8.ToArray(), limit.Token);
            return await socket.ReceiveAsync(new byte[512], limit.Token) > 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task MustMiss(NetworkRig rig, string expectation)
    {
        rig.RoundLimit = TimeSpan.FromMilliseconds(200);
        // A ✓ that does hold, so that only the other one can fail the round.
        string[] round = expectation.EndsWith('✓') ? [expectation] : [expectation, "h1→w1 ✓"];
        Exception missed = await Assert.ThrowsAnyAsync<Exception>(() => rig.UnsettledRound(round));
        Assert.Contains("but it was", missed.Message);
    }
}
