using System.Threading.Channels;

namespace Canal.BirdConfigRenderer;

/// <summary>
/// The one queue. Bounded: when it is full its writers wait, which for etcd's watcher reaches etcd by flow control.
/// </summary>
internal sealed class Inbox(TimeProvider time)
{
    private const int Capacity = 256;

    private readonly Channel<RendererMessage> queue = Channel.CreateBounded<RendererMessage>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private Task<bool>? waiting;

    /// <summary>Puts a message in, waiting for room.</summary>
    public ValueTask PutAsync(RendererMessage message, CancellationToken stop) => queue.Writer.WriteAsync(message, stop);

    /// <summary>Takes the next message if there is one.</summary>
    public bool TryTake(out RendererMessage? message) => queue.Reader.TryRead(out message);

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
