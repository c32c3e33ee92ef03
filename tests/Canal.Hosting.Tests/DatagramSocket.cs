using System.Net.Sockets;
using System.Text;

namespace Canal.Hosting.Tests;

/// <summary>The receiving end that systemd would have: a unix datagram socket at a path or an abstract name.</summary>
internal sealed class DatagramSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };

    public DatagramSocket(string address) => _socket.Bind(new UnixDomainSocketEndPoint(address));

    public Socket Socket => _socket;

    public byte[] Receive()
    {
        byte[] buffer = new byte[1 << 20];
        return buffer[.._socket.Receive(buffer)];
    }

    public string ReceiveText() => Encoding.UTF8.GetString(Receive());

    public bool IsEmpty => !_socket.Poll(0, SelectMode.SelectRead);

    public void Dispose() => _socket.Dispose();
}
