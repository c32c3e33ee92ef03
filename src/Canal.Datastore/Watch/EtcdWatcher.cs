using System.Runtime.CompilerServices;
using Etcdserverpb;

namespace Canal.Datastore;

/// <summary>
/// Follows the keys of some ranges through everything that may happen to etcd: lists them, then tells every change, in the words of <see cref="WatchBatch"/>.
/// </summary>
/// <remarks>
/// A batch counts as delivered when the consumer asks for the next one, and only then does the watcher's place in etcd's history move on. A consumer that
/// does not ask stops the reading: HTTP/2's window (at most 16 MiB) fills and etcd holds the rest. Needs etcd 3.4 or later.
/// </remarks>
public sealed class EtcdWatcher
{
    private readonly EtcdChannel channel;
    private readonly EtcdWatcherOptions options;
    private readonly TimeProvider time;
    private readonly Backoff backoff;
    private readonly RangePager pager;
    private readonly List<WatchedRange> ranges = [];
    private readonly WatchHistory history = new();
    private readonly LinkState link = new();
    private long? confirmed;

    /// <summary>A watcher of these ranges, which must not overlap; nothing happens before <see cref="WatchAsync"/>.</summary>
    public EtcdWatcher(EtcdChannel channel, IReadOnlyList<KeyRange> ranges, EtcdWatcherOptions options, TimeProvider time, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ranges.Count);
        this.channel = channel;
        this.options = options;
        this.time = time;
        backoff = new Backoff(options.BackoffLeast, options.BackoffMost, random);
        pager = new RangePager(channel, options.PageBytes);
        foreach (KeyRange range in ranges)
            this.ranges.Add(new WatchedRange(range));
    }

    /// <summary>Batches without end, until <paramref name="stop"/> (then <see cref="OperationCanceledException"/>). No failure of etcd is thrown; call it once.</summary>
    public async IAsyncEnumerable<WatchBatch> WatchAsync([EnumeratorCancellation] CancellationToken stop)
    {
        int failures = 0;
        bool compactedBefore = false;
        while (true)
        {
            confirmed = null;
            EtcdException? failure;
            await using (IAsyncEnumerator<WatchBatch> session = SessionAsync(stop).GetAsyncEnumerator(stop))
            {
                while ((failure = await AdvanceAsync(session)) is null)
                    yield return session.Current;
            }
            if (Told(failure) is { } lost)
                yield return lost;
            if (confirmed is { } since && time.GetElapsedTime(since) >= options.BackoffMost)
            {
                backoff.Reset();
                failures = 0;
            }
            // Etcd has just answered, and its snapshot is what is wanted now; but not of one that says it again and again.
            bool isFirst = !compactedBefore;
            compactedBefore = failure.Failure == EtcdFailure.Compacted;
            if (compactedBefore && isFirst) continue;
            // Every endpoint gets its try before a pause.
            if (++failures % channel.EndpointCount == 0)
                await Task.Delay(backoff.Next(), time, stop);
        }
    }

    private static async ValueTask<EtcdException?> AdvanceAsync(IAsyncEnumerator<WatchBatch> session)
    {
        try
        {
            return await session.MoveNextAsync() ? null : new EtcdException(EtcdFailure.Other, "the watch came to an end");
        }
        catch (EtcdException failure)
        {
            return failure;
        }
    }

    /// <summary>Compaction breaks the watch and not the connection: the snapshot that follows is all there is to tell.</summary>
    private WatchBatch.Lost? Told(EtcdException failure) => failure.Failure == EtcdFailure.Compacted ? null : link.Lose(failure);

    /// <summary>From a new connection to its failure.</summary>
    private async IAsyncEnumerable<WatchBatch> SessionAsync([EnumeratorCancellation] CancellationToken stop)
    {
        if (history.IsKnown && !history.Continues(await ProbeAsync(stop)))
            history.Forget();
        if (!history.IsKnown)
        {
            await foreach (WatchBatch batch in SnapshotAsync(stop))
                yield return batch;
        }
        foreach (WatchedRange range in ranges)
            range.Reopen();
        await using WatchStream stream = await WatchStream.OpenAsync(channel, ranges, options.HeartbeatInterval, time, stop);
        while (true)
        {
            WatchResponse message = await stream.ReadAsync();
            if (Confirm(message, stream) is { } connected)
                yield return connected;
            if (Deliverable(message, stream) is not ({ } range, { } batch))
                continue;
            yield return batch;
            range.Next = batch.Revision + 1;
            history.Advance(batch.Revision);
        }
    }

    /// <summary>Lists every range at the revision of the first page. Begins only when that page is there: an etcd that is down gives nothing to tell.</summary>
    private async IAsyncEnumerable<WatchBatch> SnapshotAsync([EnumeratorCancellation] CancellationToken stop)
    {
        RangePage? first = null;
        foreach (WatchedRange range in ranges)
        {
            await foreach (RangePage page in pager.ReadAsync(range.Range, first?.Revision ?? 0, stop))
            {
                if (first is null)
                    yield return new WatchBatch.SnapshotBegin();
                first ??= page;
                foreach (ReadOnlyMemory<EtcdEntry> portion in page.Portions)
                    yield return new WatchBatch.SnapshotPage(portion);
            }
        }
        yield return new WatchBatch.SnapshotComplete(first!.Revision);
        foreach (WatchedRange range in ranges)
            range.Next = first.Revision + 1;
        history.Begin(first);
    }

    /// <summary>A linearizable answer about as little as possible.</summary>
    private Task<RangePage> ProbeAsync(CancellationToken stop)
    {
        RangeRequest request = new() { Key = ranges[0].Range.Start, KeysOnly = true };
        return channel.ReadAsync((endpoint, call) => endpoint.Invoker.AsyncUnaryCall(RangeMethod.Instance, null, call, request).ResponseAsync, stop);
    }

    /// <summary>Notes that etcd accepted one more watch, in the order they were asked for; Connected with the last.</summary>
    private WatchBatch.Connected? Confirm(WatchResponse message, WatchStream stream)
    {
        if (!message.Created)
            return null;
        if (message.Canceled)
            throw Cancelled(message, stream);
        if (!history.IsOf(message.Header?.ClusterId ?? 0))
            throw new EtcdException(EtcdFailure.Unavailable, $"etcd at {stream.Endpoint} belongs to another cluster than before");
        ranges.Find(range => range.Id is null)?.Confirm(message.WatchId);
        if (!ranges.TrueForAll(range => range.Id is not null))
            return null;
        confirmed = time.GetTimestamp();
        return link.Connect(stream.Endpoint);
    }

    /// <summary>The events that this message completes, if any, and their range.</summary>
    private (WatchedRange Range, WatchBatch.Events Batch)? Deliverable(WatchResponse message, WatchStream stream)
    {
        if (message.Canceled)
            throw Cancelled(message, stream);
        long revision = message.Header?.Revision ?? 0;
        history.Advance(revision);
        if (message.Created || ranges.Find(range => range.Id == message.WatchId) is not { } range)
            return message.Events.Count == 0 ? null : throw new EtcdException(EtcdFailure.Other, $"etcd at {stream.Endpoint} sent events of no watch of ours");
        if (message.Events.Count == 0 && !message.Fragment)
            range.Progress(revision);
        ReadOnlyMemory<WatchEvent> changes = range.Accept(message);
        return changes.IsEmpty ? null : (range, new WatchBatch.Events(changes.Span[^1].Entry.ModRevision, changes));
    }

    private EtcdException Cancelled(WatchResponse message, WatchStream stream)
    {
        EtcdException failure = stream.Cancelled(message);
        if (failure.Failure == EtcdFailure.Compacted)
            history.Forget();
        return failure;
    }
}
