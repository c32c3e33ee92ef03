using System.Collections.Immutable;
using System.Text;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Datastore;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Drops;
using Canal.Felix.Feed;
using Canal.Felix.Flows;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Hosts;
using Canal.Felix.Overlay;
using Canal.Felix.Revocation;
using Canal.Felix.Shaping;
using Canal.Felix.Status;
using Canal.Felix.Wiring;
using Canal.Hosting;
using Canal.Linux.Routing;
using Canal.Linux.Sysctl;
using Canal.Linux.Tunnels;
using Canal.Testing;
using Canal.Testing.Conntrack;
using Resource = Canal.Testing.Rig.Resource;

namespace Canal.Felix.Tests.Loop;

/// <summary>
/// The agent's loop over a kernel in memory, a clock that stands, and batches that the test writes. The kernel outlives the agent: <see cref="Restart"/>
/// puts a new one on it.
/// </summary>
internal sealed class LoopHost : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("canal-loop-").FullName;
    private readonly EtcdChannel nowhere = new(new EtcdOptions { Endpoints = ["http://127.0.0.1:1"] }, TimeProvider.System);
    private readonly SystemdNotifier notifier = SystemdNotifier.FromEnvironment(ImmutableDictionary<string, string>.Empty, TimeProvider.System);
    private readonly string configuration;
    private Inbox<AgentMessage> inbox = null!;
    private AgentLoop loop = null!;
    private long revision = 10;

    /// <summary>Devices whose checksum offload is off.</summary>
    public HashSet<string> Unoffloaded { get; } = [];

    public LoopHost(string configuration = "")
    {
        this.configuration = configuration;
        Routes.Apply(KernelChange.SetUp(1, up: true));
        Restart();
    }

    public FakeNftables Nftables { get; } = new();

    public FakeRouteStack Routes { get; } = new();

    public FakeConntrack Conntrack { get; } = new();

    public FakeWireGuard WireGuard { get; private set; } = null!;

    public ManualTime Time { get; } = new();

    public LogLines Log { get; private set; } = new();

    public Agent Agent { get; private set; } = null!;

    public AgentLoop Loop => loop;

    public bool IsHealthy { get; private set; }

    /// <summary>What happens while the agent begins to listen to what others do to tables.</summary>
    public Action WhenListening { get; set; } = () => { };

    /// <summary>Where sysctls are; a file for each that there is.</summary>
    public string Sysctls => Path.Combine(folder, "sys");

    /// <summary>Where the table in force is written down.</summary>
    public string KeptFile => Path.Combine(folder, "last-known-good");

    public string StatusFolder => Path.Combine(folder, "status", "endpoint-status");

    /// <summary>The whole kernel: table, links, routes, neighbours, and how many connections are tracked.</summary>
    public string Dump => $"{Nftables.Dump(KernelNames.Table)}{Routes.Dump()}{Conntrack.Connections.Count()} connections";

    /// <summary>Kernel writes so far.</summary>
    public (int Commits, int Requests) Writes => (Nftables.Commits, Routes.Requests.Count);

    /// <summary>A new agent on the same kernel, which knows nothing yet.</summary>
    public void Restart()
    {
        Log = new LogLines();
        inbox = new Inbox<AgentMessage>(8, Time);
        PolicyCalculator calculator = new(ResourceBuilder.ThisNode);
        InterfaceTable interfaces = new();
        ClusterNetwork network = new(ResourceBuilder.ThisNode);
        HostInterfaces hosts = new();
        TunnelOffload offload = new(device => !Unoffloaded.Contains(device), device => Unoffloaded.Add(device));
        HostSysctls sysctls = new(new SysctlTree(Sysctls));
        NftablesDataplane dataplane = new(Nftables, calculator, Time);
        Routes.TakeEvents();
        WireGuard = new FakeWireGuard(Routes);
        Agent = new Agent(Read().Configuration!, Time, Log.Logger)
        {
            Calculator = calculator,
            Network = network,
            Feed = new ResourceFeed(calculator, network) { NodeName = ResourceBuilder.ThisNode },
            Dataplane = dataplane,
            RouteStack = Routes,
            Interfaces = interfaces,
            Wirer = new InterfaceWirer(Routes, Conntrack, sysctls, interfaces, Time),
            Shaper = new Shaper(Routes, interfaces),
            Sysctls = sysctls,
            Hosts = hosts,
            Revoker = new Revoker(Conntrack, calculator, interfaces, hosts, Time),
            Keeper = new TableKeeper(KeptFile, dataplane.Whole, work => Task.FromResult(work()), Time, Log.Logger),
            Overlay = new OverlayWirer(Routes, network, offload, Time),
            Offload = offload,
            WireGuard = new WireGuardWirer(Routes, WireGuard, network, FakeWireGuard.NewKey, Time),
            MtuFile = new SmallFile("mtu_file", "", UnixFileMode.None),
            TraceFile = new SmallFile("traces", Path.Combine(folder, "traces"), Traces.Mode),
            Telling = new Telling(new EtcdReporter(new EtcdStore(nowhere), ResourceBuilder.ThisNode, Time, Log.Logger), Path.GetDirectoryName(StatusFolder)!, Time, Log.Logger),
            Heart = new Heartbeat(notifier, WatchdogTimer.FromEnvironment(ImmutableDictionary<string, string>.Empty, Environment.ProcessId, Time), healthy => IsHealthy = healthy, Time)
            {
                InForce = "policy is in force",
                Waiting = "waiting",
            },
            ReadConfiguration = Read,
            Configured = _ => { },
            ListenToTables = () => WhenListening(),
        };
        loop = new AgentLoop(Agent, inbox, Time, Log.Logger);
    }

    private ConfigurationResult Read()
    {
        File.WriteAllText(Path.Combine(folder, "felix.toml"), configuration);
        // Weaker than etcd, which tests have move it.
        string vendor = Directory.CreateDirectory(Path.Combine(folder, "vendor")).FullName;
        File.WriteAllText(Path.Combine(vendor, "felix.toml"), $"endpoint_status_path_prefix = \"{Path.GetDirectoryName(StatusFolder)}\"\n");
        return ConfigurationLoader.Load(FelixSettings.Schema, new ConfigurationSources
        {
            VendorDirectory = vendor,
            RuntimeDirectory = folder + "/none",
            ConfigurationDirectory = folder,
            HostName = ResourceBuilder.ThisNode,
        });
    }

    /// <summary>Puts messages in; nothing is done with them before <see cref="Step"/>.</summary>
    public void Say(params IEnumerable<WatchBatch> batches)
    {
        foreach (WatchBatch batch in batches)
        {
            ValueTask put = inbox.PutAsync(new AgentMessage.Datastore(batch), CancellationToken.None);
            Assert.True(put.IsCompleted, "the test says more than the inbox holds");
        }
    }

    /// <summary>Whatever happened in the kernel is heard, and the loop turns until nothing happens any more by itself.</summary>
    public LoopHost Step()
    {
        for (int turn = 0; turn < 10; turn++)
        {
            List<KernelEvent> events = Routes.TakeEvents();
            if (events.Count > 0) Assert.True(inbox.PutAsync(new AgentMessage.Kernel(events), CancellationToken.None).IsCompleted);
            else if (turn > 0) return this;
            loop.Step();
        }
        Assert.Fail("the loop goes on writing");
        return this;
    }

    /// <summary>What who asks the control socket for the status is told.</summary>
    public string Status()
    {
        TaskCompletionSource<string> answer = new();
        Assert.True(inbox.PutAsync(new AgentMessage.Question(AgentQuestion.Status, answer), CancellationToken.None).IsCompleted);
        Step();
        return answer.Task.Result;
    }

    /// <summary>What who asks the control socket for flows is told, a line each.</summary>
    public async Task<string[]> Flows(string query)
    {
        using DropWatch drops = new(inbox, Time, Log.Logger);
        using FlowWatch flows = new(inbox, drops, Conntrack.Look);
        Task<ControlResponse> answer = flows.AnswerAsync(FlowQuery.Parse(query, out _)!, CancellationToken.None);
        while (!answer.IsCompleted)
        {
            Step();
            await Task.Delay(1);
        }
        return (await answer).Body.TrimEnd('\n').Split('\n');
    }

    /// <summary>Puts what happened in the kernel in.</summary>
    public void Hear() => Assert.True(inbox.PutAsync(new AgentMessage.Kernel(Routes.TakeEvents()), CancellationToken.None).IsCompleted);

    /// <summary>Time passes, in steps that let every retry come.</summary>
    public LoopHost Wait(int seconds)
    {
        for (int i = 0; i < seconds; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            Step();
        }
        return this;
    }

    /// <summary>A whole snapshot of these resources, and a turn.</summary>
    public LoopHost Start(params IEnumerable<Resource> resources)
    {
        Say(Snapshot(resources));
        return Step();
    }

    public LoopHost Put(params Resource[] resources)
    {
        Say(Events([.. resources.Select(resource => (resource.Key, (string?)resource.Json))]));
        return Step();
    }

    public LoopHost Delete(params Resource[] resources)
    {
        Say(Events([.. resources.Select(resource => (resource.Key, (string?)null))]));
        return Step();
    }

    public WatchBatch[] Snapshot(IEnumerable<Resource> resources) =>
        [new WatchBatch.SnapshotBegin(), Page([.. resources]), new WatchBatch.SnapshotComplete(++revision), new WatchBatch.Connected("http://etcd")];

    public static WatchBatch Page(params Resource[] resources) =>
        new WatchBatch.SnapshotPage(resources.Select(resource => Entry(resource.Key, resource.Json)).ToArray());

    /// <summary>Changes in one batch; a null value is a deletion.</summary>
    public WatchBatch Events(params (string Key, string? Value)[] changes) =>
        new WatchBatch.Events(++revision, changes.Select(change => new WatchEvent(Entry(change.Key, change.Value ?? ""), change.Value is null)).ToArray());

    private static EtcdEntry Entry(string key, string value) => new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(value), ModRevision = 1 };

    /// <summary>A link with carrier; returns its index.</summary>
    public int AddLink(string name)
    {
        Routes.Meddle(KernelChange.Add(new Link { Name = name, Kind = "dummy", Flags = LinkFlags.Up }));
        return Routes.FindLink(name)!.Index;
    }

    public void SetUp(string name, bool up) => Routes.Meddle(KernelChange.SetUp(Routes.FindLink(name)!.Index, up));

    /// <summary>Names of the links whose routes lead to the address.</summary>
    public string RouteTo(string address) =>
        string.Join(' ', Routes.Routes(new RouteFilter(Table: RouteTable.Main)).Where(route => route.Destination.Address.ToString() == address)
            .Select(route => Routes.Links().First(link => link.Index == route.Interface).Name).Order(StringComparer.Ordinal));

    public void Dispose()
    {
        nowhere.DisposeAsync().AsTask().GetAwaiter().GetResult();
        notifier.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
