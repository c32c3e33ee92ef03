using System.Net.Sockets;
using System.Text;

namespace Canal.Hosting;

/// <summary>Asks a running daemon; what <c>ExecReload=canal-felix --reload</c> and canalctl do.</summary>
public static class ControlSocketClient
{
    private const int LargestResponseBytes = 16 << 20;

    private static readonly TimeSpan WhenQueueIsFull = TimeSpan.FromMilliseconds(20);

    /// <summary>Sends one request line and waits for the whole answer, for as long as the token allows: a reload is over when this returns.</summary>
    /// <exception cref="IOException">Nobody answers on the socket, or the answer breaks off; a sentence with the path.</exception>
    public static async Task<ControlResponse> AskAsync(string path, string request, CancellationToken cancel)
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await ConnectAsync(socket, UnixSocketAddress.Of(path), cancel);
            using NetworkStream stream = new(socket);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request + "\n"), cancel);
            return ControlResponse.Decode(await ReadAsync(stream, cancel)) ?? throw new IOException($"{path}: the daemon ended before it had answered");
        }
        // ENOENT, for which .NET has another word.
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressNotAvailable && !File.Exists(path))
        {
            throw new IOException($"nobody answers on {path}: there is no such socket; is the daemon running?", error);
        }
        catch (SocketException error)
        {
            throw new IOException($"nobody answers on {path}: {error.Message}", error);
        }
    }

    // A daemon with a full queue of callers answers a non-blocking connect(2), and .NET's is one, with EAGAIN (unix(7)); there is nothing to wait on but time.
    private static async Task ConnectAsync(Socket socket, UnixDomainSocketEndPoint address, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await socket.ConnectAsync(address, cancel);
                return;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.WouldBlock)
            {
                await Task.Delay(WhenQueueIsFull, cancel);
            }
        }
    }

    private static async Task<string> ReadAsync(NetworkStream stream, CancellationToken cancel)
    {
        using MemoryStream text = new();
        byte[] buffer = new byte[16 * 1024];
        int length;
        while ((length = await stream.ReadAsync(buffer, cancel)) > 0)
        {
            if (text.Length + length > LargestResponseBytes)
                throw new IOException($"the answer is longer than {LargestResponseBytes} bytes");
            text.Write(buffer, 0, length);
        }
        return Encoding.UTF8.GetString(text.GetBuffer().AsSpan(0, (int)text.Length));
    }
}
