namespace Canal.BirdConfigRenderer;

/// <summary>The latest numbers, handed from the loop to the server's threads.</summary>
internal sealed class MetricsHolder
{
    private volatile Metrics current = Metrics.None;

    public Metrics Current { get => current; set => current = value; }
}
