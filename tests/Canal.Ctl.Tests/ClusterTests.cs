namespace Canal.Ctl.Tests;

/// <summary>Tests on an etcd that is empty when each begins, but for the tier that policies need.</summary>
public abstract class ClusterTests(Cluster cluster) : IClassFixture<Cluster>, IAsyncLifetime
{
    protected const string DefaultTier =
        """{"kind":"Tier","apiVersion":"projectcalico.org/v3","metadata":{"name":"default","uid":"u-tier","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"order":1000000,"defaultAction":"Deny"}}""";

    private protected Cluster Cluster { get; } = cluster;

    public async ValueTask InitializeAsync()
    {
        await Cluster.ClearAsync();
        await Cluster.Put("tiers/default", DefaultTier);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
