using System.Net;
using System.Net.Sockets;

namespace Canal.Testing;

/// <summary>
/// Ports for tests' servers on loopback. They lie below those that the kernel gives to connections (from 32768, ip_local_port_range), so that none of these
/// takes one before its server listens, or while it is restarted.
/// </summary>
public static class FreePort
{
    private const int First = 10_000, End = 32_000;

    /// <summary>A port, drawn by chance, on which nobody listens.</summary>
    public static int Next()
    {
        while (true)
        {
            int port = Random.Shared.Next(First, End);
            if (IsFree(port))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
