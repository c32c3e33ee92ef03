using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Canal.Hosting;

/// <summary>Sends the answer that ends a connection.</summary>
internal static class LastWords
{
    private const int MostDropped = 256 * 1024;

    /// <summary>
    /// Sends the text and the end of the stream, then drops what the other side still sends until it closes too: closing with unread bytes resets the connection, and the other
    /// side might lose the answer. All within the patience.
    /// </summary>
    public static async Task SendAsync(Stream stream, Socket connection, string text, TimeSpan patience, CancellationToken stop)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(patience);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), deadline.Token);
        if (stream is SslStream encrypted) await encrypted.ShutdownAsync();
        connection.Shutdown(SocketShutdown.Send);
        byte[] rest = new byte[4096];
        for (int dropped = 0, read = 1; read > 0 && dropped < MostDropped; dropped += read)
            read = await connection.ReceiveAsync(rest, deadline.Token);
    }
}
