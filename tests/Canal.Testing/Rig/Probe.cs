using System.Net;
using System.Net.Sockets;

namespace Canal.Testing.Rig;

/// <summary>Sends what one expectation describes, with a fresh source port, and tells what became of it.</summary>
internal sealed class Probe
{
    private readonly Expectation expected;
    private readonly RigNode from;
    private readonly RigNode to;
    private readonly byte[] token = Guid.NewGuid().ToByteArray();

    internal Probe(NetworkRig rig, Expectation expected)
    {
        this.expected = expected;
        from = rig[expected.From];
        to = rig[expected.To];
    }

    /// <summary>Runs the probe; a probe that hears nothing takes the whole window.</summary>
    internal async Task<Outcome> Run(TimeSpan window)
    {
        using CancellationTokenSource end = new(window);
        try
        {
            await Send(end.Token);
            return Outcome.Passed;
        }
        catch (OperationCanceledException)
        {
            return Outcome.Silent;
        }
        catch (SocketException)
        {
            return Outcome.Rejected;
        }
    }

    private Task Send(CancellationToken end) => expected.How switch
    {
        "tcp" => Connect(0, end),
        "sport" => Connect(int.Parse(expected.Argument), end),
        "udp" => EchoUdp(end),
        "ping" => Ping(end),
        "proto" => Deliver(byte.Parse(expected.Argument), token, end),
        "icmp" => DeliverIcmp(end),
        "src" => DeliverSpoofed(17, Packet.Udp(expected.Source, Target.Address, 40000, expected.Port, token), end),
        "ack" => StrayAck(end),
        "syn" => DeliverSpoofed(6, Packet.TcpSyn(expected.Source, Target.Address, 40000, expected.Port, token), end),
        _ => throw new FormatException($"unknown kind of probe in: {expected.Text}"),
    };

    private IPEndPoint Target => new(to.Address(expected.Family), expected.Port);

    private async Task Connect(int sourcePort, CancellationToken end)
    {
        using Socket socket = from.Netns.Socket(expected.Family, SocketType.Stream, ProtocolType.Tcp);
        // Closing by RST leaves no TIME_WAIT, so the same source port can be used in the next round.
        socket.LingerState = new LingerOption(true, 0);
        if (sourcePort != 0)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(from.Address(expected.Family), sourcePort));
        }
        await socket.ConnectAsync(Target, end);
    }

    private async Task EchoUdp(CancellationToken end)
    {
        using Socket socket = from.Netns.Socket(expected.Family, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(Target, end);
        await socket.SendAsync(token, end);
        await socket.ReceiveAsync(new byte[64], end);
    }

    private async Task Ping(CancellationToken end)
    {
        bool four = expected.Family == AddressFamily.InterNetwork;
        using Socket socket = from.Netns.RawSocket(expected.Family, four ? (byte)1 : (byte)58);
        await socket.SendToAsync(Packet.Icmp(four ? 8 : 128, 0, token), SocketFlags.None, new IPEndPoint(Target.Address, 0), end);
        await Arrival(socket, token, four ? (byte)0 : (byte)129, end);
    }

    private Task DeliverIcmp(CancellationToken end)
    {
        string[] numbers = expected.Argument.Split('/');
        return Deliver(expected.Family == AddressFamily.InterNetwork ? (byte)1 : (byte)58, Packet.Icmp(int.Parse(numbers[0]), int.Parse(numbers[1]), token), end);
    }

    // An ordinary source address, a raw payload: one packet, looked for at the other end.
    private async Task Deliver(byte protocol, byte[] payload, CancellationToken end)
    {
        using Socket receiver = to.Netns.RawSocket(expected.Family, protocol);
        using Socket sender = from.Netns.RawSocket(expected.Family, protocol);
        Task arrival = Arrival(receiver, token, null, end);
        await sender.SendToAsync(payload, SocketFlags.None, new IPEndPoint(Target.Address, 0), end);
        await arrival;
    }

    private async Task DeliverSpoofed(byte protocol, byte[] segment, CancellationToken end)
    {
        const byte ownHeader = 255;
        using Socket receiver = to.Netns.RawSocket(expected.Family, protocol);
        using Socket sender = from.Netns.RawSocket(expected.Family, ownHeader);
        Task arrival = Arrival(receiver, token, null, end);
        await sender.SendToAsync(Packet.Ip(expected.Source, Target.Address, protocol, segment), SocketFlags.None, new IPEndPoint(Target.Address, 0), end);
        await arrival;
    }

    // A segment of no connection: an open stack answers it with a RST.
    private async Task StrayAck(CancellationToken end)
    {
        const byte ownHeader = 255, rst = 4;
        int sourcePort = Random.Shared.Next(41000, 50000);
        using Socket receiver = from.Netns.RawSocket(expected.Family, 6);
        using Socket sender = from.Netns.RawSocket(expected.Family, ownHeader);
        IPAddress source = from.Address(expected.Family);
        byte[] packet = Packet.Ip(source, Target.Address, 6, Packet.Tcp(source, Target.Address, sourcePort, expected.Port, flags: 0x10, []));
        await sender.SendToAsync(packet, SocketFlags.None, new IPEndPoint(Target.Address, 0), end);
        byte[] buffer = new byte[256];
        byte[] ports = [(byte)(expected.Port >> 8), (byte)expected.Port, (byte)(sourcePort >> 8), (byte)sourcePort];
        IPEndPoint any = new(expected.Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        int header = expected.Family == AddressFamily.InterNetwork ? 20 : 0;
        do
            await receiver.ReceiveFromAsync(buffer, SocketFlags.None, any, end);
        while (!buffer.AsSpan(header, 4).SequenceEqual(ports) || (buffer[header + 13] & rst) == 0);
    }

    // IPv4 raw sockets hand over the IP header, IPv6 ones do not (raw(7), ipv6(7)); the random token finds its packet either way.
    private async Task Arrival(Socket receiver, byte[] sent, byte? icmpType, CancellationToken end)
    {
        byte[] buffer = new byte[2048];
        IPEndPoint any = new(expected.Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            SocketReceiveFromResult packet = await receiver.ReceiveFromAsync(buffer, SocketFlags.None, any, end);
            int header = expected.Family == AddressFamily.InterNetwork ? (buffer[0] & 15) * 4 : 0;
            bool ofType = icmpType is null || buffer[header] == icmpType;
            if (ofType && buffer.AsSpan(0, packet.ReceivedBytes).IndexOf(sent) >= 0 && FromExpected(packet.RemoteEndPoint))
                return;
        }
    }

    private bool FromExpected(EndPoint source) =>
        expected.How is not ("src" or "syn") || ((IPEndPoint)source).Address.Equals(expected.Source);
}
