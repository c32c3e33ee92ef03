using System.Net;
using Serilog;

namespace Canal.Hosting;

/// <summary>
/// An <see cref="HttpEndpoint"/> that comes, goes and moves with the configuration. An address that cannot be listened on is told and tried again: no daemon
/// ends for it.
/// </summary>
/// <param name="what">As the log says it: <c>serving health</c>.</param>
/// <param name="kind">The messages' kind.</param>
/// <param name="routes">Path to answer; called on any thread.</param>
public sealed class HttpService(string what, LogEventKind kind, IReadOnlyDictionary<string, Func<HttpAnswer>> routes, TimeProvider time, ILogger log) : IDisposable
{
    private readonly Lock guard = new();
    private readonly Trouble trouble = new(what, kind, time, log);
    private CancellationTokenSource changed = new();
    private IPEndPoint? wanted;

    /// <summary>Where to serve from now on; null: nowhere.</summary>
    public void Configure(IPEndPoint? address)
    {
        lock (guard)
        {
            if (Equals(address, wanted)) return;
            wanted = address;
            changed.Cancel();
        }
    }

    /// <summary>Serves until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            IPEndPoint? address;
            CancellationToken renewed;
            lock (guard)
            {
                address = wanted;
                changed.Dispose();
                changed = new CancellationTokenSource();
                renewed = changed.Token;
            }
            using CancellationTokenSource other = CancellationTokenSource.CreateLinkedTokenSource(stop, renewed);
            try
            {
                await ServeAsync(address, other.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // Another address.
            }
        }
    }

    public void Dispose() => changed.Dispose();

    private async Task ServeAsync(IPEndPoint? address, CancellationToken stop)
    {
        if (address is null) await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        try
        {
            using HttpEndpoint endpoint = HttpEndpoint.Listen(address!, routes);
            trouble.Note(null);
            await endpoint.RunAsync(stop).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
        }
        catch (IOException e)
        {
            trouble.Note(e.Message);
            TimeSpan wait = trouble.RetryAt!.Value - time.GetUtcNow();
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, stop).ConfigureAwait(false);
        }
    }
}
