using Xunit;

namespace Canal.Testing.Rig;

/// <summary>
/// The rigs R1 and R2 of the acceptance scenarios: a fabric with etcd, one or two hosts, an outsider x, workloads behind veths, static routes between the hosts' blocks, the base
/// objects in etcd. Nothing in it is global; disposing removes all of it.
/// </summary>
public sealed class NetworkRig : IAsyncDisposable
{
    private readonly NetnsName names = new();
    private readonly Dictionary<string, RigNode> nodes = [];
    private readonly Dictionary<string, Agent> agents = [];
    private readonly List<Workload> workloads = [];
    private readonly int hosts;

    private NetworkRig(int hosts, IEnumerable<Workload> workloads)
    {
        this.hosts = hosts;
        this.workloads.AddRange(workloads);
        Folder = Directory.CreateDirectory(names.Folder).FullName;
        Fabric = new RigPlan(names, hosts, this.workloads).Build(nodes);
        EtcdServer = new EtcdServer(Fabric, Folder);
        Etcd = new EtcdClient(Fabric);
    }

    /// <summary>Logs, etcd's data and the agents' folders.</summary>
    public string Folder { get; }

    /// <summary>The namespace of the bridge and etcd.</summary>
    public Netns Fabric { get; }

    public EtcdServer EtcdServer { get; }

    public EtcdClient Etcd { get; }

    /// <summary>How long a round may take to converge: 5 s after the write, by the scenarios, and as much again several times over, because machines that run tests stall.</summary>
    public TimeSpan RoundLimit { get; set; } = TimeSpan.FromSeconds(30);

    public RigNode this[string name] => nodes[name];

    /// <summary>Rig R1: host h1 with the given number of workloads, base objects written, no agent running.</summary>
    public static Task<NetworkRig> OneHost(int workloads = 3) => Create(new(1, Range(1, workloads)));

    /// <summary>Rig R2: hosts h1 and h2 with workloads w and v.</summary>
    public static Task<NetworkRig> TwoHosts(int onFirst = 1, int onSecond = 1) => Create(new(2, [.. Range(1, onFirst), .. Range(2, onSecond)]));

    /// <summary>The base WorkloadEndpoint of a workload (profile <c>open</c>, label <c>name</c>), to vary and put.</summary>
    public Resource Endpoint(string name, string ns = "default") => WorkloadOf(name).Endpoint(ns);

    /// <summary>The base FelixConfiguration <c>default</c>, to vary and put.</summary>
    public static Resource Configuration => Calico.FelixConfiguration("default").Spec("defaultEndpointToHostAction", "Return");

    /// <summary>The host side interface of a workload.</summary>
    public string InterfaceOf(string name) => WorkloadOf(name).Interface;

    /// <summary>The agent of a host; created on first use, not started.</summary>
    public Agent Agent(string host = "h1")
    {
        if (!agents.TryGetValue(host, out Agent? agent))
            agents[host] = agent = new Agent(nodes[host], Folder);
        return agent;
    }

    /// <summary>Starts the agents of all hosts and returns when each has programmed what is in etcd.</summary>
    public async Task<NetworkRig> StartAgents()
    {
        for (int host = 1; host <= hosts; host++)
            Agent("h" + host).Start();
        await Settle(TimeSpan.FromSeconds(60));
        return this;
    }

    public async Task Put(params Resource[] resources)
    {
        foreach (Resource resource in resources)
            await Etcd.Put(resource.Key, resource.Json);
    }

    public async Task Delete(params Resource[] resources)
    {
        foreach (Resource resource in resources)
            Assert.True(await Etcd.Delete(resource.Key), $"the test deletes {resource.Key}, which is not there");
    }

    /// <summary>
    /// Polls until all expectations hold together, lets the agents catch up, and confirms them with full time-outs. Notation: see <see cref="Expectation"/>.
    /// At least one must be ✓: a dead rig must not look like a correct deny.
    /// </summary>
    public Task Round(params string[] expectations) => new Round(this, expectations, Settle).Run();

    /// <summary>A round while no agent or no etcd runs, so that nothing can be waited for.</summary>
    public Task UnsettledRound(params string[] expectations) => new Round(this, expectations, () => Task.CompletedTask).Run();

    /// <summary>Writes a canary endpoint's new address and waits for its route: agents apply etcd's events in order, so all earlier ones are applied too.</summary>
    public Task Settle() => Settle(TimeSpan.FromSeconds(30));

    /// <summary>Sets up what an agent would (routes, proxy ARP and ND), without any policy.</summary>
    public void PlumbByHand()
    {
        foreach (Workload workload in workloads)
            RigPlan.Plumb(nodes[workload.HostName].Netns, workload);
    }

    /// <summary>Adds a workload to a running rig: namespace, veth and servers, but no WorkloadEndpoint.</summary>
    public RigNode AddWorkload(int host, int index)
    {
        Workload workload = new(host, index);
        workloads.Add(workload);
        return RigPlan.AddWorkload(names, workload, nodes);
    }

    /// <summary>Cuts the hosts off from etcd; the rule says how: <c>drop</c> or <c>reject with tcp reset</c>. The test's own client is not affected.</summary>
    public void CutOffEtcd(string how) =>
        Fabric.Shell($"nft 'add table inet cut; add chain inet cut i {{ type filter hook input priority 0; }}; add rule inet cut i iifname br0 tcp dport 2379 {how}'");

    /// <summary>Lets a host's present connections to etcd die in silence; a new one would work. Returns how many there were.</summary>
    public int BlackHoleEtcdConnections(string host)
    {
        string[] ports = Fabric.Shell($"ss -Htn state established '( sport = :2379 )' dst {nodes[host].Address4}").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line[(line.LastIndexOf(':') + 1)..].Trim()).ToArray();
        string set = string.Join(", ", ports);
        Fabric.Shell($"nft 'add table inet cut; add chain inet cut i {{ type filter hook input priority 0; }}; add chain inet cut o {{ type filter hook output priority 0; }};"
            + $" add rule inet cut i iifname br0 tcp dport 2379 tcp sport {{ {set} }} drop; add rule inet cut o oifname br0 tcp sport 2379 tcp dport {{ {set} }} drop'");
        return ports.Length;
    }

    /// <summary>Undoes both.</summary>
    public void ReconnectEtcd() => Fabric.Shell("nft delete table inet cut");

    /// <summary>
    /// Gives h1 more workload interfaces with endpoints in etcd whose far ends lie dead in the fabric: they make the agent's work bigger, and take no probes.
    /// Their names are <c>calimany0</c> and so on, their addresses count up from 10.65.7.0.
    /// </summary>
    public async Task AddSilentWorkloads(int count)
    {
        Command.IpBatch(Enumerable.Range(0, count).SelectMany(i => new[] { $"link add calimany{i} type veth peer name many{i} netns {Fabric.Name}", $"link set calimany{i} up" }), nodes["h1"].Netns);
        Command.IpBatch(Enumerable.Range(0, count).Select(i => $"link set many{i} up"), Fabric);
        await Put([.. Enumerable.Range(0, count).Select(i => Calico.WorkloadEndpoint("default", "h1", "many" + i, "calimany" + i, $"02:66:00:00:{i >> 8:x2}:{i & 255:x2}", $"10.65.{7 + (i >> 8)}.{i & 255}/32"))]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Agent agent in agents.Values)
            await agent.DisposeAsync();
        Etcd.Dispose();
        EtcdServer.Dispose();
        foreach (RigNode node in nodes.Values)
            node.Dispose();
        Fabric.Dispose();
        foreach (string role in nodes.Keys.Append("fab"))
            NetnsName.Remove(names.Of(role));
        Directory.Delete(Path.Combine(Folder, "etcd"), recursive: true);
    }

    internal IEnumerable<Agent> RunningAgents => agents.Values.Where(a => a.IsRunning);

    private static async Task<NetworkRig> Create(NetworkRig rig)
    {
        await rig.EtcdServer.Start();
        await rig.Put([.. BaseObjects.For(rig.hosts), .. rig.workloads.Select(w => w.Endpoint("default"))]);
        return rig;
    }

    private static IEnumerable<Workload> Range(int host, int count) => Enumerable.Range(0, count).Select(i => new Workload(host, i));

    private Workload WorkloadOf(string name) => workloads.Single(w => w.Name == name);

    private async Task Settle(TimeSpan limit)
    {
        foreach (Agent agent in RunningAgents)
            await agent.Canary.Sing(this, limit);
    }
}
