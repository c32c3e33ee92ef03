using Canal.Hosting;

namespace Canal.FlannelBridge;

/// <summary>What probes are told: by our daemons' paths, and by flanneld's.</summary>
internal sealed class BridgeHealth
{
    private readonly HealthTable table;
    private readonly HealthReporter loop;
    private volatile bool ready;

    public BridgeHealth(TimeProvider time, TimeSpan patience)
    {
        table = new HealthTable(time);
        loop = table.Register("BridgeLoop", HealthAspects.LiveAndReady, patience);
    }

    /// <summary>The loop turned.</summary>
    public void Report(bool healthy) => loop.Report(new HealthReport(true, healthy));

    /// <summary>There is a lease, and what follows from it is in force; flanneld's readiness says no more.</summary>
    public void Ready(bool isReady) => ready = isReady;

    public Dictionary<string, Func<HttpAnswer>> Routes()
    {
        Dictionary<string, Func<HttpAnswer>> routes = HealthRoutes.Of(table);
        routes["/healthz"] = () => new HttpAnswer(table.Is(HealthAspects.Live) ? 200 : 503, "canal-flannel-bridge is running\n");
        routes["/readyz"] = () => ready ? new HttpAnswer(200, "canal-flannel-bridge is ready\n") : new HttpAnswer(503, "canal-flannel-bridge is not ready yet\n");
        return routes;
    }
}
