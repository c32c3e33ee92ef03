using Canal.Hosting;
using Canal.Linux.Netlink;
using Canal.Linux.Nflog;
using Serilog;

namespace Canal.Felix.Drops;

/// <summary>
/// Reads denied packets from the kernel, gathers them, has the loop name whose they are, and tells. On its own, because a flood of them must not hold up the
/// loop; what comes faster than <see cref="MostASlice"/> is left to the kernel to lose.
/// </summary>
internal sealed class DropWatch(Inbox<AgentMessage> inbox, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan NamingPatience = TimeSpan.FromSeconds(5);

    /// <summary>20,000 a second.</summary>
    private const int MostASlice = 2000;

    private readonly Lock guard = new();
    private readonly DropTable table = new();
    private readonly DropJournal journal = new(time, log);
    private readonly SemaphoreSlim busy = new(0, 1);
    private readonly Trouble trouble = new("reading denied packets", Log.ProgrammingFailed, time, log);
    private DropParameters wanted = new(DropLog.Off, 0, null);
    private CancellationTokenSource changed = new();
    private long lost, received;

    /// <summary>Packets that the kernel told of.</summary>
    public long Received => Interlocked.Read(ref received);

    /// <summary>Packets that it had to tell of, but there was no room.</summary>
    public long Lost => Interlocked.Read(ref lost);

    /// <summary>Packets that were denied and are in no flow.</summary>
    private long Missed => Lost + table.Uncounted;

    /// <summary>Other parameters are in force.</summary>
    public void Configure(DropParameters parameters)
    {
        lock (guard)
        {
            if (parameters == wanted) return;
            wanted = parameters;
            changed.Cancel();
        }
    }

    /// <summary>Reads and tells until stopped. Where the kernel does not let it, it says so and tries again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            DropParameters now;
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
                await ServeAsync(now, other.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // Other parameters.
            }
        }
    }

    /// <summary>What happened after a number, for who asks over the control socket.</summary>
    public async Task<string> AnswerAsync(long after, CancellationToken cancel) =>
        DropText.Answer(await AfterAsync(after, cancel).ConfigureAwait(false));

    /// <summary>What happened after a number.</summary>
    public async Task<DropReport> AfterAsync(long after, CancellationToken cancel)
    {
        await NameAsync(cancel).ConfigureAwait(false);
        lock (guard) return new DropReport(table.Serial, Missed, wanted, trouble.Reason, table.After(after));
    }

    public void Dispose()
    {
        changed.Dispose();
        busy.Dispose();
    }

    private async Task ServeAsync(DropParameters parameters, CancellationToken stop)
    {
        if (parameters.Log == DropLog.Off) await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(false);
        // Whichever ends, the other must not stay behind.
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            using NflogReader reader = NflogReader.Open(parameters.Group, Together);
            trouble.Note(null);
            await Task.WhenAny(ReadAsync(reader, both.Token), TellAsync(parameters, both.Token)).Unwrap().ConfigureAwait(false);
        }
        catch (NetlinkException e)
        {
            await both.CancelAsync().ConfigureAwait(false);
            trouble.Note(e.Message);
            await Task.Delay(trouble.RetryAt!.Value - time.GetUtcNow() is { Ticks: > 0 } wait ? wait : TimeSpan.Zero, time, stop).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(NflogReader reader, CancellationToken stop)
    {
        List<NflogPacket> packets = [];
        long slice = time.GetTimestamp(), before = 0;
        int read = 0;
        while (true)
        {
            packets.Clear();
            await reader.ReceiveAsync(packets, stop).ConfigureAwait(false);
            Interlocked.Add(ref lost, reader.Lost - before);
            before = reader.Lost;
            Interlocked.Add(ref received, packets.Count);
            Take(packets);
            TimeSpan spent = time.GetElapsedTime(slice);
            if (spent >= Slice) (slice, read) = (time.GetTimestamp(), 0);
            read += packets.Count;
            if (read > MostASlice) await Task.Delay(Slice, time, stop).ConfigureAwait(false);
        }
    }

    private void Take(List<NflogPacket> packets)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (guard)
        {
            foreach (NflogPacket packet in packets) table.Add(packet, now);
            if (busy.CurrentCount == 0) busy.Release();
        }
    }

    /// <summary>Sleeps while nothing is denied.</summary>
    private async Task TellAsync(DropParameters parameters, CancellationToken stop)
    {
        while (true)
        {
            await busy.WaitAsync(stop).ConfigureAwait(false);
            bool idle = false;
            while (!idle)
            {
                await Task.Delay(Pause, time, stop).ConfigureAwait(false);
                await NameAsync(stop).ConfigureAwait(false);
                lock (guard)
                {
                    List<DroppedFlow> ended = table.Close(time.GetUtcNow());
                    if (parameters.Log == DropLog.Journal) journal.Tell(table.Open, ended, Missed, parameters.Limit);
                    idle = table.IsIdle && !(parameters.Log == DropLog.Journal && journal.Owes(Missed));
                }
            }
        }
    }

    /// <summary>The loop knows the endpoints. When it has no time, flows stay without names until the next try.</summary>
    private async Task NameAsync(CancellationToken stop)
    {
        List<DroppedFlow> unnamed;
        lock (guard) unnamed = table.Unnamed();
        if (unnamed.Count == 0) return;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(NamingPatience);
        try
        {
            await inbox.AskAsync<bool>(named => new AgentMessage.Dropped(unnamed, named), patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The loop is busy.
        }
    }
}
