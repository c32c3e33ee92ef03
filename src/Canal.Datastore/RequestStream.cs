using Grpc.Core;

namespace Canal.Datastore;

/// <summary>Writing to a stream that may be broken.</summary>
internal static class RequestStream
{
    /// <summary>
    /// Sends a message; false when the stream is broken, and then reading it tells why. .NET's HTTP/2 lets its own exceptions through here and only here.
    /// </summary>
    public static async ValueTask<bool> TryWriteAsync<T>(this IClientStreamWriter<T> stream, T message, CancellationToken stop)
    {
        try
        {
            await stream.WriteAsync(message, stop);
            return true;
        }
        catch (Exception error) when (error is RpcException or IOException or HttpRequestException or InvalidOperationException)
        {
            return false;
        }
    }
}
