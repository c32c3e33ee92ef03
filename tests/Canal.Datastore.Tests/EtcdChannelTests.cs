using System.Diagnostics;
using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class EtcdChannelTests
{
    [Fact]
    public async Task A_write_whose_answer_is_lost_is_not_repeated_and_its_outcome_unknown()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdProcess other = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint, other.Endpoint);
        EtcdStore store = new(channel);
        await store.PutAsync("/test/a", "1");

        etcd.Freeze();
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => store.PutAsync("/test/a", "2"));
        etcd.Thaw();

        Assert.Equal(EtcdFailure.Unavailable, error.Failure);
        Assert.True(error.OutcomeUnknown);
        Assert.Equal("", await other.CtlAsync("get", "/test/a"));
    }

    [Fact]
    public async Task A_write_that_found_no_connection_goes_to_the_next_endpoint()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel("http://127.0.0.1:1", etcd.Endpoint);
        Assert.True((await new EtcdStore(channel).CommitAsync(new EtcdTransaction().IfAbsent("/test/a").Put("/test/a", "1"), Etcd.Stop)).Succeeded);
    }

    [Fact]
    public async Task A_read_of_a_frozen_member_is_answered_by_the_next()
    {
        await using EtcdProcess frozen = await EtcdProcess.StartAsync();
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        frozen.Freeze();
        await using EtcdChannel channel = Limited(frozen.Endpoint, etcd.Endpoint);
        Assert.Null((await new EtcdStore(channel).GetAsync("/test/a", Etcd.Stop)).Entry);
    }

    [Fact]
    public async Task When_nothing_listens_the_error_says_so_at_once_and_nothing_was_written()
    {
        await using EtcdChannel channel = Etcd.Channel("http://127.0.0.1:1");
        long began = Stopwatch.GetTimestamp();
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => new EtcdStore(channel).PutAsync("/test/a", "1"));
        // Without waiting for the limit on a connection or on a request, which are five and fifteen seconds.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 4.5);
        Assert.Equal(EtcdFailure.Unavailable, error.Failure);
        Assert.False(error.OutcomeUnknown);
        Assert.Equal("etcd at http://127.0.0.1:1: Connection refused", error.Message);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_unavailable()
    {
        await using EtcdChannel channel = Etcd.Channel("http://no-such-host.invalid:2379");
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => new EtcdStore(channel).GetAsync("/test/a", Etcd.Stop));
        Assert.Equal(EtcdFailure.Unavailable, error.Failure);
        Assert.False(error.OutcomeUnknown);
    }

    [Fact]
    public async Task A_frozen_member_costs_a_request_no_more_than_its_time()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Limited(etcd.Endpoint);
        EtcdStore store = new(channel);
        await store.GetAsync("/test/a", Etcd.Stop);
        etcd.Freeze();
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => store.GetAsync("/test/a", Etcd.Stop));
        Assert.Equal($"etcd at {etcd.Endpoint}: no answer in time", error.Message);
    }

    [Fact]
    public async Task Cancellation_is_cancellation_and_no_failure()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint);
        etcd.Freeze();
        using CancellationTokenSource soon = new(TimeSpan.FromSeconds(0.2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new EtcdStore(channel).GetAsync("/test/a", soon.Token));
    }

    [Fact]
    public async Task A_unix_socket_serves_as_well()
    {
        // etcd names its socket host:port, relative to its working directory: a proxy of ours gives it an absolute path.
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await using UnixProxy proxy = new(Path.Combine(etcd.Folder, "socket"), etcd.Port);
        await using EtcdChannel channel = Etcd.Channel($"unix://{proxy.Path}");
        EtcdStore store = new(channel);
        await store.PutAsync("/test/a", "1");
        Assert.Equal("1", (await store.GetAsync("/test/a", Etcd.Stop)).Entry!.Value.Text());
    }

    /// <summary>Nothing but the request's own limit ends it.</summary>
    private static EtcdChannel Limited(params string[] endpoints) =>
        new(Etcd.Options(endpoints) with { RequestTimeout = TimeSpan.FromSeconds(3), KeepAliveInterval = TimeSpan.FromHours(1) }, TimeProvider.System);
}
