using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Canal.Core.Resources;
using Canal.Datastore;
using Serilog;

namespace Canal.Felix.Status;

/// <summary>
/// Writes the states of endpoints, and that this agent is alive, to etcd under Calico's keys. A queue of its own: a slow or absent etcd never holds up
/// enforcement. At most one write a second for all endpoints together; the newest state of each wins.
/// </summary>
internal sealed class EtcdReporter(EtcdStore store, string nodeName, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    // Never full for long: the reader only moves entries into a dictionary. When it is, the oldest is dropped and a later full listing repairs it.
    private readonly Channel<(string Key, string? State)> queue = Channel.CreateBounded<(string, string?)>(
        new BoundedChannelOptions(65536) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

    private readonly DateTimeOffset started = time.GetUtcNow();
    private readonly Dictionary<string, string?> pending = new(StringComparer.Ordinal);
    private volatile ReportingParameters parameters = ReportingParameters.Off;
    private DateTimeOffset nextAlive;
    private bool failing;
    private bool swept;

    /// <summary>Puts other parameters in force; whoever switches reporting on reports every endpoint then.</summary>
    public void Configure(ReportingParameters changed)
    {
        parameters = changed;
        queue.Writer.TryWrite((WakeUp, null));
    }

    private const string WakeUp = "";

    /// <summary>The endpoint has this state; null when it is not here any more.</summary>
    public void Report(string @namespace, string endpointName, EndpointState? state)
    {
        if (parameters.Enabled && WorkloadEndpointName.TryParse(endpointName, out WorkloadEndpointName name))
            queue.Writer.TryWrite((StatusKeys.Workload(parameters.Region, @namespace, name), state?.ToString().ToLowerInvariant()));
    }

    /// <summary>Reports until stopped; sleeps while reporting is off.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await queue.Reader.WaitToReadAsync(stop).ConfigureAwait(false);
                await SweepAsync(stop).ConfigureAwait(false);
                if (failing) Log.Recovered(log, "reporting to etcd");
                failing = false;
                await ReportAsync(stop).ConfigureAwait(false);
            }
            catch (EtcdException e)
            {
                if (!failing) Log.Failed(log, "reporting to etcd", e.Message);
                failing = true;
                await Task.Delay(TimeSpan.FromSeconds(5), time, stop).ConfigureAwait(false);
            }
        }
    }

    private async Task ReportAsync(CancellationToken stop)
    {
        while (parameters.Enabled)
        {
            TakeQueued();
            if (pending.Count > 0) await WriteAsync(stop).ConfigureAwait(false);
            if (time.GetUtcNow() >= nextAlive) await AliveAsync(stop).ConfigureAwait(false);
            await Task.Delay(Delay, time, stop).ConfigureAwait(false);
            if (pending.Count == 0 && !queue.Reader.TryPeek(out _)) await WaitAsync(stop).ConfigureAwait(false);
        }
    }

    private void TakeQueued()
    {
        while (queue.Reader.TryRead(out (string Key, string? State) report))
            if (report.Key != WakeUp) pending[report.Key] = report.State;
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        TimeSpan left = nextAlive - time.GetUtcNow();
        if (left <= TimeSpan.Zero) return;
        using CancellationTokenSource woken = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(queue.Reader.WaitToReadAsync(woken.Token).AsTask(), Task.Delay(left, time, woken.Token)).ConfigureAwait(false);
        await woken.CancelAsync().ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        foreach ((string key, string? state) in pending.ToArray())
        {
            EtcdTransaction transaction = new();
            if (state is null) transaction.Delete(key);
            else transaction.Put(key, Encoding.UTF8.GetBytes($$"""{"status":"{{state}}"}"""));
            await store.CommitAsync(transaction, stop).ConfigureAwait(false);
            pending.Remove(key);
        }
    }

    /// <summary>Deletes statuses of endpoints that are not here any more; what is queued says which are.</summary>
    private async Task SweepAsync(CancellationToken stop)
    {
        TakeQueued();
        if (swept || !parameters.Enabled) return;
        await foreach (EtcdPage page in store.ListAsync(KeyRange.Prefix(StatusKeys.Workloads(parameters.Region, nodeName)), stop).ConfigureAwait(false))
            foreach (EtcdEntry entry in page.Entries.ToArray()) pending.TryAdd(entry.KeyText, null);
        swept = true;
    }

    private async Task AliveAsync(CancellationToken stop)
    {
        DateTimeOffset now = time.GetUtcNow();
        string report = string.Create(CultureInfo.InvariantCulture,
            $$"""{"time":"{{now:yyyy-MM-ddTHH:mm:ssZ}}","uptime":{{(now - started).TotalSeconds:0.###}},"first_update":{{(nextAlive == default ? "true" : "false")}}}""");
        EtcdLease lease = await store.GrantLeaseAsync(parameters.Ttl, stop).ConfigureAwait(false);
        byte[] value = Encoding.UTF8.GetBytes(report);
        await store.CommitAsync(new EtcdTransaction().Put(StatusKeys.Alive(parameters.Region, nodeName), value, lease.Id).Put(StatusKeys.LastReported(parameters.Region, nodeName), value), stop).ConfigureAwait(false);
        nextAlive = now + parameters.Interval;
    }
}
