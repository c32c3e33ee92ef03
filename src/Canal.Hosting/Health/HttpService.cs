using System.Net;
using Serilog;

namespace Canal.Hosting;

/// <summary>
/// An <see cref="HttpEndpoint"/> that comes, goes and moves with the configuration. An address that cannot be listened on, or a certificate that
/// cannot be read, is told and tried again: no daemon ends for it.
/// </summary>
/// <param name="what">As the log says it: <c>serving health</c>.</param>
/// <param name="kind">The messages' kind.</param>
/// <param name="routes">Path to answer; called on any thread.</param>
public sealed class HttpService(string what, LogEventKind kind, IReadOnlyDictionary<string, Func<HttpAnswer>> routes, TimeProvider time, ILogger log) : IDisposable
{
    private readonly Lock guard = new();
    private readonly Trouble trouble = new(what, kind, time, log);
    private CancellationTokenSource changed = new();
    private (IPEndPoint? Address, TlsFiles? Tls) wanted;

    /// <summary>Where to serve from now on; null: nowhere.</summary>
    /// <param name="tls">Null: without TLS.</param>
    public void Configure(IPEndPoint? address, TlsFiles? tls = null)
    {
        lock (guard)
        {
            if (Equals((address, tls), wanted)) return;
            wanted = (address, tls);
            changed.Cancel();
        }
    }

    /// <summary>Serves until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            (IPEndPoint? Address, TlsFiles? Tls) now;
            CancellationToken renewed;
            lock (guard)
            {
                now = wanted;
                changed.Dispose();
                changed = new CancellationTokenSource();
                renewed = changed.Token;
            }
            using CancellationTokenSource other = CancellationTokenSource.CreateLinkedTokenSource(stop, renewed);
            try
            {
                await ServeAsync(now.Address, now.Tls, other.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // Another address.
            }
        }
    }

    public void Dispose() => changed.Dispose();

    private async Task ServeAsync(IPEndPoint? address, TlsFiles? tls, CancellationToken stop)
    {
        if (address is null) await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        try
        {
            using HttpEndpoint endpoint = HttpEndpoint.Listen(address!, routes, tls);
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
