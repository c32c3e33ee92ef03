using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Datastore;
using Serilog;

namespace Canal.BirdConfigRenderer.Status;

/// <summary>
/// Keeps the CalicoNodeStatus resources of this node up to date, each as often as it asks. Only <c>status</c> is written, over the value as it is in etcd,
/// and only if nobody wrote it meanwhile. Runs beside the loop: an etcd that does not answer holds up nothing.
/// </summary>
internal sealed class NodeStatusReporter(EtcdStore store, string socket, TimeProvider time, ILogger log)
{
    private const uint DefaultPeriod = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, DateTimeOffset> next = new(StringComparer.Ordinal);
    private Task running = Task.CompletedTask;
    private bool failing;

    /// <summary>Reports what is due, unless the last report is still under way.</summary>
    public void Start(IReadOnlyCollection<CalicoNodeStatus> requests, BirdView? view, IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        if (!running.IsCompleted || requests.Count == 0) return;
        DateTimeOffset now = time.GetUtcNow();
        CalicoNodeStatus[] due = [.. requests.Where(r => r.UpdatePeriodSeconds is not 0 && next.GetValueOrDefault(r.Key.Name) <= now)];
        foreach (CalicoNodeStatus request in due) next[request.Key.Name] = now + TimeSpan.FromSeconds(request.UpdatePeriodSeconds ?? DefaultPeriod);
        if (due.Length > 0) running = ReportAsync(due, view, sessions, stop);
    }

    private async Task ReportAsync(CalicoNodeStatus[] due, BirdView? view, IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        try
        {
            foreach (CalicoNodeStatus request in due) await WriteAsync(request, await StatusAsync(request, view, sessions, stop).ConfigureAwait(false), stop).ConfigureAwait(false);
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

    private async Task<JsonObject> StatusAsync(CalicoNodeStatus request, BirdView? view, IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        JsonObject status = new() { ["lastUpdated"] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) };
        if (request.Classes.Contains("Agent")) status["agent"] = NodeStatusJson.Agent(view);
        if (request.Classes.Contains("BGP")) status["bgp"] = NodeStatusJson.Bgp(view, sessions);
        if (request.Classes.Contains("Routes")) status["routes"] = view is null ? new JsonObject() : await RoutesAsync(sessions, stop).ConfigureAwait(false);
        return status;
    }

    private async Task<JsonObject> RoutesAsync(IReadOnlyDictionary<string, BgpSession> sessions, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            using BirdSocket bird = await BirdSocket.ConnectAsync(socket, patience.Token).ConfigureAwait(false);
            await bird.AskAsync("restrict", patience.Token).ConfigureAwait(false);
            BirdReply v4 = await bird.AskAsync("show route table master4", patience.Token).ConfigureAwait(false), v6 = await bird.AskAsync("show route table master6", patience.Token).ConfigureAwait(false);
            return new JsonObject { ["routesV4"] = NodeStatusJson.Routes(v4, sessions), ["routesV6"] = NodeStatusJson.Routes(v6, sessions) };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new IOException($"BIRD does not answer on {socket} within {Patience.TotalSeconds} s");
        }
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
