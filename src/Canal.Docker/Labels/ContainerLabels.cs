using System.Threading.Channels;
using Canal.Core.Resources;
using Canal.Datastore;
using Serilog;

namespace Canal.Docker;

/// <summary>
/// Gives endpoints the labels of their containers, which Docker's protocol for drivers does not tell: Docker is asked after a container has joined, because
/// before that it does not answer for it. A label that the network or whoever connects the container has set stays: an image may bring labels too.
/// </summary>
internal sealed class ContainerLabels(DockerApi docker, Cluster cluster, NetworkTable networks, TimeProvider time, ILogger log)
{
    // More containers than that do not start at once on a host.
    private const int Most = 4096;
    private const int MostTries = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Waiting> joined = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>How labels of containers begin that become labels of endpoints. May be set at any time.</summary>
    public required string Prefix { get; set; }

    /// <summary>How long Docker is asked. May be set at any time.</summary>
    public required TimeSpan Limit { get; set; }

    /// <summary>A container is about to start. May be called on any thread.</summary>
    public void Follow(string network, string endpoint) => joined.Writer.TryWrite(new Waiting(network, endpoint, time.GetUtcNow() + Limit));

    /// <summary>Until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        // Whatever started while nobody followed.
        foreach (string network in networks.Ids) await TryLabelAllAsync(network, stop);
        List<Waiting> waiting = [];
        while (true)
        {
            if (waiting.Count == 0) await joined.Reader.WaitToReadAsync(stop);
            while (joined.Reader.TryRead(out Waiting? next)) waiting.Add(next);
            string? reason = null;
            foreach (IGrouping<string, Waiting> some in waiting.GroupBy(one => one.Network).ToArray())
                reason = await LabelAsync(some.Key, [.. some.Select(one => one.Endpoint)], found => waiting.RemoveAll(one => one.Endpoint == found), stop) ?? reason;
            foreach (Waiting late in waiting.Where(one => one.Until < time.GetUtcNow()).ToArray())
            {
                log.Warning("endpoint {Endpoint} has no labels of its container: {Reason}", late.Endpoint, reason ?? "Docker does not tell of it");
                waiting.Remove(late);
            }
            if (waiting.Count > 0) await Task.Delay(Pause, time, stop);
        }
    }

    private async Task TryLabelAllAsync(string network, CancellationToken stop)
    {
        if (await LabelAsync(network, null, _ => 0, stop) is { } reason) log.Information("containers of network {Network} have the labels they had: {Reason}", network, reason);
    }

    /// <summary>Labels these endpoints of a network, or all, and tells each that is.</summary>
    /// <returns>Why it did not work; null when it did, which does not mean that Docker knew them.</returns>
    private async Task<string?> LabelAsync(string network, string[]? endpoints, Func<string, int> done, CancellationToken stop)
    {
        try
        {
            foreach ((string endpoint, string container) in await docker.ContainersOfAsync(network, stop))
            {
                if (endpoints is not null && !endpoints.Contains(endpoint)) continue;
                await AddAsync(cluster.KeyOf(endpoint), Own(await docker.LabelsOfAsync(container, stop)), stop);
                done(endpoint);
            }
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or EtcdException or DriverException)
        {
            return e.Message;
        }
    }

    private LabelMap Own(LabelMap labels)
    {
        LabelMap own = default;
        foreach ((string name, string value) in labels)
            if (name.Length > Prefix.Length && name.StartsWith(Prefix, StringComparison.Ordinal)) own = own.With(name[Prefix.Length..], value);
        return own;
    }

    /// <summary>Adds those that are not there yet and are good.</summary>
    private async Task AddAsync(ResourceKey key, LabelMap labels, CancellationToken stop)
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            if ((await cluster.Etcd.GetAsync(key.ToEtcdKey(), stop)).Entry is not { } entry || ResourceDocument.Parse(entry.Value.Span, out _) is not { } document) return;
            LabelMap before = document.Labels;
            foreach ((string name, string value) in labels)
                if (!before.ContainsKey(name)) Add(document, key, name, value);
            if (document.Labels == before) return;
            EtcdTransaction transaction = new EtcdTransaction().IfModRevision(key.ToEtcdKey(), entry.ModRevision).Put(key.ToEtcdKey(), document.ToStoredBytes());
            if ((await cluster.Etcd.CommitAsync(transaction, stop)).Succeeded) return;
        }
        log.Warning("others changed {Endpoint} each time it was labelled", key);
    }

    private void Add(ResourceDocument document, ResourceKey key, string name, string value)
    {
        LabelMap before = document.Labels;
        document.Labels = before.With(name, value);
        if (ResourceValidation.Validate(document) is { IsEmpty: false } problems)
        {
            log.Warning("{Endpoint} does not get its container's label: {Problem}", key, problems[0]);
            document.Labels = before;
        }
    }

    /// <param name="Network">Its id.</param>
    /// <param name="Endpoint">Its id.</param>
    /// <param name="Until">When to give up.</param>
    private sealed record Waiting(string Network, string Endpoint, DateTimeOffset Until);
}
