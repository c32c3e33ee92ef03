using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Testing;

namespace Canal.Ctl.Tests;

/// <summary>A real etcd for the tests of a class, with canalctl beside it.</summary>
public sealed class Cluster : IAsyncLifetime
{
    private EtcdProcess? process;
    private EtcdChannel? channel;

    public string Endpoint => process!.Endpoint;

    public EtcdStore Etcd { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        process = await EtcdProcess.StartAsync();
        channel = new EtcdChannel(new EtcdOptions { Endpoints = [process.Endpoint] }, TimeProvider.System);
        Etcd = new EtcdStore(channel);
    }

    public async ValueTask DisposeAsync()
    {
        if (channel is not null)
            await channel.DisposeAsync();
        if (process is not null)
            await process.DisposeAsync();
    }

    public Task ClearAsync() => Etcd.CommitAsync(new EtcdTransaction().Delete(KeyRange.Prefix("/calico/")), Stop);

    /// <summary>Runs canalctl with these words.</summary>
    internal Task<ProgramRun> Run(params string[] words) => ProgramRun.Of([.. words, "--etcd", Endpoint]);

    /// <summary>Runs canalctl with a text as standard input, which <c>-f -</c> reads.</summary>
    internal Task<ProgramRun> RunOn(string input, params string[] words) => ProgramRun.Of([.. words, "-f", "-", "--etcd", Endpoint], input);

    /// <summary>Applies a text, which has to succeed.</summary>
    internal async Task<ProgramRun> Apply(string input, params string[] words) => (await RunOn(input, ["apply", .. words])).Good();

    /// <summary>Stores a value as another program would.</summary>
    /// <param name="path">The key below the resources: <c>tiers/default</c>.</param>
    /// <param name="json">The value.</param>
    /// <returns>The revision.</returns>
    internal async Task<long> Put(string path, string json) =>
        (await Etcd.CommitAsync(new EtcdTransaction().Put(ResourceKey.Root + path, Encoding.UTF8.GetBytes(json)), Stop)).Revision;

    /// <summary>The stored value of a key below the resources; null when there is none.</summary>
    internal async Task<JsonNode?> Stored(string path) =>
        (await Etcd.GetAsync(ResourceKey.Root + path, Stop)).Entry is { } entry ? JsonNode.Parse(entry.Value.Span) : null;

    /// <summary>The revision at which a key below the resources was last written; 0 when it is not there.</summary>
    internal async Task<long> Revision(string path) => (await Etcd.GetAsync(ResourceKey.Root + path, Stop)).Entry?.ModRevision ?? 0;

    /// <summary>The keys below the resources.</summary>
    internal async Task<string[]> Keys()
    {
        List<string> keys = [];
        await foreach (EtcdPage page in Etcd.ListAsync(KeyRange.Prefix(ResourceKey.Root), Stop))
        {
            foreach (EtcdEntry entry in page.Entries.ToArray())
                keys.Add(entry.KeyText[ResourceKey.Root.Length..]);
        }
        return [.. keys];
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
