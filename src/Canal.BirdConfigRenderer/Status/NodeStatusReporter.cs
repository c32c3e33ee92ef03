using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Datastore;
using Serilog;

namespace Canal.BirdConfigRenderer.Status;

/// <summary>
/// Keeps the CalicoNodeStatus resources of this node up to date, each as often as it asks. Only <c>status</c> is written, over the value as it is in etcd,
/// and only if nobody wrote it meanwhile. Runs beside the loop: an etcd that does not answer holds up nothing.
/// </summary>
internal sealed class NodeStatusReporter(EtcdStore store, ImmutableArray<BirdDaemon> daemons, TimeProvider time, ILogger log)
{
    private const uint DefaultPeriod = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, DateTimeOffset> next = new(StringComparer.Ordinal);
    private Task running = Task.CompletedTask;
    private bool failing;

    /// <summary>Reports what is due, unless the last report is still under way.</summary>
    public void Start(IReadOnlyCollection<CalicoNodeStatus> requests, BirdViews views, IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        if (!running.IsCompleted || requests.Count == 0) return;
        DateTimeOffset now = time.GetUtcNow();
        CalicoNodeStatus[] due = [.. requests.Where(r => r.UpdatePeriodSeconds is not 0 && next.GetValueOrDefault(r.Key.Name) <= now)];
        foreach (CalicoNodeStatus request in due) next[request.Key.Name] = now + TimeSpan.FromSeconds(request.UpdatePeriodSeconds ?? DefaultPeriod);
        if (due.Length > 0) running = ReportAsync(due, views, sessions, stop);
    }

    private async Task ReportAsync(CalicoNodeStatus[] due, BirdViews views, IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        try
        {
            foreach (CalicoNodeStatus request in due) await WriteAsync(request, await StatusAsync(request, views, sessions, stop).ConfigureAwait(false), stop).ConfigureAwait(false);
            if (failing) Log.Recovered(log, "reporting to etcd");
            failing = false;
        }
        catch (Exception e) when (e is EtcdException or IOException or JsonException)
        {
            if (!failing) Log.Failed(log, "reporting to etcd", e.Message);
            failing = true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The daemon stops; the last report stays as it is.
        }
    }

    private async Task<JsonObject> StatusAsync(CalicoNodeStatus request, BirdViews views, IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        JsonObject status = new() { ["lastUpdated"] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) };
        if (request.Classes.Contains("Agent")) status["agent"] = NodeStatusJson.Agent(views);
        if (request.Classes.Contains("BGP")) status["bgp"] = NodeStatusJson.Bgp(views, sessions);
        if (request.Classes.Contains("Routes")) status["routes"] = await RoutesAsync(views, sessions, stop).ConfigureAwait(false);
        return status;
    }

    private async Task<JsonObject> RoutesAsync(BirdViews views, IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        JsonObject routes = [];
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
            if (views.Of(family) is not null) routes[$"routesV{(family == IpFamily.V4 ? 4 : 6)}"] = NodeStatusJson.Routes(await AskAsync(family, stop).ConfigureAwait(false), sessions);
        return routes;
    }

    private Task<BirdReply> AskAsync(IpFamily family, CancellationToken stop)
    {
        BirdDaemon daemon = daemons.First(d => d.Dialect.Families.Contains(family));
        return BirdSocket.AskOnceAsync(daemon.Socket, Patience, stop, "restrict", daemon.Dialect.RoutesCommand(family));
    }

    private async Task WriteAsync(CalicoNodeStatus request, JsonObject status, CancellationToken stop)
    {
        string key = request.Key.ToEtcdKey();
        if ((await store.GetAsync(key, stop).ConfigureAwait(false)).Entry is not { } entry) return;
        if (JsonNode.Parse(entry.Value.Span) is not JsonObject resource) return;
        resource["status"] = status;
        EtcdTransaction transaction = new EtcdTransaction().IfModRevision(key, entry.ModRevision).Put(key, Encoding.UTF8.GetBytes(resource.ToJsonString()));
        // Somebody else's write in between is theirs; the next report comes anyway.
        await store.CommitAsync(transaction, stop).ConfigureAwait(false);
    }
}
