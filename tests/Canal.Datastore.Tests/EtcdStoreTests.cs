using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class EtcdStoreTests : IAsyncLifetime
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
    public async Task What_was_put_is_read_with_the_revision_of_the_commit()
    {
        long revision = await store.PutAsync("/test/a", "one");

        EtcdRead read = await store.GetAsync("/test/a", Etcd.Stop);

        Assert.Equal("one", read.Entry!.Value.Text());
        Assert.Equal(revision, read.Entry.Value.ModRevision);
        Assert.Equal(revision, read.Entry.Value.CreateRevision);
        Assert.Equal(revision, read.Revision);
        Assert.Equal("/test/a", read.Entry.Value.KeyText);
    }

    [Fact]
    public async Task A_missing_key_is_null_and_still_has_a_revision()
    {
        long revision = await store.PutAsync("/test/a", "one");
        Assert.Equal(new EtcdRead(revision, null), await store.GetAsync("/test/b", Etcd.Stop));
    }

    [Fact]
    public async Task Creating_an_existing_key_fails_and_tells_what_is_there()
    {
        long revision = await store.PutAsync("/test/a", "first");

        EtcdCommit commit = await store.CommitAsync(new EtcdTransaction().IfAbsent("/test/a").Put("/test/a", "second"), Etcd.Stop);

        Assert.False(commit.Succeeded);
        Assert.Equal("first", commit.Find("/test/a")!.Value.Text());
        Assert.Equal(revision, commit.Find("/test/a")!.Value.ModRevision);
        Assert.Equal("first", (await store.GetAsync("/test/a", Etcd.Stop)).Entry!.Value.Text());
    }

    [Fact]
    public async Task An_update_from_an_old_revision_conflicts_and_from_the_newest_succeeds()
    {
        long old = await store.PutAsync("/test/a", "1");
        long newest = await store.PutAsync("/test/a", "2");

        EtcdCommit conflict = await store.CommitAsync(new EtcdTransaction().IfModRevision("/test/a", old).Put("/test/a", "3"), Etcd.Stop);
        EtcdCommit success = await store.CommitAsync(new EtcdTransaction().IfModRevision("/test/a", newest).Put("/test/a", "3"), Etcd.Stop);

        Assert.False(conflict.Succeeded);
        Assert.Equal(newest, conflict.Find("/test/a")!.Value.ModRevision);
        Assert.True(success.Succeeded);
        Assert.Equal(newest + 1, success.Revision);
    }

    [Fact]
    public async Task Updating_a_key_that_is_gone_conflicts_with_nothing()
    {
        EtcdCommit commit = await store.CommitAsync(new EtcdTransaction().IfModRevision("/test/a", 5).Put("/test/a", "3"), Etcd.Stop);
        Assert.False(commit.Succeeded);
        Assert.Null(commit.Find("/test/a"));
        Assert.Empty(commit.Current);
    }

    [Fact]
    public async Task A_condition_on_the_value_holds_only_for_that_value()
    {
        await store.PutAsync("/test/a", "mine");
        Assert.False((await store.CommitAsync(new EtcdTransaction().IfValue("/test/a", "other"u8.ToArray()).Delete("/test/a"), Etcd.Stop)).Succeeded);
        EtcdCommit commit = await store.CommitAsync(new EtcdTransaction().IfValue("/test/a", "mine"u8.ToArray()).Delete("/test/a"), Etcd.Stop);
        Assert.True(commit.Succeeded);
        Assert.Equal("mine", Assert.Single(commit.Deleted).Text());
    }

    [Fact]
    public async Task Deleting_what_is_not_there_succeeds_and_deletes_nothing()
    {
        EtcdCommit commit = await store.CommitAsync(new EtcdTransaction().Delete("/test/a"), Etcd.Stop);
        Assert.True(commit.Succeeded);
        Assert.Empty(commit.Deleted);
    }

    [Fact]
    public async Task A_transaction_is_all_or_nothing_and_has_one_revision()
    {
        await store.PutAsync("/test/b", "taken");
        EtcdCommit refused = await store.CommitAsync(new EtcdTransaction().IfAbsent("/test/a").IfAbsent("/test/b").Put("/test/a", "1").Put("/test/b", "1"), Etcd.Stop);
        Assert.False(refused.Succeeded);
        Assert.Null((await store.GetAsync("/test/a", Etcd.Stop)).Entry);
        Assert.Equal("/test/b", Assert.Single(refused.Current).KeyText);

        EtcdCommit done = await store.CommitAsync(new EtcdTransaction().IfAbsent("/test/a").Put("/test/a", "1").Put("/test/c", "1"), Etcd.Stop);
        Assert.Equal(done.Revision, (await store.GetAsync("/test/a", Etcd.Stop)).Entry!.Value.ModRevision);
        Assert.Equal(done.Revision, (await store.GetAsync("/test/c", Etcd.Stop)).Entry!.Value.ModRevision);
    }

    [Fact]
    public async Task A_list_shows_one_revision_though_keys_change_between_its_pages()
    {
        await store.FillAsync(Etcd.Prefix, 5000, 10);
        List<string> keys = [];
        long revision = 0;

        await foreach (EtcdPage page in store.ListAsync(KeyRange.Prefix(Etcd.Prefix), Etcd.Stop))
        {
            if (revision == 0)
            {
                revision = page.Revision;
                await store.DeleteAsync($"{Etcd.Prefix}00004999");
                await store.PutAsync($"{Etcd.Prefix}zzz", "new");
            }
            Assert.Equal(revision, page.Revision);
            foreach (EtcdEntry entry in page.Entries.Span)
                keys.Add(entry.KeyText);
        }

        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"{Etcd.Prefix}{i:d8}"), keys);
    }

    [Fact]
    public async Task An_empty_range_is_one_empty_page()
    {
        long revision = await store.PutAsync("/other", "x");
        List<EtcdPage> pages = await store.ListAsync(KeyRange.Prefix(Etcd.Prefix), Etcd.Stop).ToListAsync(Etcd.Stop);
        Assert.Equal(revision, Assert.Single(pages).Revision);
        Assert.True(pages[0].Entries.IsEmpty);
    }

    [Fact]
    public async Task A_prefix_does_not_reach_its_neighbours()
    {
        await store.CommitAsync(new EtcdTransaction().Put("/test", "0").Put("/test.", "0").Put("/test/", "1").Put("/test/ÿ", "1").Put("/test0", "0"), Etcd.Stop);
        List<EtcdPage> pages = await store.ListAsync(KeyRange.Prefix(Etcd.Prefix), Etcd.Stop).ToListAsync(Etcd.Stop);
        Assert.Equal(["/test/", "/test/ÿ"], pages.SelectMany(page => page.Entries.ToArray()).Select(entry => entry.KeyText));
    }

    [Fact]
    public async Task The_empty_prefix_lists_every_key()
    {
        await store.CommitAsync(new EtcdTransaction().Put("\u0001", "1").Put("zz", "1"), Etcd.Stop);
        List<EtcdPage> pages = await store.ListAsync(KeyRange.Prefix(""), Etcd.Stop).ToListAsync(Etcd.Stop);
        Assert.Equal(2, pages.Sum(page => page.Entries.Length));
    }

    [Fact]
    public async Task Reading_a_list_whose_revision_was_compacted_says_so()
    {
        await store.FillAsync(Etcd.Prefix, 30_000, 10);
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(async () =>
        {
            RangePager pager = new(channel, 10_000);
            long compacted = 0;
            await foreach (RangePage _ in pager.ReadAsync(KeyRange.Prefix(Etcd.Prefix), 0, Etcd.Stop))
            {
                if (compacted++ == 0)
                    await store.CompactAsync(await store.PutAsync("/test/x", "x"), Etcd.Stop);
            }
        });
        Assert.Equal(EtcdFailure.Compacted, error.Failure);
    }

    [Fact]
    public async Task A_list_far_beyond_the_receive_limit_is_read_in_smaller_pages()
    {
        await store.FillAsync(Etcd.Prefix, 90, 1_000_000);
        List<EtcdPage> pages = await store.ListAsync(KeyRange.Prefix(Etcd.Prefix), Etcd.Stop).ToListAsync(Etcd.Stop);
        Assert.Equal(90, pages.Sum(page => page.Entries.Length));
        Assert.All(pages.SelectMany(page => page.Entries.ToArray()), entry => Assert.Equal(1_000_000, entry.Value.Length));
    }

    [Fact]
    public async Task A_value_beyond_the_servers_limit_is_too_large()
    {
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => store.CommitAsync(new EtcdTransaction().Put("/test/a", new byte[2_000_000]), Etcd.Stop));
        Assert.Equal(EtcdFailure.TooLarge, error.Failure);
        Assert.Contains(etcd.Endpoint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_a_lease_die_with_it_when_nobody_renews_it()
    {
        EtcdLease lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), Etcd.Stop);
        await store.CommitAsync(new EtcdTransaction().Put("/test/a", "alive", lease.Id), Etcd.Stop);
        Assert.Equal(lease.Id, (await store.GetAsync("/test/a", Etcd.Stop)).Entry!.Value.Lease);
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilAsync(table => table.Count == 1, "the key is there");

        await table.UntilAsync(table => table.Count == 0, "the lease expires");

        Assert.Null(await store.KeepAliveAsync(lease.Id, Etcd.Stop));
        Assert.Null(await store.TimeToLiveAsync(lease.Id, Etcd.Stop));
        Assert.False(await store.RevokeAsync(lease.Id, Etcd.Stop));
    }

    [Fact]
    public async Task A_renewed_lease_lives_and_a_revoked_one_takes_its_keys_along()
    {
        EtcdLease lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(60), Etcd.Stop);
        await store.CommitAsync(new EtcdTransaction().Put("/test/a", "alive", lease.Id), Etcd.Stop);
        Assert.Equal(TimeSpan.FromSeconds(60), await store.KeepAliveAsync(lease.Id, Etcd.Stop));
        Assert.InRange((await store.TimeToLiveAsync(lease.Id, Etcd.Stop))!.Value.TotalSeconds, 30, 60);

        Assert.True(await store.RevokeAsync(lease.Id, Etcd.Stop));

        Assert.Null((await store.GetAsync("/test/a", Etcd.Stop)).Entry);
    }

    [Fact]
    public async Task Putting_with_a_lease_that_is_gone_is_refused()
    {
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => store.CommitAsync(new EtcdTransaction().Put("/test/a", "x", 4711), Etcd.Stop));
        Assert.Equal(EtcdFailure.Other, error.Failure);
        Assert.False(error.OutcomeUnknown);
        Assert.Contains("lease not found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_a_lost_etcd_is_asked_the_failure_is_typed()
    {
        EtcdLease lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(60), Etcd.Stop);
        Assert.NotNull(await store.KeepAliveAsync(lease.Id, Etcd.Stop));
        await etcd.KillAsync();
        Func<Task>[] requests =
        [
            () => store.KeepAliveAsync(lease.Id, Etcd.Stop),
            () => store.TimeToLiveAsync(lease.Id, Etcd.Stop),
            () => store.RevokeAsync(lease.Id, Etcd.Stop),
            () => store.GrantLeaseAsync(TimeSpan.FromSeconds(1), Etcd.Stop),
            () => store.GetAsync("/test/a", Etcd.Stop),
            () => store.PutAsync("/test/a", "1"),
            () => store.CompactAsync(1, Etcd.Stop),
            () => store.ListAsync(KeyRange.Prefix(Etcd.Prefix), Etcd.Stop).ToListAsync(Etcd.Stop).AsTask(),
        ];
        foreach (Func<Task> request in requests)
            Assert.Equal(EtcdFailure.Unavailable, (await Assert.ThrowsAsync<EtcdException>(request)).Failure);
    }
}
