using System.Diagnostics;
using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class EtcdWatcherTests : IAsyncLifetime
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
    public async Task What_is_there_comes_first_and_then_every_change()
    {
        await store.PutAsync("/test/a", "1");
        await store.PutAsync("/elsewhere", "1");
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();
        Assert.Equal("1", table["/test/a"]);
        Assert.Equal(1, table.Count);

        long changed = await store.PutAsync("/test/a", "2");
        long deleted = await store.DeleteAsync("/test/a");
        long created = await store.PutAsync("/test/b", "3");
        await table.UntilAsync(table => table["/test/b"] == "3", "the last change");

        Assert.Equal([("/test/a", changed), ("/test/a", deleted), ("/test/b", created)], table.Events);
        Assert.Equal(["begin", "complete", "connected"], table.Told);
    }

    [Fact]
    public async Task Several_prefixes_are_one_snapshot_and_nothing_else_is_seen()
    {
        await store.CommitAsync(new EtcdTransaction().Put("/a/1", "1").Put("/b/1", "1").Put("/c/1", "1"), Etcd.Stop);
        await using WatchTable table = new(Etcd.Watcher(channel, null, "/c/", "/a/"));
        await table.UntilInSyncAsync();
        Assert.Equal(2, table.Count);

        await store.CommitAsync(new EtcdTransaction().Put("/a/1", "2").Put("/b/1", "2").Put("/c/1", "2"), Etcd.Stop);
        await table.UntilAsync(table => table["/a/1"] == "2" && table["/c/1"] == "2", "both changes");

        Assert.Equal(2, table.Events.Count);
        Assert.Equal(["begin", "complete", "connected"], table.Told);
    }

    [Fact]
    public async Task An_empty_etcd_is_a_complete_snapshot()
    {
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();
        Assert.Equal(0, table.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Changes_made_while_disconnected_come_once_and_in_order(bool killed)
    {
        await using FaultyProxy proxy = new(etcd.Port);
        await using EtcdChannel proxied = Etcd.Channel(proxy.Endpoint);
        await store.FillAsync(Etcd.Prefix, 100, 10);
        await using WatchTable table = new(Etcd.Watcher(proxied));
        await table.UntilInSyncAsync();
        await store.PutAsync("/test/before", "1");
        await table.UntilAsync(table => table.Events.Count == 1, "the first event");

        proxy.Swallow();
        await (killed ? etcd.KillAsync() : etcd.StopAsync());
        await etcd.StartAgainAsync();
        await PutUntilDoneAsync("/test/gap0");
        for (int i = 1; i < 50; i++)
            await store.PutAsync($"/test/gap{i}", "x");
        await store.DeleteAsync("/test/00000007");
        proxy.Recover();
        await table.UntilAsync(table => table["/test/gap49"] is not null && table["/test/00000007"] is null, "the gap is filled");
        await store.PutAsync("/test/after", "1");
        await table.UntilAsync(table => table["/test/after"] is not null, "an event after the gap");

        Assert.Equal(53, table.Events.Count);
        Assert.Equal(table.Events.OrderBy(change => change.Revision), table.Events);
        Assert.Equal(["begin", "complete", "connected", "lost Unavailable", "connected"], table.Told);
    }

    [Fact]
    public async Task A_stream_that_etcd_ends_properly_is_taken_up_where_it_ended()
    {
        await using EtcdChannel direct = Etcd.Channel(etcd.Endpoint);
        await using WatchTable table = new(Etcd.Watcher(direct));
        await table.UntilInSyncAsync();
        await store.PutAsync("/test/before", "1");
        await table.UntilAsync(table => table["/test/before"] is not null, "the first event");

        await etcd.StopAsync();
        await etcd.StartAgainAsync();
        await PutUntilDoneAsync("/test/after");
        await table.UntilAsync(table => table["/test/after"] is not null, "an event after the end");

        Assert.Equal(["/test/before", "/test/after"], table.Events.Select(change => change.Key));
        Assert.Equal(["begin", "complete", "connected", "lost Unavailable", "connected"], table.Told);
    }

    [Fact]
    public async Task Keys_deleted_and_compacted_away_while_disconnected_are_swept()
    {
        await using FaultyProxy proxy = new(etcd.Port);
        await using EtcdChannel proxied = Etcd.Channel(proxy.Endpoint);
        await store.FillAsync(Etcd.Prefix, 3000, 10);
        await using WatchTable table = new(Etcd.Watcher(proxied));
        await table.UntilInSyncAsync();

        proxy.Swallow();
        await store.CommitAsync(new EtcdTransaction().Delete(KeyRange.Prefix("/test/0000001")), Etcd.Stop);
        await store.PutAsync("/test/new", "1");
        await store.CompactAsync(await store.PutAsync("/elsewhere", "1"), Etcd.Stop);
        proxy.Recover();
        await table.UntilAsync(table => table.Times("complete") == 2, "a second snapshot");

        Assert.Equal(2991, table.Count);
        Assert.Equal("1", table["/test/new"]);
        Assert.Null(table["/test/00000010"]);
        Assert.Empty(table.Events);
        // The connection was lost once; compaction is no loss of it.
        Assert.Equal(1, table.Told.Count(line => line.StartsWith("lost", StringComparison.Ordinal)));
        await store.PutAsync("/test/new", "2");
        await table.UntilAsync(table => table["/test/new"] == "2", "events go on");
    }

    [Fact]
    public async Task A_quiet_prefix_is_not_listed_again_after_a_compaction_it_was_told_to_be_past()
    {
        await using EtcdProcess eager = await EtcdProcess.StartAsync(new EtcdProcessOptions { Arguments = ["--experimental-watch-progress-notify-interval", "100ms"] });
        await using EtcdChannel direct = Etcd.Channel(eager.Endpoint);
        EtcdStore other = new(direct);
        await using WatchTable table = new(Etcd.Watcher(direct));
        await table.UntilInSyncAsync();
        for (int i = 0; i < 20; i++)
            await other.PutAsync("/elsewhere", $"{i}");
        long revision = (await other.GetAsync("/elsewhere", Etcd.Stop)).Revision;
        // Thirty times the time in which etcd tells idle watches how far it is.
        await Task.Delay(3000, Etcd.Stop);
        await other.CompactAsync(revision, Etcd.Stop);

        await eager.KillAsync();
        await eager.StartAgainAsync();
        await table.UntilAsync(table => table.Times("connected") == 2, "connected again");

        await other.PutAsync("/test/a", "1");
        await table.UntilAsync(table => table["/test/a"] == "1", "an event");
        Assert.Equal(1, table.Times("begin"));
    }

    [Fact]
    public async Task An_older_backup_restored_is_noticed_and_the_table_follows()
    {
        await store.PutAsync("/test/a", "old");
        await store.PutAsync("/test/b", "old");
        string backup = await etcd.BackUpAsync();
        await store.DeleteAsync("/test/b");
        for (int i = 0; i < 10; i++)
            await store.PutAsync("/test/a", $"{i}");
        await store.PutAsync("/test/c", "new");
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();

        await etcd.RestoreAsync(backup);
        await table.UntilAsync(table => table.Times("complete") == 2, "a second snapshot");

        Assert.Equal("old", table["/test/a"]);
        Assert.Equal("old", table["/test/b"]);
        Assert.Null(table["/test/c"]);
        await PutUntilDoneAsync("/test/d");
        await table.UntilAsync(table => table["/test/d"] is not null, "events go on");
    }

    [Fact]
    public async Task A_black_holed_connection_is_noticed_and_replaced()
    {
        await using FaultyProxy proxy = new(etcd.Port);
        await using EtcdChannel proxied = Etcd.Channel(proxy.Endpoint);
        await using WatchTable table = new(Etcd.Watcher(proxied));
        await table.UntilInSyncAsync();

        long began = Stopwatch.GetTimestamp();
        proxy.Swallow();
        await store.PutAsync("/test/a", "1");
        await table.UntilAsync(table => table.Times("lost Unavailable") == 1, "the loss is noticed");
        // The keep-alive's one and five seconds: neither the heartbeat's twice ten nor the kernel's quarter of an hour has a part in it.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 15);

        proxy.Recover();
        await table.UntilAsync(table => table["/test/a"] == "1", "the change of the gap");
        Assert.Equal(["begin", "complete", "connected", "lost Unavailable", "connected"], table.Told);
    }

    [Fact]
    public async Task A_frozen_etcd_is_noticed_by_the_heartbeat_alone()
    {
        await using EtcdChannel patient = new(Etcd.Options(etcd.Endpoint) with { KeepAliveInterval = TimeSpan.FromHours(1) }, TimeProvider.System);
        EtcdWatcherOptions options = new() { HeartbeatInterval = TimeSpan.FromSeconds(2), BackoffMost = TimeSpan.FromSeconds(0.5) };
        await using WatchTable table = new(Etcd.Watcher(patient, options));
        await table.UntilInSyncAsync();
        await Task.Delay(5000, Etcd.Stop);
        Assert.Equal(["begin", "complete", "connected"], table.Told);

        etcd.Freeze();
        await table.UntilAsync(table => table.Times("lost Unavailable") == 1, "the loss is noticed");
        Assert.Contains("no sign of life", table.Reason, StringComparison.Ordinal);

        etcd.Thaw();
        await table.UntilAsync(table => table.Times("connected") == 2, "connected again");
    }

    [Fact]
    public void By_default_silence_is_noticed_within_thirty_seconds()
    {
        EtcdOptions options = new();
        Assert.True(options.KeepAliveInterval + options.KeepAliveTimeout <= TimeSpan.FromSeconds(30));
        Assert.True(options.KeepAliveInterval >= TimeSpan.FromSeconds(5), "etcd drops clients that ping more often");
        Assert.True(new EtcdWatcherOptions().HeartbeatInterval * 2 <= TimeSpan.FromSeconds(30));
        Assert.Equal(TimeSpan.FromSeconds(0.1), new EtcdWatcherOptions().BackoffLeast);
        Assert.Equal(TimeSpan.FromSeconds(2), new EtcdWatcherOptions().BackoffMost);
    }

    [Fact]
    public async Task A_backlog_of_many_megabytes_is_replayed_whole()
    {
        await using FaultyProxy proxy = new(etcd.Port);
        await using EtcdChannel proxied = Etcd.Channel(proxy.Endpoint);
        await using WatchTable table = new(Etcd.Watcher(proxied));
        await table.UntilInSyncAsync();

        proxy.Swallow();
        for (int i = 0; i < 40; i++)
            await store.CommitAsync(new EtcdTransaction().Put($"/test/{i}", new byte[1_000_000]).Put($"/test/twin{i}", "x"), Etcd.Stop);
        proxy.Recover();
        await table.UntilAsync(table => table.Count == 80, "all keys");

        Assert.Equal(80, table.Events.Count);
        Assert.Equal(80, table.Events.Distinct().Count());
        Assert.Equal(1, table.Times("begin"));
    }

    [Fact]
    public async Task A_snapshot_of_many_pages_is_complete()
    {
        await store.FillAsync(Etcd.Prefix, 20_000, 100);
        await using WatchTable table = new(Etcd.Watcher(channel, new EtcdWatcherOptions { PageBytes = 100_000 }));
        await table.UntilInSyncAsync();
        Assert.Equal(20_000, table.Count);
        Assert.Equal(1, table.Times("begin"));
    }

    [Fact]
    public async Task When_one_endpoint_is_dead_the_next_is_used_at_once()
    {
        await using EtcdChannel both = Etcd.Channel("http://127.0.0.1:1", etcd.Endpoint);
        long began = Stopwatch.GetTimestamp();
        await using WatchTable table = new(Etcd.Watcher(both));
        await table.UntilInSyncAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 15);

        EtcdStore other = new(both);
        await other.PutAsync("/test/a", "1");
        await table.UntilAsync(table => table["/test/a"] == "1", "an event");
    }

    [Fact]
    public async Task It_waits_for_an_etcd_that_is_not_there_yet()
    {
        await etcd.KillAsync();
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilAsync(table => table.Times("lost Unavailable") == 1, "the first failure");
        await etcd.StartAgainAsync();
        await table.UntilInSyncAsync();
        Assert.Equal(1, table.Times("complete"));
        Assert.Contains("onnection refused", table.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_revision_comes_once_and_in_order_though_connections_break_at_random()
    {
        await using FaultyProxy proxy = new(etcd.Port);
        await using EtcdChannel proxied = Etcd.Channel(proxy.Endpoint);
        EtcdWatcherOptions hasty = new() { BackoffLeast = TimeSpan.FromMilliseconds(1), BackoffMost = TimeSpan.FromMilliseconds(20) };
        await using WatchTable table = new(Etcd.Watcher(proxied, hasty));
        await table.UntilInSyncAsync();
        Random random = new(3);
        List<(string, long)> written = [];

        for (int round = 0; round < 60; round++)
        {
            for (int i = random.Next(40); i >= 0; i--)
            {
                string key = $"/test/{random.Next(20)}";
                written.Add((key, await store.PutAsync(key, $"{i}")));
            }
            // On a slow machine cuts might come faster than connections: some wait until there was one.
            if (round % 4 == 3)
                await table.UntilAsync(table => table.Events.Count >= written.Count, "the events so far");
            proxy.Cut();
            if (round == 30)
            {
                await etcd.KillAsync();
                await etcd.StartAgainAsync();
                await PutUntilDoneAsync("/elsewhere");
            }
        }
        await table.UntilAsync(table => table.Events.Count >= written.Count, "all events");

        Assert.Equal(written, table.Events);
        Assert.Equal(1, table.Times("begin"));
        Assert.True(table.Times("connected") > 10, "the connection did break");
    }

    /// <summary>A write right after a restart may meet a connection that only then turns out to be broken.</summary>
    private async Task PutUntilDoneAsync(string key)
    {
        for (int tries = 0; tries < 50; tries++)
        {
            try
            {
                if ((await store.GetAsync(key, Etcd.Stop)).Entry is null)
                    await store.PutAsync(key, "x");
                return;
            }
            catch (EtcdException error) when (error.Failure == EtcdFailure.Unavailable)
            {
                await Task.Delay(50, Etcd.Stop);
            }
        }
        Assert.Fail("etcd did not come back");
    }
}
