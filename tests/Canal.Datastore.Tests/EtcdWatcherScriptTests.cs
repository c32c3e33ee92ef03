using Etcdserverpb;
using Grpc.Core;

namespace Canal.Datastore.Tests;

public sealed class EtcdWatcherScriptTests
{
    private readonly ScriptedEtcd etcd = new();

    [Fact]
    public async Task A_stream_that_ends_cleanly_is_a_failure_and_is_replaced()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        Assert.Equal(11, first.Created.StartRevision);
        first.Say(etcd.Confirmation());
        first.Say(etcd.Puts(false, ("/test/a", 11)));
        await table.UntilAsync(table => table.Events.Count == 1, "the event");

        etcd.Revision = 11;
        first.End();

        ScriptedEtcd.Conversation second = await etcd.NextAsync();
        Assert.Equal(12, second.Created.StartRevision);
        second.Say(etcd.Confirmation());
        await table.UntilAsync(table => table.Times("connected") == 2, "connected again");
        Assert.Equal(["begin", "complete", "connected", "lost Unavailable", "connected"], table.Told);
    }

    [Theory]
    [InlineData(StatusCode.Cancelled, "etcdserver: watch canceled", "lost Unavailable")]
    [InlineData(StatusCode.Unavailable, "etcdserver: no leader", "lost Unavailable")]
    [InlineData(StatusCode.Internal, "what", "lost Other")]
    [InlineData(StatusCode.Unauthenticated, "etcdserver: invalid auth token", "lost Unauthenticated")]
    [InlineData(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size.", "lost TooLarge")]
    public async Task Every_status_that_ends_a_stream_is_told_and_the_stream_replaced(StatusCode status, string detail, string told)
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        first.Say(etcd.Confirmation());
        await table.UntilInSyncAsync();

        first.Fail(status, detail);

        (await etcd.NextAsync()).Say(etcd.Confirmation());
        await table.UntilAsync(table => table.Times("connected") == 2, "connected again");
        Assert.Equal(["begin", "complete", "connected", told, "connected"], table.Told);
    }

    [Fact]
    public async Task A_member_without_leader_is_asked_to_end_the_stream_itself()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation stream = await etcd.NextAsync();
        Assert.Equal("true", stream.Headers.GetValue("hasleader"));
        Assert.True(stream.Created.Fragment);
        Assert.True(stream.Created.ProgressNotify);
        Assert.False(stream.Created.PrevKv);
    }

    [Fact]
    public async Task A_stream_broken_between_fragments_delivers_each_revision_once_and_whole()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        first.Say(etcd.Confirmation());
        first.Say(etcd.Puts(true, ("/test/a", 11), ("/test/b", 12), ("/test/c", 12)));
        await table.UntilAsync(table => table.Events.Count == 1, "the revision that is complete");
        etcd.Revision = 12;
        first.End();

        ScriptedEtcd.Conversation second = await etcd.NextAsync();
        Assert.Equal(12, second.Created.StartRevision);
        second.Say(etcd.Confirmation());
        second.Say(etcd.Puts(true, ("/test/b", 12), ("/test/c", 12)));
        second.Say(etcd.Puts(true, ("/test/d", 12)));
        second.Say(etcd.Puts(false, ("/test/e", 12), ("/test/f", 13)));
        await table.UntilAsync(table => table.Events.Count == 6, "the rest");

        Assert.Equal([("/test/a", 11L), ("/test/b", 12), ("/test/c", 12), ("/test/d", 12), ("/test/e", 12), ("/test/f", 13)], table.Events);
    }

    [Fact]
    public async Task A_refused_watch_gives_its_reason_at_once()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        (await etcd.NextAsync()).Say(new WatchResponse
        {
            Header = etcd.Header(10),
            WatchId = -1,
            Created = true,
            Canceled = true,
            CancelReason = "etcdserver: permission denied",
        });

        await table.UntilAsync(table => table.Times("lost PermissionDenied") == 1, "the refusal");
        Assert.Equal("etcd at script cancelled the watch: permission denied", table.Reason);

        // The operator grants it.
        (await etcd.NextAsync()).Say(etcd.Confirmation());
        await table.UntilInSyncAsync();
        Assert.Equal(1, etcd.Lists);
    }

    [Theory]
    [InlineData("etcdserver: permission denied")]
    [InlineData("etcdserver: invalid auth token")]
    public async Task A_watch_refused_for_its_token_logs_in_anew(string reason)
    {
        await using EtcdChannel channel = etcd.Open(new EtcdOptions { Username = "felix", Password = "secret" });
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        Assert.Equal("token 1", first.Headers.GetValue("token"));
        first.Say(new WatchResponse { Header = etcd.Header(10), WatchId = -1, Created = true, Canceled = true, CancelReason = reason });

        ScriptedEtcd.Conversation second = await etcd.NextAsync();
        Assert.Equal("token 2", second.Headers.GetValue("token"));
        second.Fail(StatusCode.Unauthenticated, "etcdserver: invalid auth token");
        Assert.Equal("token 3", (await etcd.NextAsync()).Headers.GetValue("token"));
    }

    [Fact]
    public async Task An_answer_to_a_progress_request_does_not_move_the_place()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel, new EtcdWatcherOptions { HeartbeatInterval = TimeSpan.FromSeconds(3) }));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        first.Say(etcd.Confirmation());
        WatchRequest request = await first.Requests.Reader.ReadAsync(Etcd.Stop);
        Assert.NotNull(request.ProgressRequest);
        first.Say(new WatchResponse { Header = etcd.Header(20), WatchId = -1 });
        first.Say(etcd.Puts(false, ("/test/a", 15)));
        await table.UntilAsync(table => table.Events.Count == 1, "the event that was overtaken");
        etcd.Revision = 20;
        first.End();

        Assert.Equal(16, (await etcd.NextAsync()).Created.StartRevision);
    }

    [Fact]
    public async Task A_progress_notification_moves_the_place()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        first.Say(etcd.Confirmation());
        first.Say(new WatchResponse { Header = etcd.Header(20), WatchId = 0 });
        etcd.Revision = 20;
        first.End();

        Assert.Equal(21, (await etcd.NextAsync()).Created.StartRevision);
    }

    [Fact]
    public async Task A_heartbeat_without_answer_ends_the_stream()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel, new EtcdWatcherOptions { HeartbeatInterval = TimeSpan.FromMilliseconds(100) }));
        (await etcd.NextAsync()).Say(etcd.Confirmation());
        await table.UntilAsync(table => table.Times("lost Unavailable") == 1, "the loss");
        Assert.Contains("no sign of life for 0.1 s", table.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 3, 10)]
    [InlineData(7, 2, 10)]
    [InlineData(7, 3, 9)]
    [InlineData(8, 4, 30)]
    public async Task Another_cluster_id_a_lower_term_or_a_lower_revision_is_another_history(ulong clusterId, ulong raftTerm, long revision)
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        first.Say(etcd.Confirmation());
        await table.UntilInSyncAsync();
        (etcd.ClusterId, etcd.RaftTerm, etcd.Revision) = (clusterId, raftTerm, revision);
        first.End();

        Assert.Equal(revision + 1, (await etcd.NextAsync()).Created.StartRevision);
        Assert.Equal(2, etcd.Lists);
        Assert.Equal(["begin", "complete", "connected", "lost Unavailable", "begin", "complete"], table.Told);
    }

    [Fact]
    public async Task The_same_history_further_on_is_not_listed_again()
    {
        await using EtcdChannel channel = etcd.Open();
        await using WatchTable table = new(Etcd.Watcher(channel));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        first.Say(etcd.Confirmation());
        await table.UntilInSyncAsync();
        (etcd.RaftTerm, etcd.Revision) = (5, 40);
        first.End();

        Assert.Equal(11, (await etcd.NextAsync()).Created.StartRevision);
        Assert.Equal(1, etcd.Lists);
    }

    [Fact]
    public async Task Compaction_on_an_open_stream_lists_again_without_a_pause_or_a_word_of_loss()
    {
        await using EtcdChannel channel = etcd.Open();
        TimeSpan never = TimeSpan.FromHours(1);
        await using WatchTable table = new(Etcd.Watcher(channel, new EtcdWatcherOptions { BackoffLeast = never, BackoffMost = never }));
        ScriptedEtcd.Conversation first = await etcd.NextAsync();
        first.Say(etcd.Confirmation());
        etcd.Revision = 20;
        first.Say(new WatchResponse { Header = etcd.Header(10), Canceled = true, CompactRevision = 15 });

        ScriptedEtcd.Conversation second = await etcd.NextAsync();
        Assert.Equal(21, second.Created.StartRevision);
        second.Say(etcd.Confirmation());
        second.Say(etcd.Puts(false, ("/test/a", 21)));
        await table.UntilAsync(table => table.Events.Count == 1, "an event");
        Assert.Equal(["begin", "complete", "connected", "begin", "complete"], table.Told);
    }
}
