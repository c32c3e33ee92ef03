using System.Threading.Channels;

namespace Canal.Felix;

/// <summary>
/// The agent's one queue. Bounded: when it is full its writers wait, which for etcd's watcher reaches etcd by flow control, and for the kernel's events the
/// socket's buffer, whose overrun is an event itself.
/// </summary>
internal sealed class Inbox(TimeProvider time)
{
    /// <summary>A message may hold a thousand keys of a snapshot: what waits here is memory that the snapshot takes on top of its result.</summary>
    private const int Capacity = 8;

    private readonly Channel<AgentMessage> queue = Channel.CreateBounded<AgentMessage>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private Task<bool>? waiting;

    /// <summary>Puts a message in, waiting for room.</summary>
    public ValueTask PutAsync(AgentMessage message, CancellationToken stop) => queue.Writer.WriteAsync(message, stop);

    /// <summary>Takes the next message if there is one.</summary>
    public bool TryTake(out AgentMessage? message) => queue.Reader.TryRead(out message);

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
