using System.Net;
using System.Net.Sockets;

namespace Canal.Testing.Rig;

/// <summary>TCP and UDP echo on one port of a namespace, both families; it lives until disposed.</summary>
internal sealed class EchoServer : IDisposable
{
    private readonly Socket tcp;
    private readonly Socket udp;

    internal EchoServer(Netns where, int port)
    {
        tcp = where.Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        udp = where.Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        tcp.DualMode = udp.DualMode = true;
        tcp.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        udp.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        tcp.Listen(512);
        _ = Accept();
        _ = EchoDatagrams();
    }

    public void Dispose()
    {
        tcp.Dispose();
        udp.Dispose();
    }

    private async Task Accept()
    {
        try
        {
            while (true)
                _ = EchoStream(await tcp.AcceptAsync());
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
        }
    }

    private static async Task EchoStream(Socket client)
    {
        using Socket open = client;
        open.NoDelay = true;
        byte[] buffer = new byte[2048];
        try
        {
            while (await open.ReceiveAsync(buffer) is > 0 and int length)
                await open.SendAsync(buffer.AsMemory(0, length));
        }
        catch (SocketException)
        {
        }
    }

    private async Task EchoDatagrams()
    {
        byte[] buffer = new byte[2048];
        while (true)
        {
            try
            {
                SocketReceiveFromResult packet = await udp.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.IPv6Any, 0));
                await udp.SendToAsync(buffer.AsMemory(0, packet.ReceivedBytes), SocketFlags.None, packet.RemoteEndPoint);
            }
            catch (SocketException error) when (error.SocketErrorCode != SocketError.OperationAborted)
            {
                // The answer was refused on its way out (a denied peer, an ICMP error); the next datagram is another matter.
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
