using System.Runtime.CompilerServices;
using Etcdserverpb;
using Grpc.Core;

namespace Canal.Datastore;

/// <summary>
/// Reads and writes. Reads are linearizable: they show every write that was over before they began. Every failure is an
/// <see cref="EtcdException"/>; nothing that writes is sent twice unless the first surely had no effect.
/// </summary>
public sealed class EtcdStore(EtcdChannel channel)
{
    /// <summary>Large enough that etcd's cost per page does not matter, small enough that two in memory do not either.</summary>
    internal const int PageBytes = 4 << 20;

    /// <summary>One key, now.</summary>
    public async Task<EtcdRead> GetAsync(string key, CancellationToken stop)
    {
        RangeRequest request = new() { Key = KeyRange.Single(key).Start };
        RangePage page = await channel.ReadAsync((endpoint, options) => endpoint.Invoker.AsyncUnaryCall(RangeMethod.Instance, null, options, request).ResponseAsync, stop);
        return new EtcdRead(page.Revision, page.Last);
    }

    /// <summary>How many ranges <see cref="SnapshotAsync"/> takes: etcd's limit on operations in a transaction, unless it was started with another.</summary>
    public const int MostRanges = 128;

    /// <summary>Several keys and small ranges at one revision in one round trip, at most <see cref="MostRanges"/>; what does not exist is not in the answer.</summary>
    public async Task<EtcdSnapshot> SnapshotAsync(IEnumerable<KeyRange> ranges, CancellationToken stop)
    {
        TxnRequest request = new();
        foreach (KeyRange range in ranges)
            request.Success.Add(new RequestOp { RequestRange = new RangeRequest { Key = range.Start, RangeEnd = range.End } });
        EtcdCommit answer = Entries.From(await channel.ReadAsync((endpoint, options) => endpoint.Kv.TxnAsync(request, options).ResponseAsync, stop));
        return new EtcdSnapshot(answer.Revision, answer.Current);
    }

    /// <summary>All keys of the range at one revision, in key order, page by page; an empty range is one empty page.</summary>
    /// <exception cref="EtcdException">Compacted when the list took so long that its revision is gone.</exception>
    public async IAsyncEnumerable<EtcdPage> ListAsync(KeyRange range, [EnumeratorCancellation] CancellationToken stop)
    {
        long revision = 0;
        await foreach (RangePage page in new RangePager(channel, PageBytes).ReadAsync(range, 0, stop))
        {
            revision = revision == 0 ? page.Revision : revision;
            if (page.Count == 0)
                yield return new EtcdPage(revision, default);
            foreach (ReadOnlyMemory<EtcdEntry> portion in page.Portions)
                yield return new EtcdPage(revision, portion);
        }
    }

    /// <summary>Carries out a transaction; conditions that do not hold are an answer, not an exception.</summary>
    public async Task<EtcdCommit> CommitAsync(EtcdTransaction transaction, CancellationToken stop) =>
        Entries.From(await channel.WriteAsync((endpoint, options) => endpoint.Kv.TxnAsync(transaction.Request, options).ResponseAsync, stop));

    /// <summary>Asks for a lease of at least <paramref name="ttl"/>, in whole seconds.</summary>
    public async Task<EtcdLease> GrantLeaseAsync(TimeSpan ttl, CancellationToken stop)
    {
        LeaseGrantRequest request = new() { TTL = Math.Max(1, (long)Math.Ceiling(ttl.TotalSeconds)) };
        LeaseGrantResponse answer = await channel.WriteAsync((endpoint, options) => endpoint.Lease.LeaseGrantAsync(request, options).ResponseAsync, stop);
        return new EtcdLease(answer.ID, TimeSpan.FromSeconds(answer.TTL));
    }

    /// <summary>Renews a lease once.</summary>
    /// <returns>Time it lives from now; null when it has expired or been revoked, and its keys with it.</returns>
    public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken stop) => channel.ReadAsync(async (endpoint, options) =>
    {
        using AsyncDuplexStreamingCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> call = endpoint.Lease.LeaseKeepAlive(options);
        await call.RequestStream.TryWriteAsync(new LeaseKeepAliveRequest { ID = lease }, options.CancellationToken);
        if (!await call.ResponseStream.MoveNext(CancellationToken.None))
            throw new RpcException(new Status(StatusCode.Unavailable, "the keep-alive stream ended without an answer"));
        return Ttl(call.ResponseStream.Current.TTL);
    }, stop);

    /// <summary>How long a lease still lives; null when it does not.</summary>
    public async Task<TimeSpan?> TimeToLiveAsync(long lease, CancellationToken stop)
    {
        LeaseTimeToLiveRequest request = new() { ID = lease };
        return Ttl((await channel.ReadAsync((endpoint, options) => endpoint.Lease.LeaseTimeToLiveAsync(request, options).ResponseAsync, stop)).TTL);
    }

    /// <summary>Ends a lease and deletes its keys.</summary>
    /// <returns>False when there was no such lease.</returns>
    public async Task<bool> RevokeAsync(long lease, CancellationToken stop)
    {
        LeaseRevokeRequest request = new() { ID = lease };
        try
        {
            await channel.WriteAsync((endpoint, options) => endpoint.Lease.LeaseRevokeAsync(request, options).ResponseAsync, stop);
            return true;
        }
        catch (EtcdException error) when (error.InnerException is RpcException { StatusCode: StatusCode.NotFound })
        {
            return false;
        }
    }

    /// <summary>Lets etcd forget all history before <paramref name="revision"/>; watches and lists that need it start anew.</summary>
    public Task CompactAsync(long revision, CancellationToken stop)
    {
        CompactionRequest request = new() { Revision = revision };
        return channel.WriteAsync((endpoint, options) => endpoint.Kv.CompactAsync(request, options).ResponseAsync, stop);
    }

    /// <summary>etcd says 0 or -1 of a lease that is no more.</summary>
    private static TimeSpan? Ttl(long seconds) => seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
}
