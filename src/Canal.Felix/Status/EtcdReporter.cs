using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Datastore;
using Serilog;

namespace Canal.Felix.Status;

/// <summary>
/// Writes the states of endpoints, and that this agent is alive, to etcd under Calico's keys. A queue of its own: a slow or absent etcd never holds up
/// enforcement. Rounds of writes are some time apart; the newest state of each endpoint wins. What etcd holds is read at the start and after every failure.
/// </summary>
internal sealed class EtcdReporter(EtcdStore store, string nodeName, TimeProvider time, ILogger log)
{
    /// <summary>As Calico: so many times the delay, and all that etcd holds of this host is read and mended.</summary>
    private const int RoundsBetweenReadings = 180;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    // Unbounded, but with no more in it than changes of local endpoints between two looks: the reader moves them into a dictionary.
    private readonly Channel<Message> queue = Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true });
    private readonly DateTimeOffset started = time.GetUtcNow();
    private readonly Dictionary<string, string> wanted = new(StringComparer.Ordinal);
    private readonly HashSet<string> pending = new(StringComparer.Ordinal);
    private ReportingParameters parameters = ReportingParameters.Off;
    private DateTimeOffset? nextAlive, nextReading;
    private bool everAlive;
    private bool isComplete;
    private bool inDoubt = true;
    private volatile string? failing;

    /// <summary>Puts other parameters in force; whoever calls reports every endpoint again afterwards.</summary>
    public void Configure(ReportingParameters changed) => queue.Writer.TryWrite(new Message.Configured(changed));

    /// <summary>The endpoint has this state; null when it is not here any more.</summary>
    public void Report(string @namespace, string endpointName, EndpointState? state)
    {
        if (WorkloadEndpointName.TryParse(endpointName, out WorkloadEndpointName name))
            queue.Writer.TryWrite(new Message.Reported(@namespace, name, state));
    }

    /// <summary>The host endpoint has this state; null when it is not here any more.</summary>
    public void Report(string hostEndpoint, HostEndpointState? state) => queue.Writer.TryWrite(new Message.HostReported(hostEndpoint, state));

    /// <summary>Every local endpoint has been reported: others that etcd knows of this host are not here any more.</summary>
    public void Complete() => queue.Writer.TryWrite(new Message.Completed());

    /// <summary>For the status: why reporting fails, else that it does not.</summary>
    public string Describe() => failing ?? "well, or not wanted";

    /// <summary>Reports until stopped; sleeps while reporting is off.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            TakeQueued();
            try
            {
                if (parameters.Enabled) await ReportAsync(stop).ConfigureAwait(false);
                if (failing is not null) Log.Recovered(log, "reporting to etcd");
                failing = null;
            }
            catch (EtcdException e)
            {
                if (failing is null) Log.Failed(log, "reporting to etcd", e.Message);
                failing = e.Message;
                // A restored or emptied etcd holds what it held before, or nothing: the lease may be gone, and the statuses.
                (inDoubt, nextAlive) = (true, null);
                await Task.Delay(RetryPause, time, stop).ConfigureAwait(false);
                continue;
            }
            await WaitAsync(stop).ConfigureAwait(false);
        }
    }

    private async Task ReportAsync(CancellationToken stop)
    {
        if (nextReading <= time.GetUtcNow()) inDoubt = true;
        if (inDoubt && isComplete) await ReadAsync(stop).ConfigureAwait(false);
        foreach (string key in pending.ToArray())
        {
            await WriteAsync(key, stop).ConfigureAwait(false);
            pending.Remove(key);
        }
        if (parameters.Interval > TimeSpan.Zero && (nextAlive is null || time.GetUtcNow() >= nextAlive)) await AliveAsync(stop).ConfigureAwait(false);
    }

    private void TakeQueued()
    {
        while (queue.Reader.TryRead(out Message? message))
        {
            switch (message)
            {
                case Message.Configured configured: Take(configured.Parameters); break;
                case Message.Completed: isComplete = true; break;
                case Message.Reported reported:
                    Want(StatusKeys.Workload(parameters.Region, reported.Namespace, reported.Name), reported.State?.ToString());
                    break;
                case Message.HostReported reported:
                    Want(StatusKeys.HostEndpoint(nodeName, reported.Name), reported.State?.ToString());
                    break;
            }
        }
    }

    /// <summary>Keys of another region are others.</summary>
    private void Take(ReportingParameters changed)
    {
        parameters = changed;
        wanted.Clear();
        pending.Clear();
        (inDoubt, nextAlive, nextReading) = (true, null, null);
    }

    private void Want(string key, string? state)
    {
        if (state is null) wanted.Remove(key);
        else wanted[key] = $$"""{"status":"{{state.ToLowerInvariant()}}"}""";
        pending.Add(key);
    }

    /// <summary>Waits the delay, then until there is something to do.</summary>
    private async Task WaitAsync(CancellationToken stop)
    {
        if (parameters.Enabled) await Task.Delay(parameters.Delay, time, stop).ConfigureAwait(false);
        TimeSpan left = parameters.Enabled && Sooner(nextAlive, nextReading) is { } next ? next - time.GetUtcNow() : Timeout.InfiniteTimeSpan;
        if (left <= TimeSpan.Zero && left != Timeout.InfiniteTimeSpan) return;
        using CancellationTokenSource woken = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(queue.Reader.WaitToReadAsync(woken.Token).AsTask(), Task.Delay(left, time, woken.Token)).ConfigureAwait(false);
        await woken.CancelAsync().ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
    }

    private static DateTimeOffset? Sooner(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    private async Task WriteAsync(string key, CancellationToken stop)
    {
        EtcdTransaction transaction = new();
        if (wanted.TryGetValue(key, out string? value)) transaction.Put(key, Encoding.UTF8.GetBytes(value));
        else transaction.Delete(key);
        await store.CommitAsync(transaction, stop).ConfigureAwait(false);
    }

    /// <summary>Compares what etcd holds of this host with what it should hold: only differences are written.</summary>
    private async Task ReadAsync(CancellationToken stop)
    {
        HashSet<string> differs = [.. wanted.Keys];
        foreach (string prefix in (string[])[StatusKeys.Workloads(parameters.Region, nodeName), StatusKeys.HostEndpoints(nodeName)])
            await foreach (EtcdPage page in store.ListAsync(KeyRange.Prefix(prefix), stop).ConfigureAwait(false))
                foreach (EtcdEntry entry in page.Entries.ToArray()) Compare(entry, differs);
        pending.Clear();
        pending.UnionWith(differs);
        (inDoubt, nextReading) = (false, parameters.Delay > TimeSpan.Zero ? time.GetUtcNow() + (RoundsBetweenReadings * parameters.Delay) : null);
    }

    private void Compare(EtcdEntry entry, HashSet<string> differs)
    {
        bool same = wanted.TryGetValue(entry.KeyText, out string? value) && entry.Value.Span.SequenceEqual(Encoding.UTF8.GetBytes(value));
        if (same) differs.Remove(entry.KeyText);
        else differs.Add(entry.KeyText);
    }

    private async Task AliveAsync(CancellationToken stop)
    {
        DateTimeOffset now = time.GetUtcNow();
        string report = string.Create(CultureInfo.InvariantCulture,
            $$"""{"time":"{{now:yyyy-MM-ddTHH:mm:ssZ}}","uptime":{{(now - started).TotalSeconds:0.###}},"first_update":{{(everAlive ? "false" : "true")}}}""");
        EtcdLease lease = await store.GrantLeaseAsync(parameters.Ttl, stop).ConfigureAwait(false);
        byte[] value = Encoding.UTF8.GetBytes(report);
        await store.CommitAsync(new EtcdTransaction().Put(StatusKeys.Alive(parameters.Region, nodeName), value, lease.Id).Put(StatusKeys.LastReported(parameters.Region, nodeName), value), stop).ConfigureAwait(false);
        nextAlive = now + parameters.Interval;
        everAlive = true;
    }

    /// <summary>What the loop tells the reporter.</summary>
    private abstract record Message
    {
        public sealed record Configured(ReportingParameters Parameters) : Message;

        public sealed record Reported(string Namespace, WorkloadEndpointName Name, EndpointState? State) : Message;

        public sealed record HostReported(string Name, HostEndpointState? State) : Message;

        public sealed record Completed : Message;
    }
}
