using System.Net.Sockets;

namespace Canal.Hosting;

/// <summary>Accepts connections and serves a bounded number of them at once; further ones wait in the kernel's queue (listen(2)).</summary>
internal static class ConnectionLoop
{
    // accept(2) fails for want of descriptors or memory; that passes, and trying again at once would only burn the processor.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Until cancelled, which also cancels those being served; returns once they have ended.</summary>
    public static async Task RunAsync(Socket listener, int most, Func<Socket, CancellationToken, Task> serve, CancellationToken stop)
    {
        using SemaphoreSlim places = new(most);
        try
        {
            while (true)
            {
                await places.WaitAsync(stop);
                if (await AcceptAsync(listener, stop) is { } connection)
                    _ = ServeAsync(connection, places, serve, stop);
                else
                    places.Release();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            for (int ended = 0; ended < most; ended++)
                await places.WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>Null when there is no connection to serve: a passing failure, or the end, which the caller notices next.</summary>
    private static async Task<Socket?> AcceptAsync(Socket listener, CancellationToken stop)
    {
        try
        {
            return await listener.AcceptAsync(stop);
        }
        catch (SocketException)
        {
            await Task.Delay(Pause, CancellationToken.None);
            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task ServeAsync(Socket connection, SemaphoreSlim places, Func<Socket, CancellationToken, Task> serve, CancellationToken stop)
    {
        try
        {
            using (connection)
                await serve(connection, stop);
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
        {
            // The other side went away or was too slow; there is nobody left to tell.
        }
        finally
        {
            places.Release();
        }
    }
}
