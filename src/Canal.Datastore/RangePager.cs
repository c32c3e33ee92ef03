using System.Runtime.CompilerServices;
using Etcdserverpb;
using Google.Protobuf;

namespace Canal.Datastore;

/// <summary>Reads a range page by page at one revision, fetching the next page while the caller is busy with the last.</summary>
/// <remarks>
/// etcd walks its index to the end of the range for every page (it counts the rest, mvcc/kvstore_txn.go), so small pages are dear: of 105 000 keys
/// pages of 1000 took four times as long as pages of 10 000. Pages are therefore sized in bytes, from what the entries so far weighed.
/// </remarks>
internal sealed class RangePager(EtcdChannel channel, int pageBytes)
{
    private const int FirstLimit = 1000;
    private const int MostLimit = 32_000;

    private long limit = FirstLimit;

    /// <summary>All pages; revision 0 pins the list to the revision of its first page.</summary>
    /// <exception cref="EtcdException">Compacted when the revision is no longer kept.</exception>
    public async IAsyncEnumerable<RangePage> ReadAsync(KeyRange range, long revision, [EnumeratorCancellation] CancellationToken stop)
    {
        using CancellationTokenSource abandoned = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<RangePage> next = FetchAsync(range.Start, range, revision, abandoned.Token);
        try
        {
            while (true)
            {
                RangePage page = await next;
                if (revision == 0)
                    revision = page.Revision;
                if (page.More)
                    next = FetchAsync(KeyAfter(page), range, revision, abandoned.Token);
                yield return page;
                if (!page.More)
                    yield break;
            }
        }
        finally
        {
            await abandoned.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<RangePage> FetchAsync(ByteString start, KeyRange range, long revision, CancellationToken stop)
    {
        while (true)
        {
            RangeRequest request = new() { Key = start, RangeEnd = range.End, Revision = revision, Limit = limit };
            try
            {
                RangePage page = await channel.ReadAsync(
                    (endpoint, options) => endpoint.Invoker.AsyncUnaryCall(RangeMethod.Instance, null, options, request).ResponseAsync, stop);
                if (page.Count > 0)
                    limit = Math.Clamp(pageBytes / Math.Max(1, page.Bytes / page.Count), 1, MostLimit);
                return page;
            }
            catch (EtcdException error) when (error.Failure == EtcdFailure.TooLarge && limit > 1)
            {
                limit = Math.Max(1, limit / 8);
            }
        }
    }

    private static ByteString KeyAfter(RangePage page)
    {
        if (page.Last is not { } last)
            throw new EtcdException(EtcdFailure.Other, "etcd answered an empty page and said that more follow");
        byte[] after = new byte[last.Key.Length + 1];
        last.Key.CopyTo(after);
        return UnsafeByteOperations.UnsafeWrap(after);
    }
}
