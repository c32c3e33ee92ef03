using System.Collections.Immutable;
using System.Text;
using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Feed;
using Canal.BirdConfigRenderer.Files;
using Canal.BirdConfigRenderer.Status;
using Canal.Datastore;
using Canal.Hosting;
using Canal.Testing.Rig;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer.Tests.Loop;

/// <summary>The renderer's loop over batches that the test writes, the real check of the real BIRD, and a control socket that the test answers.</summary>
internal sealed class RendererHost : IAsyncDisposable
{
    public const string Node = "a";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string folder = Directory.CreateTempSubdirectory("canal-renderer-").FullName;
    private readonly EtcdChannel nowhere = new(new EtcdOptions { Endpoints = ["http://127.0.0.1:1"] }, TimeProvider.System);
    private readonly SystemdNotifier notifier = SystemdNotifier.FromEnvironment(ImmutableDictionary<string, string>.Empty, TimeProvider.System);
    private readonly Dictionary<string, string> environment = [];
    private CancellationTokenSource stop = new();
    private Inbox<RendererMessage> inbox = null!;
    private Task running = Task.CompletedTask;
    private long revision = 10;

    public RendererHost()
    {
        foreach (string part in (string[])["bird.d", "secrets", "status/endpoint-status", "credentials"]) Directory.CreateDirectory(Path.Combine(folder, part));
        environment["CREDENTIALS_DIRECTORY"] = Path.Combine(folder, "credentials");
        Bird = new FakeBird(SocketPath);
        Configure("");
    }

    public FakeBird Bird { get; }

    public KeptLog Log { get; private set; } = new();

    public Metrics Metrics { get; private set; } = Metrics.None;

    public bool IsHealthy { get; private set; }

    public string SocketPath => Path.Combine(folder, "bird.ctl");

    public string BirdConfig => Path.Combine(folder, "bird.conf");

    /// <summary>The file that BIRD reads; empty while there is none.</summary>
    public string Text => File.Exists(BirdConfig) ? File.ReadAllText(BirdConfig) : "";

    /// <summary>A file of this host.</summary>
    public string PathOf(string name) => Path.Combine(folder, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    /// <summary>Settings beside those that every host here has, or instead of some of them.</summary>
    public void Configure(string more)
    {
        string[] usual =
        [
            "bird_start = \"none\"", "bird_program = \"/usr/sbin/bird\"", $"bird_socket = \"{SocketPath}\"", $"bird_config = \"{BirdConfig}\"", $"bird6_socket = \"{PathOf("bird6.ctl")}\"",
            $"bird6_config = \"{PathOf("bird6.conf")}\"", "bird_group = \"no-such-group\"",
            $"secrets_dir = \"{PathOf("secrets")}\"", $"endpoint_status_path_prefix = \"{PathOf("status")}\"", "status_interval = \"200ms\"",
        ];
        IEnumerable<string> kept = usual.Where(line => !more.Contains(line.Split(' ')[0], StringComparison.Ordinal));
        Write("bird-config-renderer.toml", string.Join('\n', kept) + $"\n{more}\n");
    }

    /// <summary>An agent that knows nothing but what is on the disk.</summary>
    public RendererHost Start()
    {
        Log = new KeptLog();
        inbox = new Inbox<RendererMessage>(64, TimeProvider.System);
        HostingConfiguration configuration = Read().Configuration!;
        ImmutableArray<BirdDaemon> daemons = BirdDaemon.ChooseAsync(configuration, Log.Logger).GetAwaiter().GetResult();
        BgpFeed feed = new(Node);
        RendererLoop loop = new(configuration, inbox, TimeProvider.System, Log.Logger)
        {
            Feed = feed,
            Renderer = new Renderer(feed, new BirdFiles(daemons), Log.Logger),
            Watch = new BirdWatch(daemons, configuration.Get(RendererSettings.BirdStart) == BirdStart.Direct, TimeProvider.System, Log.Logger),
            Reporter = new NodeStatusReporter(new EtcdStore(nowhere), daemons, TimeProvider.System, Log.Logger),
            Heart = new Heartbeat(notifier, WatchdogTimer.FromEnvironment(ImmutableDictionary<string, string>.Empty, Environment.ProcessId, TimeProvider.System), healthy => IsHealthy = healthy, TimeProvider.System)
            {
                InForce = "in force",
                Waiting = "waiting",
            },
            FilesOf = settings => new LocalFiles(settings, PathOf("bird.d"), environment.ToImmutableDictionary()),
            ReadConfiguration = Read,
            Configured = _ => { },
            Measured = measured => Metrics = measured,
        };
        running = loop.RunAsync(stop.Token);
        return this;
    }

    /// <summary>The agent ends; files and BIRD stay.</summary>
    public async Task Stop()
    {
        await stop.CancelAsync();
        try
        {
            await running;
        }
        catch (OperationCanceledException)
        {
            // As it should.
        }
        stop = new CancellationTokenSource();
    }

    /// <summary>A whole snapshot: keys below <c>/calico/</c> and values.</summary>
    public async Task Snapshot(params (string Key, string Value)[] entries)
    {
        await Say(new WatchBatch.SnapshotBegin());
        if (entries.Length > 0) await Say(new WatchBatch.SnapshotPage(entries.Select(e => Entry(e.Key, e.Value)).ToArray()));
        await Say(new WatchBatch.SnapshotComplete(++revision));
    }

    public Task Put(params (string Key, string Value)[] entries) => Say(new WatchBatch.Events(++revision, entries.Select(e => new WatchEvent(Entry(e.Key, e.Value), false)).ToArray()));

    public Task Delete(string key) => Say(new WatchBatch.Events(++revision, new[] { new WatchEvent(Entry(key, ""), true) }));

    /// <summary>A resource's entry.</summary>
    public static (string Key, string Value) Resource(string plural, string name, string spec)
    {
        string kind = plural switch { "nodes" => "Node", "ippools" => "IPPool", "bgppeers" => "BGPPeer", "bgpfilters" => "BGPFilter", _ => "BGPConfiguration" };
        return ($"resources/v3/projectcalico.org/{plural}/{name}", $$"""{"kind":"{{kind}}","apiVersion":"projectcalico.org/v3","metadata":{"name":"{{name}}"},"spec":{{spec}}}""");
    }

    /// <summary>A node with an address in 10.0.0.0/24.</summary>
    public static (string Key, string Value) NodeAt(string name, int number, string more = "") => Resource("nodes", name, $$"""{"bgp":{"ipv4Address":"10.0.0.{{number}}/24"{{more}}} }""");

    /// <summary>Waits until it is so; fails with what was logged.</summary>
    public Task Until(Func<bool> condition, string failure) => Poll.Until(() =>
    {
        if (running.IsFaulted) running.GetAwaiter().GetResult();
        return ValueTask.FromResult(condition());
    }, Limit, () => $"{failure}\n{Log.Text}\n{Text}");

    /// <summary>What the control socket answers.</summary>
    public async Task<ControlResponse> Ask(string request)
    {
        using CancellationTokenSource patience = new(Limit);
        return await Requests.AnswerAsync(request, inbox, patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Bird.Dispose();
        notifier.Dispose();
        await nowhere.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private Task Say(WatchBatch batch) => inbox.PutAsync(new RendererMessage.Datastore(batch), CancellationToken.None).AsTask();

    private ConfigurationResult Read() => ConfigurationLoader.Load(RendererSettings.Schema, new ConfigurationSources
    {
        VendorDirectory = folder + "/none",
        RuntimeDirectory = folder + "/none",
        ConfigurationDirectory = folder,
        HostName = Node,
        Environment = ImmutableDictionary<string, string>.Empty,
    });

    private static EtcdEntry Entry(string key, string value) => new() { Key = Encoding.UTF8.GetBytes($"/calico/{key}"), Value = Encoding.UTF8.GetBytes(value), ModRevision = 1 };
}
