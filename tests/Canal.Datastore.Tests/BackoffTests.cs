namespace Canal.Datastore.Tests;

public sealed class BackoffTests
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(0.1), Most = TimeSpan.FromSeconds(10);

    [Fact]
    public void Pauses_double_up_to_the_limit_and_lose_at_most_half_to_chance()
    {
        Backoff backoff = new(Least, Most, new Random(7));
        foreach (double step in new[] { 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10 })
            Assert.InRange(backoff.Next().TotalSeconds, step / 2, step);
        backoff.Reset();
        Assert.InRange(backoff.Next().TotalSeconds, 0.05, 0.1);
    }

    [Fact]
    public void Two_agents_do_not_pause_alike()
    {
        Backoff one = new(Least, Most, new Random(1)), other = new(Least, Most, new Random(2));
        Assert.NotEqual(one.Next(), other.Next());
    }

    [Fact]
    public void Each_kind_of_failure_is_told_once_an_outage()
    {
        LinkState link = new();
        EtcdException away = new(EtcdFailure.Unavailable, "away"), tls = new(EtcdFailure.Tls, "tls");
        Assert.Equal(new WatchBatch.Lost(EtcdFailure.Unavailable, "away"), link.Lose(away));
        Assert.NotNull(link.Lose(tls));
        Assert.Null(link.Lose(away));
        Assert.Null(link.Lose(tls));
        Assert.Equal(new WatchBatch.Connected("x"), link.Connect("x"));
        Assert.Null(link.Connect("x"));
        Assert.NotNull(link.Lose(away));
    }
}
