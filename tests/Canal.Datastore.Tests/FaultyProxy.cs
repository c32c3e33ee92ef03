using System.Net;
using System.Net.Sockets;

namespace Canal.Datastore.Tests;

/// <summary>A TCP proxy on loopback whose connections can be made to swallow everything, or be cut.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> pumps = [];
    private readonly List<Socket> sockets = [];
    private readonly Lock mutex = new();
    private readonly int target;
    private readonly Task accepting;
    private volatile bool swallowing;
    private int accepted;

    public FaultyProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Endpoint => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>Connections made so far.</summary>
    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>From now on nothing passes, in either direction, and no connection ends.</summary>
    public void Swallow() => swallowing = true;

    /// <summary>New connections work again; bytes swallowed are gone, so old ones are cut.</summary>
    public void Recover()
    {
        Cut();
        swallowing = false;
    }

    /// <summary>Ends all connections.</summary>
    public void Cut()
    {
        lock (mutex)
        {
            sockets.ForEach(socket => socket.Dispose());
            sockets.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        Cut();
        await accepting;
        await Task.WhenAll(pumps);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                Join(await listener.AcceptSocketAsync(stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private void Join(Socket client)
    {
        Socket server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        Interlocked.Increment(ref accepted);
        lock (mutex)
            sockets.AddRange([client, server]);
        pumps.Add(ConnectAsync(client, server));
    }

    private async Task ConnectAsync(Socket client, Socket server)
    {
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The target is away: the client sees its connection end.
        }
        client.Dispose();
        server.Dispose();
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and int count)
            {
                if (!swallowing)
                    await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
