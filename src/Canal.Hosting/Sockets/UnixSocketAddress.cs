using System.Net.Sockets;

namespace Canal.Hosting;

internal static class UnixSocketAddress
{
    /// <exception cref="IOException">The path is longer than sockaddr_un holds (107 bytes).</exception>
    public static UnixDomainSocketEndPoint Of(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new IOException($"{path}: too long for a socket's name", error);
        }
    }
}
