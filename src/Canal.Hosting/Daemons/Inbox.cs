using System.Threading.Channels;

namespace Canal.Hosting;

/// <summary>
/// A daemon's one queue. Bounded: when it is full its writers wait, which for etcd's watcher reaches etcd by flow control, and for the kernel's events the
/// socket's buffer, whose overrun is an event itself.
/// </summary>
/// <param name="capacity">A message may hold a thousand keys of a snapshot: what waits here is memory that the snapshot takes on top of its result.</param>
public sealed class Inbox<T>(int capacity, TimeProvider time) where T : class
{
    private readonly Channel<T> queue = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true });
    private Task<bool>? waiting;

    /// <summary>Puts a message in, waiting for room.</summary>
    public ValueTask PutAsync(T message, CancellationToken stop) => queue.Writer.WriteAsync(message, stop);

    /// <summary>Puts in whatever a source tells, until it ends.</summary>
    public async Task PutAllAsync<TSource>(IAsyncEnumerable<TSource> source, Func<TSource, T> message, CancellationToken stop)
    {
        await foreach (TSource told in source.WithCancellation(stop).ConfigureAwait(false))
            await PutAsync(message(told), stop).ConfigureAwait(false);
    }

    /// <summary>Puts in a question and waits until the loop has answered it.</summary>
    public async Task<TAnswer> AskAsync<TAnswer>(Func<TaskCompletionSource<TAnswer>, T> question, CancellationToken cancel)
    {
        TaskCompletionSource<TAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await PutAsync(question(answer), cancel).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Takes the next message if there is one.</summary>
    public bool TryTake(out T? message) => queue.Reader.TryRead(out message);

    /// <summary>Waits for a message, but not longer than this.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken stop)
    {
        waiting ??= queue.Reader.WaitToReadAsync(stop).AsTask();
        if (!waiting.IsCompleted)
        {
            using CancellationTokenSource woken = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(waiting, Task.Delay(longest, time, woken.Token)).ConfigureAwait(false);
            await woken.CancelAsync().ConfigureAwait(false);
        }
        if (!waiting.IsCompleted) return;
        Task<bool> completed = waiting;
        waiting = null;
        await completed.ConfigureAwait(false);
    }
}
