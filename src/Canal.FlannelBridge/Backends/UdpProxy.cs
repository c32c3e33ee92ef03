using System.Net;
using System.Net.Sockets;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Tunnels;

namespace Canal.FlannelBridge.Backends;

/// <summary>
/// Carries packets between a TUN device and a UDP socket, a thread for each direction: a whole IPv4 packet is a datagram's content. Both ends are a router
/// on the packet's way.
/// </summary>
internal sealed class UdpProxy : IDisposable
{
    private const int LongestPacket = 65536;

    /// <summary>How soon a thread notices that it is to end.</summary>
    private const int PatienceMilliseconds = 250;

    private readonly TunDevice device;
    private readonly Socket socket;
    private readonly Thread[] threads;
    private volatile UdpPeers peers = UdpPeers.None;
    private volatile bool stopped;

    private UdpProxy(TunDevice device, Socket socket, IpAddress local)
    {
        (this.device, this.socket, Local) = (device, socket, local);
        threads = [new Thread(Outward) { IsBackground = true, Name = "to hosts" }, new Thread(Inward) { IsBackground = true, Name = "from hosts" }];
    }

    /// <summary>The address it speaks from.</summary>
    public IpAddress Local { get; }

    /// <summary>The device was taken away, or the socket broke: another proxy is needed.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Opens the device and the socket.</summary>
    /// <exception cref="IOException">Either cannot be had.</exception>
    public static UdpProxy Open(IpAddress local, ushort port)
    {
        TunDevice device = TunDevice.Open(UdpBackend.Device);
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = PatienceMilliseconds };
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(local.ToString()), port));
        }
        catch (SocketException e)
        {
            device.Dispose();
            socket.Dispose();
            throw new IOException($"listen on {local} port {port}: {e.Message}", e);
        }
        UdpProxy proxy = new(device, socket, local);
        foreach (Thread thread in proxy.threads) thread.Start();
        return proxy;
    }

    /// <summary>From now on these are the hosts.</summary>
    public void Follow(UdpPeers hosts) => peers = hosts;

    private void Outward()
    {
        byte[] buffer = new byte[LongestPacket], answer = new byte[Ipv4Packet.LongestAnswer];
        try
        {
            while (!stopped)
                if (device.Wait(PatienceMilliseconds))
                    for (int length; (length = device.Read(buffer)) > 0;) SendOn(buffer.AsSpan(0, length), answer);
        }
        catch (IOException)
        {
            IsBroken = true;
        }
    }

    private void SendOn(Span<byte> packet, byte[] answer)
    {
        if (!Ipv4Packet.IsWhole(packet)) return;
        if (peers.To(Ipv4Packet.Destination(packet)) is not { } host)
        {
            if (Ipv4Packet.Unreachable(packet, answer) is > 0 and var length) device.Write(answer.AsSpan(0, length));
            return;
        }
        if (!Ipv4Packet.PassOn(packet)) return;
        try
        {
            socket.SendTo(packet, SocketFlags.None, host);
        }
        catch (SocketException)
        {
            // As on any link: what cannot be sent now is lost, and its sender will notice.
        }
    }

    private void Inward()
    {
        byte[] buffer = new byte[LongestPacket];
        SocketAddress sender = new(AddressFamily.InterNetwork);
        while (!stopped)
        {
            try
            {
                int length = socket.ReceiveFrom(buffer, SocketFlags.None, sender);
                Span<byte> packet = buffer.AsSpan(0, length);
                if (Ipv4Packet.IsWhole(packet) && peers.Has(IpAddress.FromBytes(sender.Buffer.Span.Slice(4, 4))) && Ipv4Packet.PassOn(packet)) device.Write(packet);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.ConnectionRefused)
            {
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                IsBroken = true;
                return;
            }
        }
    }

    public void Dispose()
    {
        stopped = true;
        foreach (Thread thread in threads) thread.Join();
        socket.Dispose();
        device.Dispose();
    }
}
