using System.Globalization;
using System.Text;
using Canal.BirdConfigRenderer.Tests.Cases;
using Canal.Core.Addressing;
using Canal.Datastore;
using Canal.Testing;
using Canal.Testing.Rig;

[assembly: AssemblyFixture(typeof(CasePipeline))]

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>
/// The way that everything takes in earnest: a case's resources are put into an etcd, a renderer that watches it writes the file, and that is what is looked
/// at. One etcd for all cases and one renderer for each host that they speak of, so that each case is a change from the one before, too.
/// </summary>
public sealed class CasePipeline : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("canal-cases-").FullName;
    private readonly SemaphoreSlim one = new(1);
    private readonly Dictionary<(string Case, bool Is16), string[]> files = [];
    private readonly Dictionary<(string Node, bool Is16), RendererProcess> renderers = [];
    private readonly HashSet<string> stored = [];
    private EtcdProcess? etcd;
    private EtcdChannel? channel;

    /// <summary>What the renderer wrote for BIRD when the case was in etcd.</summary>
    internal async Task<string> FileOf(BirdCase @case) => (await FilesOf(@case, is16: false))[0];

    /// <summary>The same for the process of BIRD 1.6 that serves a family.</summary>
    internal async Task<string> FileOf16(BirdCase @case, IpFamily family) => (await FilesOf(@case, is16: true))[family == IpFamily.V4 ? 0 : 1];

    private async Task<string[]> FilesOf(BirdCase @case, bool is16)
    {
        await one.WaitAsync();
        try
        {
            if (!files.TryGetValue((@case.Name, is16), out string[]? written)) files[(@case.Name, is16)] = written = await Render(@case, is16);
            return written;
        }
        finally
        {
            one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RendererProcess renderer in renderers.Values) renderer.Dispose();
        if (channel is not null) await channel.DisposeAsync();
        if (etcd is not null) await etcd.DisposeAsync();
        one.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<string[]> Render(BirdCase @case, bool is16)
    {
        long revision = await Store(@case);
        RendererProcess renderer = RendererOf(@case.Node, is16);
        await Poll.Until(() => Knows(renderer, revision), Limit, () => $"{renderer} does not follow etcd\n{renderer.Log}");
        PutFiles(@case, renderer, is16);
        await Reload(renderer);
        // A snippet that is only a comment: put last, it tells that what it stands in is of these resources, settings and files.
        string mark = $"# case {@case.Name}\n";
        await File.WriteAllTextAsync(Path.Combine(renderer.SnippetsFolder, "mark.conf"), mark);
        await Reload(renderer);
        string[] texts = [];
        await Poll.Until(() => ValueTask.FromResult((texts = Read(renderer, is16)).All(t => t.Contains(mark, StringComparison.Ordinal))), Limit, () => $"no file was written for {@case.Name}\n{renderer.Log}");
        return texts;
    }

    private static async Task Reload(RendererProcess renderer)
    {
        using CancellationTokenSource patience = new(Limit);
        Assert.Null((await renderer.AskAsync("reload", patience.Token)).Error);
    }

    private static string[] Read(RendererProcess renderer, bool is16)
    {
        string[] paths = is16 ? [renderer.BirdConfig, renderer.Bird6Config] : [renderer.BirdConfig];
        return [.. paths.Select(path => File.Exists(path) ? File.ReadAllText(path) : "")];
    }

    /// <summary>etcd holds this case and nothing else, from one revision to the next.</summary>
    private async Task<long> Store(BirdCase @case)
    {
        // Twice as many operations as a hundred nodes with a peer each.
        etcd ??= await EtcdProcess.StartAsync(new EtcdProcessOptions { Arguments = ["--max-txn-ops", "512"] });
        channel ??= new EtcdChannel(new EtcdOptions { Endpoints = [etcd.Endpoint] }, TimeProvider.System);
        Dictionary<string, string> wanted = @case.Documents.ToDictionary(d => BirdCase.KeyOf(d).ToEtcdKey(), d => d.ToJsonString());
        foreach ((string key, string value) in @case.Affinities) wanted[key] = value;
        EtcdTransaction transaction = new();
        foreach (string gone in stored.Except(wanted.Keys)) transaction.Delete(gone);
        foreach ((string key, string value) in wanted) transaction.Put(key, Encoding.UTF8.GetBytes(value));
        using CancellationTokenSource patience = new(Limit);
        long revision = (await new EtcdStore(channel).CommitAsync(transaction, patience.Token)).Revision;
        stored.Clear();
        stored.UnionWith(wanted.Keys);
        return revision;
    }

    private RendererProcess RendererOf(string node, bool is16)
    {
        if (renderers.TryGetValue((node, is16), out RendererProcess? renderer)) return renderer;
        renderers[(node, is16)] = renderer = new RendererProcess(Path.Combine(folder, is16 ? $"{node}-1.6" : node), node, etcd!.Endpoint);
        renderer.Configure([.. Settings(is16)]);
        renderer.Start();
        return renderer;
    }

    private static async ValueTask<bool> Knows(RendererProcess renderer, long revision)
    {
        Assert.False(renderer.HasExited, renderer.Log);
        try
        {
            using CancellationTokenSource patience = new(Limit);
            string status = (await renderer.AskAsync("status", patience.Token)).Body;
            string line = status.Split('\n').First(l => l.StartsWith("revision: ", StringComparison.Ordinal));
            return long.Parse(line["revision: ".Length..], CultureInfo.InvariantCulture) >= revision;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // A case says all Nodes that there are.
    private static IEnumerable<string> Settings(bool is16) => ["bird_start = \"none\"", "node_registration = false", .. is16 ? Bird16.Settings : []];

    private static void PutFiles(BirdCase @case, RendererProcess renderer, bool is16)
    {
        renderer.Configure(
            [.. Settings(is16), $"router_id = \"{@case.RouterId}\"", $"advertised_prefixes = [{string.Join(", ", @case.AdvertisedPrefixes.Select(p => $"\"{p}\""))}]"]);
        foreach (string of in (string[])[renderer.SecretsFolder, renderer.StatusFolder])
        {
            Directory.Delete(of, recursive: true);
            Directory.CreateDirectory(of);
        }
        foreach ((Core.Resources.SecretKeyRef name, string password) in @case.Secrets)
        {
            Directory.CreateDirectory(Path.Combine(renderer.SecretsFolder, name.Name));
            File.WriteAllText(Path.Combine(renderer.SecretsFolder, name.Name, name.Key), password);
        }
        foreach (string file in @case.EndpointStatuses) File.Copy(file, Path.Combine(renderer.StatusFolder, Path.GetFileName(file)));
    }
}
