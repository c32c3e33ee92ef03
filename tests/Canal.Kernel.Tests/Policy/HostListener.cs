using System.Net.Sockets;
using Canal.Core.Policy;

namespace Canal.Kernel.Tests.Policy;

/// <summary>Sees every packet that the host's own protocols get, after the input hook.</summary>
internal sealed class HostListener : IDisposable
{
    private readonly List<Socket> sockets = [];

    /// <summary>The protocols it listens to. The sockets are in the thread's namespace.</summary>
    internal static byte[] Protocols => [IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Icmp, IpProtocol.IcmpV6];

    internal HostListener()
    {
        foreach (byte protocol in Protocols)
        {
            if (protocol != IpProtocol.IcmpV6) sockets.Add(new Socket(AddressFamily.InterNetwork, SocketType.Raw, (ProtocolType)protocol) { Blocking = false });
            if (protocol != IpProtocol.Icmp) sockets.Add(new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, (ProtocolType)protocol) { Blocking = false });
        }
        foreach (Socket socket in sockets) socket.ReceiveBufferSize = 1 << 20;
    }

    /// <summary>Numbers of the packets that came in until now.</summary>
    internal IEnumerable<int> Take()
    {
        byte[] packet = new byte[2048];
        foreach (Socket socket in sockets)
        {
            while (true)
            {
                int length = socket.Receive(packet, 0, packet.Length, SocketFlags.None, out SocketError error);
                if (error != SocketError.Success) break;
                int number = Frame.NumberAt(packet.AsSpan(0, length), socket.AddressFamily == AddressFamily.InterNetwork ? 20 : 0, (byte)socket.ProtocolType);
                if (number >= 0) yield return number;
            }
        }
    }

    public void Dispose()
    {
        foreach (Socket socket in sockets) socket.Dispose();
    }
}
