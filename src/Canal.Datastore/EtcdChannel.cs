using Grpc.Core;

namespace Canal.Datastore;

/// <summary>
/// The way to one etcd cluster: its endpoints, TLS, and the user's token. Nothing is connected before the first request; safe for use from
/// several threads. After a failed connection the next endpoint is used, in the order given.
/// </summary>
/// <remarks>A connection that swallows everything is noticed within <see cref="EtcdOptions.KeepAliveInterval"/> + <see cref="EtcdOptions.KeepAliveTimeout"/>.</remarks>
public sealed class EtcdChannel : IAsyncDisposable
{
    private readonly IReadOnlyList<EtcdEndpoint> endpoints;
    private readonly EtcdToken token;
    private readonly TimeSpan requestTimeout;
    private readonly TimeProvider time;
    private int current;

    /// <summary>Checks the options and reads the files they name.</summary>
    /// <exception cref="EtcdException">Configuration: names the field that is wrong.</exception>
    public EtcdChannel(EtcdOptions options, TimeProvider time)
        : this(options, time, Open(options))
    {
    }

    internal EtcdChannel(EtcdOptions options, TimeProvider time, IReadOnlyList<EtcdEndpoint> endpoints)
    {
        this.endpoints = endpoints;
        this.time = time;
        requestTimeout = options.RequestTimeout;
        token = new EtcdToken(options.Username, options.Password);
    }

    /// <summary>How many endpoints there are to try.</summary>
    internal int EndpointCount => endpoints.Count;

    /// <summary>The endpoint the next request goes to.</summary>
    internal EtcdEndpoint Current => endpoints[Volatile.Read(ref current) % endpoints.Count];

    /// <summary>Closes the connections; requests under way fail.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (EtcdEndpoint endpoint in endpoints)
            endpoint.Dispose();
        token.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends a request that changes nothing; tries every endpoint once before it gives up.</summary>
    internal Task<T> ReadAsync<T>(Func<EtcdEndpoint, CallOptions, Task<T>> request, CancellationToken stop) =>
        CallAsync(request, _ => true, stop);

    /// <summary>Sends a request that changes something; tries another endpoint only when nothing can have been sent to the first.</summary>
    internal Task<T> WriteAsync<T>(Func<EtcdEndpoint, CallOptions, Task<T>> request, CancellationToken stop) =>
        CallAsync(request, failure => !failure.OutcomeUnknown, stop);

    /// <summary>Moves on from an endpoint that failed, unless another caller already has.</summary>
    internal void Leave(EtcdEndpoint failed)
    {
        int seen = Volatile.Read(ref current);
        if (ReferenceEquals(endpoints[seen % endpoints.Count], failed))
            Interlocked.CompareExchange(ref current, (seen + 1) % endpoints.Count, seen);
    }

    /// <summary>Opens a stream for watches, cancelled by <paramref name="stop"/>; whether etcd is there shows only when reading it.</summary>
    internal async Task<WatchCall> OpenWatchAsync(CancellationToken stop)
    {
        EtcdEndpoint endpoint = Current;
        try
        {
            Metadata? login = await token.HeaderAsync(endpoint, Deadline(), stop);
            // Without this header a member cut off from its cluster keeps a watch open for ever and silent.
            Metadata headers = new() { { "hasleader", "true" } };
            foreach (Metadata.Entry entry in login ?? Metadata.Empty)
                headers.Add(entry);
            return new WatchCall(endpoint, endpoint.Watch.Watch(headers, cancellationToken: stop), login);
        }
        catch (RpcException error)
        {
            throw Failed(error, endpoint, sent: false, stop);
        }
    }

    /// <summary>etcd refused a stream's token, or the permission it stands for: the next request logs in anew.</summary>
    internal void ForgetToken(WatchCall refused) => token.Forget(refused.Login);

    private async Task<T> CallAsync<T>(
        Func<EtcdEndpoint, CallOptions, Task<T>> request, Func<EtcdException, bool> mayRepeat, CancellationToken stop)
    {
        bool tokenRenewed = false;
        for (int tried = 1; ; tried++)
        {
            EtcdEndpoint endpoint = Current;
            Metadata? login = null;
            bool sent = false;
            EtcdException failure;
            try
            {
                DateTime deadline = Deadline();
                login = await token.HeaderAsync(endpoint, deadline, stop);
                sent = true;
                return await request(endpoint, new CallOptions(login, deadline, stop));
            }
            catch (RpcException error)
            {
                failure = Failed(error, endpoint, sent, stop);
            }
            if (failure.TokenRefused && !tokenRenewed)
            {
                // Refused before it was carried out, so even a write may be sent again.
                tokenRenewed = true;
                token.Forget(login);
                tried--;
            }
            else if (tried >= endpoints.Count || failure.Failure is not (EtcdFailure.Unavailable or EtcdFailure.Tls) || !mayRepeat(failure))
            {
                throw failure;
            }
        }
    }

    /// <summary>Notes the failure of <paramref name="endpoint"/>; our own cancellation is no failure of its.</summary>
    private EtcdException Failed(RpcException error, EtcdEndpoint endpoint, bool sent, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        EtcdException failure = RpcFailure.From(error, endpoint.Name, sent);
        if (failure.Failure is EtcdFailure.Unavailable or EtcdFailure.Tls)
            Leave(endpoint);
        return failure;
    }

    private DateTime Deadline() => (time.GetUtcNow() + requestTimeout).UtcDateTime;

    private static List<EtcdEndpoint> Open(EtcdOptions options)
    {
        if (options.Problems() is { Count: > 0 } problems)
            throw new EtcdException(EtcdFailure.Configuration, string.Join("; ", problems));
        var tls = EtcdTls.Read(options);
        List<EtcdEndpoint> opened = [];
        foreach (string text in options.Endpoints)
        {
            if (EndpointAddress.TryParse(text, out EndpointAddress? address, out _))
                opened.Add(EtcdEndpoint.Open(address!, options, tls));
        }
        return opened;
    }
}
