using Etcdserverpb;
using Grpc.Core;

namespace Canal.Datastore;

/// <summary>
/// One watch stream from its birth to its end, with a heartbeat. Every end that the caller's token did not ask for is a failure, whatever status
/// it comes with: a server may end a stream with OK or CANCELLED.
/// </summary>
internal sealed class WatchStream : IAsyncDisposable
{
    private readonly EtcdChannel channel;
    private readonly WatchCall call;
    private readonly CancellationTokenSource end;
    private readonly CancellationToken stop;
    private readonly TimeSpan interval;
    private Task beating = Task.CompletedTask;
    private bool dead;
    private int silentBeats;

    private WatchStream(EtcdChannel channel, WatchCall call, CancellationTokenSource end, TimeSpan interval, CancellationToken stop)
    {
        this.channel = channel;
        this.call = call;
        this.end = end;
        this.interval = interval;
        this.stop = stop;
    }

    public string Endpoint => call.Endpoint.Name;

    /// <summary>Opens a stream and asks for these watches, in order.</summary>
    public static async Task<WatchStream> OpenAsync(
        EtcdChannel channel, IReadOnlyList<WatchedRange> ranges, TimeSpan interval, TimeProvider time, CancellationToken stop)
    {
        CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        WatchStream? stream = null;
        try
        {
            stream = new WatchStream(channel, await channel.OpenWatchAsync(end.Token), end, interval, stop);
            stream.beating = stream.BeatAsync(ranges, time);
            return stream;
        }
        finally
        {
            if (stream is null)
                end.Dispose();
        }
    }

    /// <summary>The next message.</summary>
    /// <exception cref="EtcdException">The stream ended.</exception>
    public async ValueTask<WatchResponse> ReadAsync()
    {
        // Silence is only held against etcd while we listen; a consumer may take its time.
        Volatile.Write(ref silentBeats, 0);
        try
        {
            if (await call.Stream.ResponseStream.MoveNext(CancellationToken.None))
                return call.Stream.ResponseStream.Current;
        }
        catch (RpcException error)
        {
            throw Ended(error);
        }
        finally
        {
            Volatile.Write(ref silentBeats, int.MinValue / 2);
        }
        stop.ThrowIfCancellationRequested();
        throw new EtcdException(EtcdFailure.Unavailable, $"etcd at {Endpoint} ended the watch stream");
    }

    /// <summary>What etcd's cancelling a watch means; a refusal may be the token's, whose name etcd 3.4 does not give here.</summary>
    public EtcdException Cancelled(WatchResponse message)
    {
        EtcdException failure = RpcFailure.FromCancelledWatch(message.CancelReason, message.CompactRevision, Endpoint);
        if (failure.Failure is EtcdFailure.PermissionDenied or EtcdFailure.Unauthenticated)
            channel.ForgetToken(call);
        return failure;
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        call.Stream.Dispose();
        await beating;
        end.Dispose();
    }

    private EtcdException Ended(RpcException error)
    {
        stop.ThrowIfCancellationRequested();
        if (Volatile.Read(ref dead))
            return new EtcdException(EtcdFailure.Unavailable, $"etcd at {Endpoint} has given no sign of life for {interval.TotalSeconds:0.#} s", error);
        EtcdException failure = RpcFailure.From(error, Endpoint, sent: true);
        if (failure.TokenRefused)
            channel.ForgetToken(call);
        return failure;
    }

    /// <summary>
    /// Writes the watches, then asks for progress at every interval, which any healthy member answers at once (3.4 and later); when nothing at all has come by
    /// the next, ends the stream. All writes happen here, since a gRPC stream takes one at a time.
    /// </summary>
    private async Task BeatAsync(IReadOnlyList<WatchedRange> ranges, TimeProvider time)
    {
        try
        {
            if (!await CreateAsync(ranges))
                return;
            using PeriodicTimer timer = new(interval, time);
            while (await timer.WaitForNextTickAsync(end.Token))
            {
                int beats = Interlocked.Increment(ref silentBeats);
                if (beats > 1)
                    break;
                if (beats == 1 && !await call.Stream.RequestStream.TryWriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() }, end.Token))
                    return;
            }
            Volatile.Write(ref dead, true);
            await end.CancelAsync();
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The stream is being closed.
        }
    }

    private async Task<bool> CreateAsync(IReadOnlyList<WatchedRange> ranges)
    {
        foreach (WatchedRange range in ranges)
        {
            if (!await call.Stream.RequestStream.TryWriteAsync(new WatchRequest { CreateRequest = range.CreateRequest() }, end.Token))
                return false;
        }
        return true;
    }
}
