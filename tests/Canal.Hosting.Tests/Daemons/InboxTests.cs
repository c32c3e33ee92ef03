namespace Canal.Hosting.Tests.Daemons;

public sealed class InboxTests
{
    private readonly Inbox<string> inbox = new(1, TimeProvider.System);

    [Fact]
    public async Task Writers_wait_while_it_is_full()
    {
        await inbox.PutAsync("first", Stop);
        Task second = inbox.PutAsync("second", Stop).AsTask();
        Assert.False(second.IsCompleted);
        Assert.True(inbox.TryTake(out string? taken));
        Assert.Equal("first", taken);
        await second.WaitAsync(TimeSpan.FromSeconds(60), Stop);
    }

    [Fact]
    public async Task Waiting_ends_with_a_message_or_with_time()
    {
        await inbox.WaitAsync(TimeSpan.FromMilliseconds(1), Stop);
        Assert.False(inbox.TryTake(out _));
        Task waiting = inbox.WaitAsync(TimeSpan.FromMinutes(5), Stop);
        await inbox.PutAsync("here", Stop);
        await waiting.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        Assert.True(inbox.TryTake(out _));
    }

    [Fact]
    public async Task A_question_waits_for_its_answer()
    {
        Inbox<TaskCompletionSource<int>> questions = new(1, TimeProvider.System);
        Task<int> asked = questions.AskAsync<int>(answer => answer, Stop);
        await questions.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        Assert.True(questions.TryTake(out TaskCompletionSource<int>? question));
        Assert.False(asked.IsCompleted);
        question!.SetResult(42);
        Assert.Equal(42, await asked);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
