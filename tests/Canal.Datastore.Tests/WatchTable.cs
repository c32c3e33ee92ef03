using System.Diagnostics;
using System.Text;

namespace Canal.Datastore.Tests;

/// <summary>A consumer of a watcher that keeps the table as <see cref="WatchBatch"/> prescribes, remembers what it was told, and complains when the contract is broken.</summary>
internal sealed class WatchTable : IAsyncDisposable
{
    private readonly Lock mutex = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Dictionary<string, string> table = [];
    private readonly HashSet<string> seen = [];
    private readonly List<string> told = [];
    private readonly List<(string Key, long Revision)> events = [];
    private readonly Task consuming;
    private TaskCompletionSource mayGoOn = Completed();
    private bool inSnapshot;
    private bool complete;
    private long lastArrival;

    public WatchTable(EtcdWatcher watcher) => consuming = Task.Run(() => ConsumeAsync(watcher));

    public int Count => Read(() => table.Count);

    /// <summary>Everything told but pages and events: <c>begin</c>, <c>complete</c>, <c>connected</c>, <c>lost Unavailable</c>.</summary>
    public IReadOnlyList<string> Told => Read(() => told.ToArray());

    public IReadOnlyList<(string Key, long Revision)> Events => Read(() => events.ToArray());

    /// <summary>Reason of the last Lost.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Stopwatch timestamp of the last events.</summary>
    public long LastArrival => Volatile.Read(ref lastArrival);

    public string? this[string key] => Read(() => table.GetValueOrDefault(key));

    /// <summary>The consumer handles one more batch, at most, and then stops asking.</summary>
    public void Stall() => mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void GoOn() => mayGoOn.TrySetResult();

    public int Times(string what) => Told.Count(line => line == what);

    public async Task UntilAsync(Func<WatchTable, bool> holds, string what, double seconds = 60)
    {
        for (long began = Stopwatch.GetTimestamp(); !holds(this); await Task.Delay(5))
        {
            if (consuming.IsCompleted)
                await consuming;
            Assert.True(Stopwatch.GetElapsedTime(began).TotalSeconds < seconds, $"not within {seconds} s: {what}; told: {string.Join(", ", Told)}; {Reason}; {Count} keys");
        }
    }

    public Task UntilInSyncAsync() => UntilAsync(table => table.Told.Contains("complete") && table.Told.Contains("connected"), "in sync");

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        GoOn();
        await consuming;
        stop.Dispose();
    }

    private async Task ConsumeAsync(EtcdWatcher watcher)
    {
        try
        {
            await foreach (WatchBatch batch in watcher.WatchAsync(stop.Token))
            {
                lock (mutex)
                    Apply(batch);
                await mayGoOn.Task;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        Assert.Fail("the watch ended by itself");
    }

    private void Apply(WatchBatch batch)
    {
        switch (batch)
        {
            case WatchBatch.SnapshotBegin: Begin(); break;
            case WatchBatch.SnapshotPage page: Page(page); break;
            case WatchBatch.SnapshotComplete: Complete(); break;
            case WatchBatch.Events some: Change(some); break;
            case WatchBatch.Connected: told.Add("connected"); break;
            case WatchBatch.Lost lost: Lose(lost); break;
        }
    }

    private void Begin()
    {
        seen.Clear();
        inSnapshot = true;
        told.Add("begin");
    }

    private void Page(WatchBatch.SnapshotPage page)
    {
        Assert.True(inSnapshot && !page.Entries.IsEmpty);
        foreach (EtcdEntry entry in page.Entries.Span)
        {
            Assert.True(seen.Add(entry.KeyText), $"{entry.KeyText} is listed twice");
            table[entry.KeyText] = Encoding.UTF8.GetString(entry.Value.Span);
        }
    }

    private void Complete()
    {
        Assert.True(inSnapshot);
        foreach (string key in table.Keys.Where(key => !seen.Contains(key)).ToList())
            table.Remove(key);
        inSnapshot = false;
        complete = true;
        told.Add("complete");
    }

    private void Change(WatchBatch.Events batch)
    {
        Assert.True(complete && !inSnapshot && !batch.Changes.IsEmpty);
        Assert.Equal(batch.Revision, batch.Changes.Span[^1].Entry.ModRevision);
        foreach (WatchEvent change in batch.Changes.Span)
        {
            string key = change.Entry.KeyText;
            events.Add((key, change.Entry.ModRevision));
            if (change.IsDelete)
                table.Remove(key);
            else
                table[key] = Encoding.UTF8.GetString(change.Entry.Value.Span);
        }
        Volatile.Write(ref lastArrival, Stopwatch.GetTimestamp());
    }

    private void Lose(WatchBatch.Lost lost)
    {
        Reason = lost.Reason;
        told.Add($"lost {lost.Failure}");
    }

    private T Read<T>(Func<T> read)
    {
        lock (mutex)
            return read();
    }

    private static TaskCompletionSource Completed()
    {
        TaskCompletionSource done = new();
        done.SetResult();
        return done;
    }
}
