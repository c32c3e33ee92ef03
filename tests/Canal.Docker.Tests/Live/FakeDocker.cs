using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Canal.Docker.Tests.Live;

/// <summary>As much of Docker's own socket as the driver asks: fixed answers by path, one a connection.</summary>
internal sealed class FakeDocker : IDisposable
{
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public FakeDocker(string path)
    {
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(16);
        _ = ServeAsync();
    }

    /// <summary>Path, with the slash, to JSON; anything else is 404.</summary>
    public ConcurrentDictionary<string, string> Answers { get; } = [];

    /// <summary>What was asked for.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public void Dispose() => listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using Socket connection = await listener.AcceptAsync();
                await using NetworkStream stream = new(connection);
                using StreamReader reader = new(stream);
                string path = (await reader.ReadLineAsync())!.Split(' ')[1];
                while (await reader.ReadLineAsync() is { Length: > 0 })
                {
                }
                Asked.Enqueue(path);
                bool known = Answers.TryGetValue(path, out string? json);
                string body = known ? json! : """{"message":"no such thing"}""";
                await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {(known ? "200 OK" : "404 Not Found")}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }
}
