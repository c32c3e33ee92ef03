using System.Net;
using System.Net.Sockets;

namespace Canal.Datastore.Tests;

/// <summary>Listens on a unix socket and passes one connection on to a port on loopback.</summary>
internal sealed class UnixProxy : IAsyncDisposable
{
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();
    private readonly Task passing;

    public UnixProxy(string path, int port)
    {
        Path = path;
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        passing = PassAsync(port);
    }

    public string Path { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await passing;
        stop.Dispose();
    }

    private async Task PassAsync(int port)
    {
        try
        {
            using NetworkStream client = new(await listener.AcceptAsync(stop.Token), ownsSocket: true);
            using TcpClient server = new();
            await server.ConnectAsync(IPAddress.Loopback, port, stop.Token);
            await Task.WhenAny(client.CopyToAsync(server.GetStream(), stop.Token), server.GetStream().CopyToAsync(client, stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
