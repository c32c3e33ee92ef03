using System.Diagnostics;
using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class EtcdAuthenticationTests : IAsyncLifetime
{
    private const string Password = "correct horse";
    private EtcdProcess etcd = null!;

    public async ValueTask InitializeAsync()
    {
        etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { RootPassword = Password, Arguments = ["--bcrypt-cost", "4"] });
        await etcd.CtlAsync("user", "add", "felix:secret");
        await etcd.CtlAsync("role", "add", "reader");
        await etcd.CtlAsync("role", "grant-permission", "--prefix=true", "reader", "read", Etcd.Prefix);
        await etcd.CtlAsync("user", "grant-role", "felix", "reader");
    }

    public ValueTask DisposeAsync() => etcd.DisposeAsync();

    [Fact]
    public async Task User_and_password_open_what_the_role_allows_and_no_more()
    {
        await using EtcdChannel channel = Channel("felix", "secret");
        EtcdStore store = new(channel);
        Assert.Null((await store.GetAsync("/test/a", Etcd.Stop)).Entry);

        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => store.PutAsync("/test/a", "1"));

        Assert.Equal(EtcdFailure.PermissionDenied, error.Failure);
        Assert.False(error.OutcomeUnknown);
        Assert.Contains("permission denied", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_quickly_by_kind_and_without_the_password()
    {
        await using EtcdChannel channel = Channel("root", "wr0ng-secret");
        long began = Stopwatch.GetTimestamp();
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => new EtcdStore(channel).GetAsync("/test/a", Etcd.Stop));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        Assert.Equal(EtcdFailure.Unauthenticated, error.Failure);
        Assert.Contains("authentication failed, invalid user ID or password", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng-secret", error.ToString(), StringComparison.Ordinal);

        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilAsync(table => table.Times("lost Unauthenticated") == 1, "the watcher tells");
        Assert.DoesNotContain("wr0ng-secret", table.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_user_it_is_unauthenticated()
    {
        await using EtcdChannel channel = Etcd.Channel(etcd.Endpoint);
        EtcdException error = await Assert.ThrowsAsync<EtcdException>(() => new EtcdStore(channel).GetAsync("/test/a", Etcd.Stop));
        Assert.Equal(EtcdFailure.Unauthenticated, error.Failure);
    }

    [Fact]
    public async Task A_forbidden_prefix_is_told_by_the_watcher_and_watched_once_it_is_granted()
    {
        await using EtcdChannel channel = Channel("felix", "secret");
        await using WatchTable table = new(Etcd.Watcher(channel, null, "/secret/"));
        await table.UntilAsync(table => table.Times("lost PermissionDenied") == 1, "the refusal");

        await etcd.CtlAsync("role", "grant-permission", "--prefix=true", "reader", "read", "/secret/");

        await table.UntilInSyncAsync();
    }

    [Fact]
    public async Task A_token_that_etcd_forgot_is_replaced_without_anyone_noticing()
    {
        await using EtcdChannel channel = Channel("root", Password);
        EtcdStore store = new(channel);
        await store.PutAsync("/test/a", "1");
        // Any change of users or roles makes all tokens old.
        await etcd.CtlAsync("role", "add", "another");
        await store.PutAsync("/test/a", "2");

        // Simple tokens live in memory only.
        await etcd.KillAsync();
        await etcd.StartAgainAsync();
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();
        await store.PutAsync("/test/a", "3");
        await table.UntilAsync(table => table["/test/a"] == "3", "an event");
    }

    [Fact]
    public async Task A_watch_resumes_with_a_new_token_after_etcd_restarted()
    {
        await using EtcdChannel channel = Channel("felix", "secret");
        await using EtcdChannel root = Channel("root", Password);
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();

        await etcd.KillAsync();
        await etcd.StartAgainAsync();
        await table.UntilAsync(table => table.Times("connected") == 2, "connected again");

        await new EtcdStore(root).PutAsync("/test/a", "1");
        await table.UntilAsync(table => table["/test/a"] == "1", "an event");
        Assert.Equal(1, table.Times("begin"));
    }

    [Fact]
    public async Task A_password_is_no_hindrance_where_authentication_is_off()
    {
        await etcd.CtlAsync("auth", "disable");
        await using EtcdChannel channel = Channel("felix", "whatever");
        await new EtcdStore(channel).PutAsync("/test/a", "1");
    }

    private EtcdChannel Channel(string user, string password) =>
        new(Etcd.Options(etcd.Endpoint) with { Username = user, Password = password }, TimeProvider.System);
}
