using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Canal.Hosting;

/// <summary>
/// Just enough of HTTP/1.1 (RFC 9112) for probes and scrapers: GET and HEAD of a few fixed paths, one request a connection. No bodies, no keep-alive; without
/// TLS it belongs on loopback. Bounded: a request head of <see cref="LargestHeadBytes"/> within <see cref="Patience"/>, <see cref="MostConnections"/> at once.
/// </summary>
public sealed class HttpEndpoint : IDisposable
{
    public const int LargestHeadBytes = 8 * 1024;
    public const int MostConnections = 16;

    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private readonly Socket _listener;
    private readonly FrozenDictionary<string, Func<HttpAnswer>> _routes;
    private readonly TimeSpan _patience;
    private readonly TlsFiles? _tls;
    private readonly CancellationTokenSource _broken = new();
    private volatile IOException? _failure;

    private HttpEndpoint(Socket listener, IEnumerable<KeyValuePair<string, Func<HttpAnswer>>> routes, TimeSpan patience, TlsFiles? tls)
    {
        _listener = listener;
        _patience = patience;
        _tls = tls;
        _routes = routes.ToFrozenDictionary();
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Where it listens, with the port that the kernel chose when 0 was asked for.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <param name="host">An address, <c>localhost</c>, or empty for every address of the host.</param>
    public static IPEndPoint AddressOf(string host, long port) => new(host switch
    {
        "" => Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any,
        "localhost" => IPAddress.Loopback,
        _ => IPAddress.Parse(host),
    }, (int)port);

    /// <param name="routes">Path to answer; called on any thread, several at once.</param>
    /// <param name="tls">Read for each connection, so that files that are renewed count at once; null: without TLS.</param>
    /// <exception cref="IOException">The address cannot be listened on, or a file is not as it should be; a sentence.</exception>
    public static HttpEndpoint Listen(IPEndPoint address, IEnumerable<KeyValuePair<string, Func<HttpAnswer>>> routes, TlsFiles? tls = null) => Listen(address, routes, Patience, tls);

    internal static HttpEndpoint Listen(IPEndPoint address, IEnumerable<KeyValuePair<string, Func<HttpAnswer>>> routes, TimeSpan patience, TlsFiles? tls = null)
    {
        tls?.Read();
        Socket? listener = null;
        try
        {
            // .NET sets SO_REUSEADDR on bind, so a restart is not refused for connections in TIME_WAIT.
            listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Address.Equals(IPAddress.IPv6Any)) listener.DualMode = true;
            listener.Bind(address);
            listener.Listen(MostConnections);
            return new HttpEndpoint(listener, routes, patience, tls);
        }
        catch (SocketException error)
        {
            listener?.Dispose();
            throw new IOException($"listen on {address}: {error.Message}", error);
        }
    }

    /// <summary>Serves until cancelled.</summary>
    /// <exception cref="IOException">A file of TLS is not as it should be any more.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop, _broken.Token);
        await ConnectionLoop.RunAsync(_listener, MostConnections, ServeAsync, ended.Token);
        if (_failure is { } failure) throw new IOException(failure.Message, failure);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _broken.Dispose();
    }

    private async Task ServeAsync(Socket connection, CancellationToken stop)
    {
        await using NetworkStream network = new(connection);
        if (_tls is null)
        {
            await ServeAsync(network, connection, stop);
            return;
        }
        await using SslStream encrypted = new(network);
        await ShakeHandsAsync(encrypted, ReadTls(_tls), stop);
        await ServeAsync(encrypted, connection, stop);
    }

    private async Task ServeAsync(Stream stream, Socket connection, CancellationToken stop)
    {
        string? head = await BoundedLine.ReadUntilAsync(stream, EndOfHead, LargestHeadBytes, _patience, stop);
        await LastWords.SendAsync(stream, connection, Response(head), _patience, stop);
    }

    /// <summary>Who is to be told of a file that has become useless is not the client: nobody is served until it is mended.</summary>
    private SslServerAuthenticationOptions ReadTls(TlsFiles tls)
    {
        try
        {
            return tls.Read();
        }
        catch (IOException error)
        {
            _failure = error;
            _broken.Cancel();
            throw;
        }
    }

    private async Task ShakeHandsAsync(SslStream stream, SslServerAuthenticationOptions options, CancellationToken stop)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(_patience);
        try
        {
            await stream.AuthenticateAsServerAsync(options, deadline.Token);
        }
        catch (AuthenticationException error)
        {
            throw new IOException("the other side speaks no TLS, or is not who it should be", error);
        }
    }

    private string Response(string? head)
    {
        string[] words = head?.Split("\r\n", 2)[0].Split(' ') ?? [];
        HttpAnswer answer = words is [_, ['/', ..], "HTTP/1.1" or "HTTP/1.0"] ? Answer(words[0], words[1]) : new HttpAnswer(400, "bad request\n");
        int length = Encoding.UTF8.GetByteCount(answer.Body);
        string start = $"HTTP/1.1 {answer.Status.ToString(CultureInfo.InvariantCulture)} {Reason(answer.Status)}\r\nConnection: close\r\n";
        string allow = answer.Status == 405 ? "Allow: GET, HEAD\r\n" : "";
        // 204 has neither content nor a length (RFC 9110, 15.3.5).
        string content = answer.Status == 204 ? "" : FormattableString.Invariant($"Content-Type: {answer.ContentType}\r\nContent-Length: {length}\r\n");
        return start + allow + content + "\r\n" + (answer.Status == 204 || words is ["HEAD", ..] ? "" : answer.Body);
    }

    private HttpAnswer Answer(string method, string target)
    {
        if (!_routes.TryGetValue(target.Split('?', 2)[0], out Func<HttpAnswer>? route))
            return new HttpAnswer(404, "not found\n");
        return method is "GET" or "HEAD" ? Ask(route) : new HttpAnswer(405, "method not allowed\n");
    }

    // A part that cannot say how it is must not look well, nor take the endpoint down.
    private static HttpAnswer Ask(Func<HttpAnswer> route)
    {
        try
        {
            return route();
        }
        catch (Exception error)
        {
            return new HttpAnswer(500, $"{error.GetType().Name}: {EscapedText.Of(error.Message)}\n");
        }
    }

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    };
}
