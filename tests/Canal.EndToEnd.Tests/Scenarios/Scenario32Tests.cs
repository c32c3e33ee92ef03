using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario32Tests
{
    [Fact]
    public async Task Workloads_reach_each_other_through_vxlan()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓", "udp w0↔v0 ✓", "h1→v0 ✓", "h2→w0 ✓", "v6 w0↔v0 ✓", "v6 h1→v0 ✓");

        string device = rig["h1"].Shell("ip -d link show vxlan.calico");
        string mac = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes("h1"))[..5]).Chunk(2).Aggregate("66", (a, b) => $"{a}:{new string(b)}");
        foreach (string word in new[] { "vxlan id 4096", "dstport 4789", "mtu 1450", "nolearning", "local 10.100.0.1", "dev eth0", mac })
            Assert.Contains(word, device, StringComparison.Ordinal);
        Assert.Contains("10.65.1.0/26 via 10.65.1.0 dev vxlan.calico proto 80 onlink", rig["h1"].Shell("ip route"), StringComparison.Ordinal);
        Assert.Contains("dst 10.100.0.2", rig["h1"].Shell("bridge fdb show dev vxlan.calico"), StringComparison.Ordinal);
        Assert.Contains("PERMANENT", Routes.Neighbour(rig["h1"], "10.65.1.0", "vxlan.calico"), StringComparison.Ordinal);
        Assert.Equal("1430", (await File.ReadAllTextAsync(rig.Agent().MtuFile)).Trim());
    }

    [Fact]
    public async Task On_the_fabric_there_is_nothing_but_vxlan()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        rig.Fabric.Shell("nft 'add table bridge spy; add chain bridge spy f { type filter hook forward priority 0; }; add rule bridge spy f ip saddr 10.65.0.0/16 counter; add rule bridge spy f udp dport 4789 counter'");
        await rig.Round("w0↔v0 ✓", "h1→v0 ✓");
        string seen = rig.Fabric.Shell("nft list table bridge spy");
        Assert.Contains("ip saddr 10.65.0.0/16 counter packets 0", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("4789 counter packets 0", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_cannot_send_into_the_overlay()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        await rig.Put(NetworkRig.Configuration.Spec("externalNodesList", new System.Text.Json.Nodes.JsonArray("10.100.0.100")));
        string mac = rig["h1"].Shell("ip -o link show vxlan.calico | sed 's/.*link.ether \\([0-9a-f:]*\\).*/\\1/'").Trim();
        rig["x"].Shell($"ip link add vx type vxlan id 4096 dstport 4789 local 10.100.0.100 remote 10.100.0.1 dev eth0 nolearning; ip link set vx up; ip route add 10.65.0.10 dev vx; ip neigh replace 10.65.0.10 lladdr {mac} nud permanent dev vx");
        await rig.Settle();
        await Poll.Until(() => Arrives(rig), "what an external node sends does not arrive: the test would show nothing");
        await rig.Put(NetworkRig.Configuration);
        await rig.Settle();
        Assert.False(Arrives(rig), "a stranger's packet came out of the tunnel");
    }

    [Fact]
    public async Task A_node_that_goes_leaves_nothing_behind()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        await rig.Put(Calico.Node("h2"));
        await rig.Round("w0→v0 ✗", "h1→x ✓");
        RigNode h1 = rig["h1"];
        Assert.Equal("", Routes.Of(h1, "10.65.1.0/26"));
        Assert.DoesNotContain("10.100.0.2", h1.Shell("bridge fdb show dev vxlan.calico"), StringComparison.Ordinal);
        Assert.DoesNotContain("10.100.0.2", h1.Shell("nft list set inet canal vxlan-peers4"), StringComparison.Ordinal);
        await rig.Put(Overlays.Node(2));
        await rig.Round("w0↔v0 ✓");
    }

    [Fact]
    public async Task What_is_taken_away_comes_back_within_a_second()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        RigNode h1 = rig["h1"];
        string mac = h1.Shell("bridge fdb show dev vxlan.calico").Split(' ')[0];
        foreach ((string takeAway, Func<bool> back) in new (string, Func<bool>)[]
        {
            ("ip route del 10.65.1.0/26", () => Routes.Of(h1, "10.65.1.0/26").Contains("vxlan.calico", StringComparison.Ordinal)),
            ($"bridge fdb del {mac} dev vxlan.calico", () => h1.Shell("bridge fdb show dev vxlan.calico").Contains(mac, StringComparison.Ordinal)),
            ("ip neigh del 10.65.1.0 dev vxlan.calico", () => Routes.Neighbour(h1, "10.65.1.0", "vxlan.calico").Contains("PERMANENT", StringComparison.Ordinal)),
            ("ip addr del 10.65.0.0/32 dev vxlan.calico", () => h1.Shell("ip addr show dev vxlan.calico").Contains("10.65.0.0/32", StringComparison.Ordinal)),
            ("ip link del vxlan.calico", () => Routes.Of(h1, "10.65.1.0/26").Contains("vxlan.calico", StringComparison.Ordinal)),
            ("ip link set vxlan.calico down", () => Routes.Of(h1, "10.65.1.0/26").Contains("vxlan.calico", StringComparison.Ordinal)),
        })
        {
            await Best.Within(TimeSpan.FromSeconds(1), $"putting back after '{takeAway}'", async () =>
            {
                long start = Stopwatch.GetTimestamp();
                h1.Shell(takeAway);
                await Poll.Until(back, $"after '{takeAway}' it was not put back");
                return Stopwatch.GetElapsedTime(start);
            });
        }
        await rig.Round("w0↔v0 ✓", "v6 w0↔v0 ✓");
    }

    [Fact]
    public async Task Parameters_and_the_hosts_mtu_change_the_device_at_run_time()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        RigNode h1 = rig["h1"];
        h1.Shell("ip link set eth0 mtu 1400");
        await Poll.Until(() => h1.Shell("ip link show vxlan.calico").Contains("mtu 1350", StringComparison.Ordinal), "the device does not follow the host's MTU");
        await Poll.Until(() => File.ReadAllText(rig.Agent().MtuFile).Trim() == "1330", "the file does not follow the host's MTU");
        await rig.Put(NetworkRig.Configuration.Spec("vxlanMTU", 1300).Spec("vxlanVNI", 4097).Spec("vxlanPort", 4790));
        await rig.Round("w0↔v0 ✓");
        string device = h1.Shell("ip -d link show vxlan.calico");
        foreach (string word in new[] { "mtu 1300", "vxlan id 4097", "dstport 4790" })
            Assert.Contains(word, device, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_one_subnet_there_is_no_need_to_encapsulate()
    {
        await using NetworkRig rig = await Overlays.Vxlan("CrossSubnet");
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓", "v6 w0↔v0 ✓");
        Assert.Contains("via 10.100.0.2 dev eth0 proto 80", Routes.Of(rig["h1"], "10.65.1.0/26"), StringComparison.Ordinal);
        await rig.Put(Overlays.Pool("Always"));
        await rig.Round("w0↔v0 ✓");
        Assert.Contains("dev vxlan.calico", Routes.Of(rig["h1"], "10.65.1.0/26"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switched_off_everything_goes()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        await rig.Put(NetworkRig.Configuration.Spec("vxlanEnabled", false));
        await rig.Round("w0→v0 ✗", "x→w0 ✓");
        Gone(rig);
        await rig.Put(NetworkRig.Configuration);
        await rig.Round("w0↔v0 ✓");
        await rig.Put(Overlays.Pool("Never"), Overlays.Pool6("Never"));
        await rig.Round("w0→v0 ✗", "x→w0 ✓");
        Gone(rig);
    }

    [Fact]
    public async Task A_restart_changes_nothing_and_cleanup_leaves_nothing()
    {
        await using NetworkRig rig = await Overlays.Vxlan();
        await rig.StartAgents();
        await rig.Round("w0↔v0 ✓");
        string before = rig["h1"].Shell("ip -d -o link show vxlan.calico; bridge fdb show dev vxlan.calico; ip route");
        rig.Agent().Kill();
        rig.Agent().Start();
        await rig.Settle();
        static string Stable(string text) => string.Join('\n', text.Split('\n').Where(l => !l.Contains("caliwcanary", StringComparison.Ordinal)));
        Assert.Equal(Stable(before), Stable(rig["h1"].Shell("ip -d -o link show vxlan.calico; bridge fdb show dev vxlan.calico; ip route")));
        await rig.Agent().Terminate();
        await rig.Agent().Cleanup();
        Gone(rig);
    }

    private static void Gone(NetworkRig rig)
    {
        Assert.DoesNotContain("vxlan", rig["h1"].Shell("ip -o link"), StringComparison.Ordinal);
        Assert.Equal("", Routes.Of(rig["h1"], "10.65.0.0/26"));
        Assert.DoesNotContain("vxlan", rig["h1"].Shell("nft list table inet canal 2>/dev/null || true"), StringComparison.Ordinal);
    }

    /// <summary>A datagram of x, wrapped, comes to w0.</summary>
    private static bool Arrives(NetworkRig rig)
    {
        using Socket receiver = rig["w0"].Netns.Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Any, 9055));
        using Socket sender = rig["x"].Netns.Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo("hello"u8.ToArray(), new System.Net.IPEndPoint(rig["w0"].Address4, 9055));
        return receiver.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectRead);
    }
}
