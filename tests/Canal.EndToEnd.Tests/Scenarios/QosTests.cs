using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>Limits of workloads' traffic, from real packets.</summary>
public sealed class QosTests
{
    [Fact]
    public async Task Packets_beyond_the_rate_are_dropped_also_of_established_connections()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        await rig.Round("x→w0 ✓", "w0→x ✓");
        using (Flow before = Flow.Echoed(rig["x"], rig["w0"]))
        {
            await Poll.Until(() => before.Received > 500, "the flow does not flow");
            await rig.Put(rig.Endpoint("w0").Spec("qosControls", new JsonObject { ["ingressPacketRate"] = 100, ["ingressPacketBurst"] = 10 }));
            await Poll.Until(() => rig["h1"].Shell("nft list table inet canal").Contains("limit rate over 100/second burst 10 packets", StringComparison.Ordinal), "there is no limit");
            // What came through before and still waits to be counted is none of the limit's.
            await Sends(before, 1000);
            (int sent, int received) = (before.Sent, before.Received);
            await Sends(before, 2000);
            double passed = (double)(before.Received - received) / (before.Sent - sent);
            Assert.InRange(passed, 0.01, 0.25); // 100 of 1000 a second
        }
        await rig.Put(rig.Endpoint("w0").Spec("qosControls", null));
        await Poll.Until(() => !rig["h1"].Shell("nft list table inet canal").Contains("limit rate over", StringComparison.Ordinal), "the limit stays");
        await rig.Round("x→w0 ✓", "w0→x ✓");
    }

    [Fact]
    public async Task So_many_connections_and_no_more_may_be_open()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.Put(rig.Endpoint("w0").Spec("qosControls", new JsonObject { ["ingressMaxConnections"] = 2 }));
        await rig.StartAgents();
        using Socket first = Open(rig), second = Open(rig), third = Open(rig, patience: 1000), other = Open(rig, "10.65.0.11");
        Assert.True(Connects(first) && Connects(second));
        Assert.False(Connects(third), "a third connection is open");
        Assert.True(Connects(other));
        first.Close(0);
        await Poll.Until(() =>
        {
            using Socket again = Open(rig, patience: 3000);
            return Connects(again);
        }, "there is no place for another when one is closed");
    }

    [Fact]
    public async Task What_leaves_the_pools_carries_the_code_point()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.Put(rig.Endpoint("w0").Spec("qosControls", new JsonObject { ["dscp"] = "AF11" }));
        await rig.StartAgents();
        rig["x"].Shell("nft 'add table inet seen; add chain inet seen c { type filter hook input priority 0; }; add rule inet seen c ip dscp af11 udp dport 8055 counter; add rule inet seen c ip6 dscp af11 udp dport 8055 counter'");
        rig["w1"].Shell("nft 'add table inet seen; add chain inet seen c { type filter hook input priority 0; }; add rule inet seen c ip dscp af11 udp dport 8055 counter'");
        await rig.Round("udp w0→x ✓", "v6 udp w0→x ✓", "udp w0→w1 ✓");
        string outside = rig["x"].Shell("nft list table inet seen");
        Assert.DoesNotContain("packets 0", outside, StringComparison.Ordinal);
        Assert.Contains("counter packets 0", rig["w1"].Shell("nft list table inet seen"), StringComparison.Ordinal);
    }

    private static Task Sends(Flow flow, int packets)
    {
        int enough = flow.Sent + packets;
        return Poll.Until(() => flow.Sent > enough, "nothing is sent");
    }

    /// <summary>A socket that waits so many ms for its connection and for an answer.</summary>
    private static Socket Open(NetworkRig rig, string to = "10.65.0.10", int patience = 10_000)
    {
        Socket socket = rig["x"].Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SendTimeout = socket.ReceiveTimeout = patience;
        Targets.AddOrUpdate(socket, new IPEndPoint(IPAddress.Parse(to), 8055));
        return socket;
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<Socket, IPEndPoint> Targets = [];

    private static bool Connects(Socket socket)
    {
        try
        {
            Targets.TryGetValue(socket, out IPEndPoint? target);
            socket.Connect(target!);
            socket.Send([1]);
            return socket.Receive(new byte[4]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
