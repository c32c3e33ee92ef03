using System.Net.Sockets;

namespace Canal.Hosting;

/// <summary>
/// Answers requests on a unix stream socket: one line in, one <see cref="ControlResponse"/> out, close. Bounded: a request line of <see cref="LargestRequestBytes"/>, which must come
/// within <see cref="RequestPatience"/>, and <see cref="MostConnections"/> at once; further callers wait in the kernel's queue. Who may connect is the socket's mode.
/// </summary>
public sealed class ControlSocketServer : IDisposable
{
    public const int LargestRequestBytes = 1024;
    public const int MostConnections = 8;

    private const UnixFileMode OwnerAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private readonly Socket _listener;
    private readonly string _path;

    private ControlSocketServer(Socket listener, string path)
    {
        _listener = listener;
        _path = path;
    }

    /// <summary>Time for the request to arrive, and for the answer to be taken.</summary>
    public static TimeSpan RequestPatience { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Makes the socket, mode 0660. One left by a dead daemon is replaced; one on which somebody answers, or a file that is no socket, is not. Two daemons that
    /// start at the very same moment beside a dead one's socket may both succeed; then the later one is reached.</summary>
    /// <exception cref="IOException">A sentence with the path.</exception>
    public static ControlSocketServer Listen(string path) => new(ListenAt(path, OwnerAndGroup, MostConnections), path);

    /// <summary>A socket that listens there, in place of one that nobody listens on any more.</summary>
    /// <param name="mode">Who may connect.</param>
    /// <param name="waiting">How many callers the kernel lets wait.</param>
    /// <exception cref="IOException">A sentence with the path.</exception>
    internal static Socket ListenAt(string path, UnixFileMode mode, int waiting)
    {
        UnixDomainSocketEndPoint address = UnixSocketAddress.Of(path);
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            BindReplacingStale(listener, address, path);
            // Nobody can connect before listen(2), so there is no moment with the umask's mode.
            File.SetUnixFileMode(path, mode);
            listener.Listen(waiting);
            return listener;
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            listener.Dispose();
            throw new IOException($"listen on {path}: {error.Message}", error);
        }
    }

    /// <summary>Serves until cancelled, which also ends the answers under way.</summary>
    /// <param name="answer">Gets the request without its line end. An exception becomes the caller's error.</param>
    public Task RunAsync(Func<string, CancellationToken, Task<ControlResponse>> answer, CancellationToken stop) =>
        ConnectionLoop.RunAsync(_listener, MostConnections, (connection, cancel) => ServeAsync(connection, answer, cancel), stop);

    public void Dispose()
    {
        // In this order: once the listener is closed, the name may already be another daemon's.
        if (File.Exists(_path))
            File.Delete(_path);
        _listener.Dispose();
    }

    private static void BindReplacingStale(Socket listener, UnixDomainSocketEndPoint address, string path)
    {
        try
        {
            listener.Bind(address);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            if (!IsSocket(path))
                throw new IOException("there is a file of this name that is no socket", error);
            if (SomebodyAnswers(address))
                throw new IOException("another daemon answers there", error);
            File.Delete(path);
            listener.Bind(address);
        }
    }

    // open(2) of a socket fails with ENXIO; .NET does not show the type of a file otherwise.
    private static bool IsSocket(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static bool SomebodyAnswers(UnixDomainSocketEndPoint address)
    {
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(address);
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return false;
        }
    }

    private static async Task ServeAsync(Socket connection, Func<string, CancellationToken, Task<ControlResponse>> answer, CancellationToken stop)
    {
        using NetworkStream stream = new(connection);
        string? request = await BoundedLine.ReadAsync(stream, LargestRequestBytes, RequestPatience, stop);
        ControlResponse response = request is null
            ? ControlResponse.Failed($"the request is no line of at most {LargestRequestBytes} bytes")
            : await AnswerAsync(request, answer, stop);
        await LastWords.SendAsync(stream, stream.Socket, response.Encode(), RequestPatience, stop);
    }

    // The caller is told of any failure, the daemon goes on: a request must not be able to end it.
    private static async Task<ControlResponse> AnswerAsync(string request, Func<string, CancellationToken, Task<ControlResponse>> answer, CancellationToken stop)
    {
        try
        {
            return await answer(request, stop);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return ControlResponse.Failed($"{error.GetType().Name}: {error.Message}");
        }
    }
}
