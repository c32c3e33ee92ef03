using System.Diagnostics;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Datastore.Tests;

/// <summary>CPU and memory of the whole process are measured, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(EtcdWatcherCostTests), DisableParallelization = true)]
[Collection(nameof(EtcdWatcherCostTests))]
public sealed class EtcdWatcherCostTests : IAsyncLifetime
{
    private EtcdProcess etcd = null!;
    private EtcdChannel channel = null!;
    private EtcdStore store = null!;

    public async ValueTask InitializeAsync()
    {
        etcd = await EtcdProcess.StartAsync();
        channel = Etcd.Channel(etcd.Endpoint);
        store = new EtcdStore(channel);
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await etcd.DisposeAsync();
    }

    [Fact]
    public async Task A_consumer_that_stalls_holds_etcd_back_and_loses_nothing()
    {
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();
        table.Stall();
        long before = GC.GetTotalMemory(true);
        for (int i = 0; i < 120; i++)
            await store.PutAsync($"/test/{i % 10}", new string((char)('a' + (i % 26)), 1_000_000));
        await store.PutAsync("/test/last", "1");
        long grown = GC.GetTotalMemory(true) - before;
        Assert.True(grown < 60_000_000, $"{grown} bytes were buffered of 120 000 000");

        table.GoOn();
        await table.UntilAsync(table => table["/test/last"] is not null, "the last change");

        Assert.Equal(121, table.Events.Count);
        Assert.Equal(["begin", "complete", "connected"], table.Told);
    }

    [Fact]
    public async Task While_etcd_is_down_there_is_one_line_and_hardly_any_work()
    {
        await using WatchTable table = new(Etcd.Watcher(channel, new EtcdWatcherOptions()));
        await table.UntilInSyncAsync();
        await etcd.KillAsync();
        await table.UntilAsync(table => table.Times("lost Unavailable") == 1, "the loss");
        await Task.Delay(1000, Etcd.Stop);

        // What the test's own process does beside is seldom; work of the watcher's would be in each.
        List<double> spent = [];
        do spent.Add(await CpuAsync(TimeSpan.FromSeconds(3)));
        while (spent[^1] >= 30 && spent.Count < 6);
        Assert.True(spent[^1] < 30, $"in 3 s each, ms of CPU: {string.Join(", ", spent)}");
        Assert.Equal(["begin", "complete", "connected", "lost Unavailable"], table.Told);
        Assert.Contains(etcd.Endpoint, table.Reason, StringComparison.Ordinal);
        await etcd.StartAgainAsync();
        await table.UntilAsync(table => table.Times("connected") == 2, "connected again");
    }

    [Fact]
    public async Task A_put_is_delivered_within_a_millisecond_or_so()
    {
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();
        // Bounds a regression to polling or batching; the number proper is the benchmark's.
        await Best.Within(TimeSpan.FromMilliseconds(5), "delivery after the put's answer, the median of 200,", () => MedianDelayAsync(table));
    }

    private async Task<TimeSpan> MedianDelayAsync(WatchTable table)
    {
        List<TimeSpan> delays = [];
        for (int i = 0; i < 200; i++)
        {
            int seen = table.Events.Count;
            await store.PutAsync("/test/a", $"{i}");
            long answered = Stopwatch.GetTimestamp();
            while (table.Events.Count <= seen)
                Thread.Yield();
            delays.Add(Stopwatch.GetElapsedTime(answered, table.LastArrival));
        }
        delays.Sort();
        TestContext.Current.SendDiagnosticMessage($"event after the put's answer: p50 {delays[100].TotalMilliseconds:0.000} ms, p95 {delays[190].TotalMilliseconds:0.000} ms");
        return delays[100];
    }

    /// <summary>Milliseconds of CPU that the whole process spends while so long passes.</summary>
    private static async Task<double> CpuAsync(TimeSpan length)
    {
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        await Task.Delay(length, Etcd.Stop);
        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds;
    }
}
