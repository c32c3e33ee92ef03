using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>What belongs to an allowed connection passes whatever policy says; what can belong to none does not, whatever policy says.</summary>
public sealed class ConnectionStateTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task An_error_about_an_allowed_flow_comes_back_where_nothing_else_may(AddressFamily family)
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(
            Calico.GlobalNetworkPolicy("only-out").Selecting("name == 'w1'").Types("Ingress", "Egress").Out(Rule.Allow),
            Calico.GlobalNetworkPolicy("only-in").Selecting("name == 'w0'").Types("Ingress", "Egress").In(Rule.Allow.Src("name == 'w1'")));
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w0→w1 ✗");
        using Socket socket = rig["w1"].Netns.Socket(family, SocketType.Dgram, ProtocolType.Udp);
        socket.ReceiveTimeout = 200;
        await socket.ConnectAsync(new IPEndPoint(rig["w0"].Address(family), 9));
        await Poll.Until(() => IsRefused(socket), "nothing tells w1 that w0's port is closed");
    }

    [Fact]
    public async Task A_packet_that_can_be_no_connections_is_dropped_unless_the_check_is_off()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓");
        using Socket receiver = rig["w0"].Netns.RawSocket(AddressFamily.InterNetwork, (byte)ProtocolType.Tcp);
        using Socket sender = rig["w1"].Netns.RawSocket(AddressFamily.InterNetwork, (byte)ProtocolType.Tcp);
        receiver.ReceiveTimeout = 100;
        long dropped = Invalid(rig);
        // A segment that begins and ends a connection at once.
        const byte impossible = 0x03, begin = 0x02;
        ushort port = 50000;
        await Poll.Until(() =>
        {
            Send(sender, rig, port, impossible);
            return Invalid(rig) > dropped;
        }, "no packet is counted as invalid");
        Send(sender, rig, ++port, begin);
        ushort first = 0;
        await Poll.Until(() => (first = NextSourcePort(receiver)) != 0, "a packet that begins a connection does not come");
        Assert.Equal(port, first);

        await rig.Put(NetworkRig.Configuration.Spec("disableConntrackInvalidCheck", true));
        await Poll.Until(() =>
        {
            Send(sender, rig, ++port, impossible);
            for (int seen; (seen = NextSourcePort(receiver)) != 0;)
                if (seen == port) return true;
            return false;
        }, "the packet is still dropped");
    }

    private static bool IsRefused(Socket socket)
    {
        try
        {
            socket.Send([1]);
            socket.Receive(new byte[1]);
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.TimedOut or SocketError.WouldBlock)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    private static long Invalid(NetworkRig rig) =>
        KernelRule.List(rig["h1"]).Where(rule => rule.Comment == "connection tracking: invalid").Sum(rule => rule.Packets);

    private static void Send(Socket sender, NetworkRig rig, ushort sourcePort, byte flags)
    {
        byte[] segment = new byte[20];
        BinaryPrimitives.WriteUInt16BigEndian(segment, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), 8055);
        segment[12] = 5 << 4;
        segment[13] = flags;
        segment[14] = 0x10;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(16), Checksum([.. rig["w1"].Address4.GetAddressBytes(), .. rig["w0"].Address4.GetAddressBytes(), 0, 6, 0, 20, .. segment]));
        sender.SendTo(segment, new IPEndPoint(rig["w0"].Address4, 0));
    }

    /// <summary>Source port of the next packet of the test's, 0 when none comes.</summary>
    private static ushort NextSourcePort(Socket receiver)
    {
        byte[] packet = new byte[200];
        try
        {
            while (true)
            {
                int length = receiver.Receive(packet);
                int header = (packet[0] & 15) * 4;
                if (length >= header + 20 && BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(header)) is >= 50000 and <= 60000 and ushort port) return port;
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return 0;
        }
    }

    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
