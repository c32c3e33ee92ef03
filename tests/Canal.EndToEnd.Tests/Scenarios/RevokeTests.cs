using System.Net;
using System.Net.Sockets;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>Connections that policy no longer allows end, from real packets.</summary>
public sealed class RevokeTests
{
    /// <summary>How long, in ms, silence is listened to, and how long an answer that must come is waited for.</summary>
    private const int Shortly = 1000, Long = 10_000;

    private static readonly Resource Guard = Calico.NetworkPolicy("default", "guard").Selecting("name == 'w0'");

    [Theory]
    [InlineData("reset")]
    [InlineData("drop")]
    public async Task A_connection_ends_when_policy_forbids_it_and_others_go_on(string how)
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig.Agent().Configure($"on_revoke = \"{how}\"");
        await rig.StartAgents();
        await rig.Put(Guard.In(Rule.Allow));
        using Socket doomed = Connect(rig, "x", "10.65.0.10"), kept = Connect(rig, "w1", "10.65.0.10"), other = Connect(rig, "x", "10.65.0.11");
        using Socket back = Connect(rig, "w0", "10.100.0.100");
        Assert.True(IsEchoed(doomed) && IsEchoed(kept) && IsEchoed(other) && IsEchoed(back));

        await rig.Put(Guard.In(Rule.Allow.Src("name == 'w1'")));
        await rig.Round("x→w0 ✗", "w1→w0 ✓", "x→w1 ✓");
        await Poll.Until(() => Count(rig) > 0, "nothing is marked as revoked");
        if (how == "reset")
        {
            SocketException end = Assert.Throws<SocketException>(() => { for (int i = 0; i < 20; i++) { doomed.Send([1, 2, 3, 4]); doomed.Receive(new byte[64]); } });
            Assert.NotEqual(SocketError.TimedOut, end.SocketErrorCode);
        }
        else Assert.False(IsEchoed(doomed, Shortly), "the connection goes on");
        Assert.True(IsEchoed(kept) && IsEchoed(other) && IsEchoed(back), "a connection that policy allows was cut");
        Assert.False(IsEchoed(doomed, Shortly), "the connection was taken up again in the middle");
        if (how == "reset") return;

        await rig.Put(Guard.In(Rule.Allow));
        await Poll.Until(() => IsEchoed(doomed), "it does not go on though it is allowed again");
    }

    [Fact]
    public async Task By_default_it_goes_on()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Put(Guard.In(Rule.Allow));
        using Socket connection = Connect(rig, "x", "10.65.0.10");
        Assert.True(IsEchoed(connection));
        await rig.Put(Guard.In(Rule.Allow.Src("name == 'w1'")));
        await rig.Round("x→w0 ✗", "w1→w0 ✓");
        Assert.True(IsEchoed(connection));
    }

    [Fact]
    public async Task What_came_in_while_another_program_had_flushed_the_rules_ends()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig.Agent().Configure("on_revoke = \"drop\"");
        await rig.Put(Guard.In(Rule.Allow.Src("name == 'w1'")));
        await rig.StartAgents();
        await rig.Round("x→w0 ✗", "w1→w0 ✓");
        // Without anybody's rule about connections the kernel would track none.
        rig["h1"].Shell("nft 'add table inet other; add chain inet other c { type filter hook forward priority 100; }; add rule inet other c ct state established counter'");
        // While the agent stands nobody repairs: the longest gap there is.
        rig["h1"].Shell($"kill -STOP {rig.Agent().Pid}");
        rig["h1"].Shell("nft delete table inet canal");
        using Socket sneaked = Connect(rig, "x", "10.65.0.10"), allowed = Connect(rig, "w1", "10.65.0.10");
        Assert.True(IsEchoed(sneaked) && IsEchoed(allowed));
        rig["h1"].Shell($"kill -CONT {rig.Agent().Pid}");
        await Poll.Until(() => Count(rig) > 0, "nothing is marked as revoked");
        Assert.False(IsEchoed(sneaked, Shortly), "what was let through goes on");
        Assert.True(IsEchoed(allowed), "what policy allows was cut");
    }

    [Fact]
    public async Task A_host_endpoints_connections_end_but_those_of_failsafe_ports()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        rig["h1"].Listen(22);
        rig.Agent().Configure("on_revoke = \"drop\"");
        await rig.StartAgents();
        await rig.Put(Calico.HostEndpoint("hep-h1", "h1", "eth0"), Calico.GlobalNetworkPolicy("gate").Selecting("host == 'h1'").In(Rule.Allow).Out(Rule.Allow));
        await rig.Round("x→h1 ✓", "h1→x ✓");
        using Socket doomed = Connect(rig, "x", "10.100.0.1"), failsafe = Connect(rig, "x", "10.100.0.1", 22), outgoing = Connect(rig, "h1", "10.100.0.100");
        Assert.True(IsEchoed(doomed) && IsEchoed(failsafe) && IsEchoed(outgoing));
        await rig.Put(Calico.GlobalNetworkPolicy("gate").Selecting("host == 'h1'").In().Out(Rule.Allow));
        await rig.Round("x→h1 ✗", "x→h1:22 ✓", "h1→x ✓");
        // While there was no policy yet others were cut: the log says nothing of this one.
        await Poll.Until(() => !IsEchoed(doomed, Shortly), "the connection goes on");
        Assert.True(IsEchoed(failsafe) && IsEchoed(outgoing), "a connection that is allowed was cut");
    }

    /// <summary>Connections that are marked.</summary>
    private static int Count(NetworkRig rig) => rig.Agent().Log.Count(line => line.Contains("are cut because policy no longer allows them", StringComparison.Ordinal));

    private static Socket Connect(NetworkRig rig, string from, string to, int port = 8055)
    {
        Socket socket = rig[from].Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (socket.SendTimeout, socket.NoDelay) = (Long, true);
        socket.Connect(new IPEndPoint(IPAddress.Parse(to), port));
        return socket;
    }

    private static bool IsEchoed(Socket socket, int patience = Long)
    {
        socket.ReceiveTimeout = patience;
        try
        {
            socket.Send([1, 2, 3, 4]);
            return socket.Receive(new byte[64]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
