using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;
using Canal.Felix.Drops;
using Canal.Felix.Feed;
using Canal.Felix.Flows;
using Canal.Felix.Guards;
using Canal.Felix.Hosts;
using Canal.Felix.LastKnownGood;
using Canal.Felix.Nodes;
using Canal.Felix.Overlay;
using Canal.Felix.Revocation;
using Canal.Felix.Shaping;
using Canal.Felix.Status;
using Canal.Felix.Wiring;
using Canal.Hosting;
using Canal.Linux.Conntrack;
using Canal.Linux.Iptables;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix;

/// <summary>The parts that the loop turns, and what it asks of them that is neither kernel nor calculation.</summary>
internal sealed class Agent
{
    /// <summary>Policy goes before those who only want to see.</summary>
    private static readonly TimeSpan JudgingTurn = TimeSpan.FromMilliseconds(5);

    private readonly EndpointAdmission admission = new();
    private readonly HashSet<string> toldRefusals = new(StringComparer.Ordinal);
    private readonly Trouble leftovers;
    private readonly LiveConfiguration live;
    private string toldOverlay = "", toldWireGuard = "";
    private bool hadNode;
    private NetworkSets networkSets = NetworkSets.Empty;

    /// <summary>An agent with this host's own configuration.</summary>
    public Agent(HostingConfiguration configuration, TimeProvider time, ILogger log, DataplaneKind kind = DataplaneKind.Nftables)
    {
        (Time, Log, Kind) = (time, log, kind);
        live = new LiveConfiguration(configuration, log);
        leftovers = new Trouble("taking away what another dataplane programmed", Felix.Log.ProgrammingFailed, time, log);
        Parameters = FelixParameters.From(configuration, kind);
        RouteRefreshInterval = configuration.Get(FelixSettings.RouteRefreshInterval);
        InterfaceRefreshInterval = configuration.Get(FelixSettings.InterfaceRefreshInterval);
    }

    public required PolicyCalculator Calculator { get; init; }
    public required ClusterNetwork Network { get; init; }
    public required ResourceFeed Feed { get; init; }
    public required IDataplane Dataplane { get; init; }

    /// <summary>What another packet filter may hold of an earlier run; null where nothing is known of others.</summary>
    public Leftovers? Leftovers { get; init; }
    public required IRouteStack RouteStack { get; init; }
    public required InterfaceTable Interfaces { get; init; }
    public required InterfaceWirer Wirer { get; init; }
    public required Shaper Shaper { get; init; }
    public required OverlayWirer Overlay { get; init; }
    public required TunnelOffload Offload { get; init; }
    public required WireGuardWirer WireGuard { get; init; }

    /// <summary>By which Calico's CNI plugin, and ours, learn how much a workload may send in one packet: a decimal number.</summary>
    public required SmallFile MtuFile { get; init; }

    /// <summary>What a cleanup looks for.</summary>
    public required SmallFile TraceFile { get; init; }
    public required Telling Telling { get; init; }
    public required Heartbeat Heart { get; init; }

    /// <summary>What counts from the start of the agent; null where nothing does.</summary>
    public StartChoice? Start { get; init; }

    /// <summary>Takes a guarded change back in etcd.</summary>
    public Action<string> RevertGuard { get; set; } = _ => { };
    public required HostSysctls Sysctls { get; init; }
    public required TableKeeper Keeper { get; init; }
    public required Revoker Revoker { get; init; }

    public ILogger Log { get; }

    public TimeProvider Time { get; }

    /// <summary>Reads the configuration files anew.</summary>
    public required Func<ConfigurationResult> ReadConfiguration { get; init; }

    /// <summary>Takes the new log level in.</summary>
    public required Action<HostingConfiguration> Configured { get; init; }

    /// <summary>Begins to hear of what other programs do to nftables.</summary>
    public required Action ListenToTables { get; init; }

    public Meters Meters { get; } = new();

    /// <summary>Told each turn of this host's tunnels, and by what their addresses are decided; null without a Node. Only what is complete.</summary>
    public Action<WantedTunnels?> TunnelsWanted { get; set; } = _ => { };

    /// <summary>Told of other hosts at which it is not known whether checksums arrive.</summary>
    public Action<EquatableArray<ChecksumPeer>> ChecksumsDoubted { get; set; } = _ => { };

    /// <summary>Told that this host's Node, which was there, is gone.</summary>
    public Action NodeMissed { get; set; } = () => { };

    /// <summary>Told of keys that this host's Node should tell and does not.</summary>
    public Action<WireGuardKeys> KeysWanted { get; set; } = _ => { };

    public GuardTable Guards { get; } = new();

    public required HostInterfaces Hosts { get; init; }

    /// <summary>What policy is programmed with.</summary>
    public DataplaneKind Kind { get; }

    /// <summary>Protocols of routes that an earlier run, or this one, had before.</summary>
    public EquatableArray<byte> FormerProtocols { get; set; }

    /// <summary>Whether etcd is reached.</summary>
    public DatastoreState Datastore { get; } = new();

    /// <summary>Why etcd's configuration leaves nothing that could be programmed; null when it does.</summary>
    public string? Unusable => live.Unusable;

    /// <summary>The parameters in force.</summary>
    public FelixParameters Parameters { get; private set; }

    public TimeSpan RouteRefreshInterval { get; private set; }

    public TimeSpan InterfaceRefreshInterval { get; private set; }

    /// <summary>Parameters changed since what depends on them was looked at; the looker resets it.</summary>
    public bool ParametersDue { get; set; }

    /// <summary>What does not work between the hosts, or is left of another dataplane, and holds up nothing else.</summary>
    public IEnumerable<string> Troubles => ((string?[])[toldOverlay, toldWireGuard, leftovers.Reason]).Where(trouble => trouble is { Length: > 0 })!;

    /// <summary>Puts this host's configuration and etcd's together.</summary>
    public void ResolveParameters()
    {
        Feed.ParametersChanged = false;
        if (!live.Resolve(Feed.FelixConfigurations, Feed.NodeName, Feed.Node)) return;
        HostingConfiguration effective = live.Effective;
        if (Start?.Consider(effective) is string reason) throw new RestartException(reason);
        Configured(effective);
        Telling.Configure(ReportingParameters.From(effective), effective.Get(FelixSettings.EndpointStatusPathPrefix));
        FelixParameters resolved = FelixParameters.From(effective, Kind) with { PeeringAddresses = PeeringAddresses.Of(Feed.Bgp) };
        if (resolved.RouteProtocol != Parameters.RouteProtocol) FormerProtocols = FormerProtocols.Append(Parameters.RouteProtocol).Distinct().ToEquatableArray();
        resolved = resolved with { FormerProtocols = FormerProtocols.Where(protocol => protocol != resolved.RouteProtocol).ToEquatableArray() };
        TimeSpan routes = effective.Get(FelixSettings.RouteRefreshInterval), interfaces = effective.Get(FelixSettings.InterfaceRefreshInterval);
        if (resolved == Parameters && routes == RouteRefreshInterval && interfaces == InterfaceRefreshInterval) return;
        (Parameters, RouteRefreshInterval, InterfaceRefreshInterval) = (resolved, routes, interfaces);
        ParametersDue = true;
        Felix.Log.Configuration(Log, "other parameters are in force");
    }

    /// <summary>Cuts what policy no longer allows.</summary>
    public void Revoke()
    {
        RevocationCount count = Revoker.Apply(Parameters);
        if (count != default) Felix.Log.Revoked(Log, count, Parameters.OnRevoke);
    }

    /// <summary>Finds whose policy denied these packets.</summary>
    public void Name(IReadOnlyList<DroppedFlow> flows)
    {
        DropPlaces places = new(Interfaces, Hosts);
        foreach (DroppedFlow flow in flows) flow.Place = places.Of(flow);
    }

    /// <summary>The addresses of endpoints whose flows somebody asks for. A host without host endpoint has no policy.</summary>
    public FlowPlaces PlacesOf(FlowQuery query)
    {
        IEnumerable<IpAddress> workloads = Interfaces.Endpoints.Values.Where(endpoint => query.IsEndpoint(endpoint.DisplayName)).SelectMany(endpoint => endpoint.Addresses).Select(address => address.Address);
        HashSet<string> governing = [.. Hosts.Governing.Select(endpoint => endpoint.Key.Name).Where(query.IsEndpoint)];
        return new FlowPlaces([.. workloads.Concat(Hosts.AddressesGoverned(governing)).Distinct()], Parameters.OnRevoke == OnRevoke.Keep ? 0 : Parameters.Marks.Revoked);
    }

    /// <summary>What policy says of connections, of as many as fit in a turn.</summary>
    public List<FlowVerdict> Judge(IReadOnlyList<TrackedFlow> flows, int from)
    {
        long start = Time.GetTimestamp();
        FlowJudge judge = new(Calculator, Interfaces.ByAddress(), Hosts, Parameters);
        List<FlowVerdict> verdicts = [];
        do verdicts.Add(judge.Judge(flows[from + verdicts.Count]));
        while (from + verdicts.Count < flows.Count && Time.GetElapsedTime(start) < JudgingTurn);
        return verdicts;
    }

    /// <summary>Takes away what an earlier run programmed with another packet filter, once all is in force with this one.</summary>
    public void RemoveLeftovers()
    {
        if (Leftovers?.MayBeThere != true || !leftovers.MayTry) return;
        try
        {
            foreach (string name in Leftovers.Remove()) Felix.Log.Configuration(Log, $"what an earlier run programmed with {name} is taken away");
            leftovers.Note(null);
            if (Leftovers.IsUnseen) Felix.Log.LegacyUnseen(Log);
            PrepareHost();
        }
        catch (Exception e) when (e is NftException or IptablesException)
        {
            leftovers.Note(e.Message);
        }
    }

    /// <summary>When that is tried again; null when there is nothing.</summary>
    public DateTimeOffset? LeftoversRetryAt => leftovers.RetryAt;

    /// <summary>Writes down what a cleanup, or an agent with another dataplane, must know; before the first of it is in the kernel.</summary>
    public void LeaveTraces()
    {
        bool iptables = Kind == DataplaneKind.Iptables || Leftovers is { MayBeThere: true } or { IsUnseen: true };
        if (TraceFile.Set(Traces.Of(Parameters, iptables, Leftovers?.IsLegacyThere == true ? Traces.Boot() : "", Telling.StatusPrefix).ToText()) is string problem) Felix.Log.Host(Log, problem);
    }

    /// <summary>Makes the host's own settings as they should be, and writes down what the agent's routes are told by; what is refused is told once.</summary>
    public void PrepareHost()
    {
        LeaveTraces();
        List<string> refusals = Sysctls.PrepareHost(Parameters);
        foreach (string refusal in refusals)
            if (toldRefusals.Add(refusal)) Felix.Log.Host(Log, refusal);
        toldRefusals.IntersectWith(refusals);
    }

    /// <summary>Reads the files again; returns null when they are in force, else why the old configuration stays.</summary>
    public string? Reload()
    {
        Heart.Reloading();
        ConfigurationResult result = ReadConfiguration();
        if (result.Configuration is null)
        {
            Felix.Log.Misconfigured(Log, $"the new one is refused, the old one stays: {result.ErrorText()}");
        }
        else
        {
            live.SetLocal(result.Configuration);
            ResolveParameters();
            Felix.Log.Configuration(Log, "read again");
        }
        Heart.Reloaded();
        return result.Configuration is null ? result.ErrorText() : null;
    }

    /// <summary>Endpoints whose interface is none, or no workload's, are treated as absent, and told.</summary>
    public void DropUnusable(DesiredChanges changes)
    {
        foreach (RefusedEndpoint refused in admission.Apply(changes, Interfaces, Parameters))
            Felix.Log.Problem(Log, new CalculationProblem(refused.Endpoint.Key, refused.Reason));
    }

    /// <summary>Tells what became of the endpoints of these interfaces.</summary>
    public void TellEndpoints(List<string> looked) => Telling.Tell(Telling.Statuses.Update(looked, Interfaces, Wirer.Failures, admission.Refused));

    /// <summary>What is different between the hosts, now that these local endpoints have changed.</summary>
    public NetworkChanges TakeNetworkChanges(DesiredChanges changes)
    {
        Network.Configure(Parameters.Network.Routes, Calculator.Workloads());
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints) Network.SetLocal(name, endpoint?.Addresses ?? default);
        NetworkChanges taken = Network.TakeChanges();
        networkSets = taken.Sets ?? networkSets;
        if (hadNode && Feed.Node is null) NodeMissed();
        hadNode = Feed.Node is not null;
        TunnelsWanted(WantedTunnels.Of(networkSets, Parameters.Network.WireGuard, Feed.Node, Network.PoolsVersion));
        PublishKeys();
        return taken;
    }

    /// <summary>Makes tunnels and routes between hosts as wanted. What the kernel refuses is told once, and tried again; it holds up nothing else.</summary>
    public void ProgramOverlay()
    {
        if (!Overlay.Apply(Parameters)) return;
        if (Overlay.Failures.Count > 0) Meters.Failed();
        const string What = "programming tunnels and routes to other hosts";
        toldOverlay = TellFailures(toldOverlay, Overlay.Failures.Concat(Network.PeerProblems), What, What);
        ChecksumsDoubted(Overlay.DoubtfulPeers());
        if (Overlay.WorkloadMtu > 0 && MtuFile.Set(Overlay.WorkloadMtu.ToString(CultureInfo.InvariantCulture)) is string problem) Felix.Log.Host(Log, problem);
    }

    /// <summary>Checksums that the device leaves open arrive wrong: it leaves none open any more.</summary>
    public void BreakOffload(ChecksumPeer peer)
    {
        if (!Offload.Break(peer.Device)) return;
        Felix.Log.ChecksumsBroken(Log, peer);
        Overlay.Doubt();
    }

    /// <summary>Likewise encryption between hosts. What cannot be programmed is not asked for by the other hosts either: they are told no key.</summary>
    public void ProgramWireGuard()
    {
        if (!WireGuard.Apply(Parameters)) return;
        if (WireGuard.Failures.Count > 0) Meters.Failed();
        toldWireGuard = TellFailures(toldWireGuard, WireGuard.Failures, "encrypting traffic to other hosts, some of which goes without encryption,", "encrypting traffic to other hosts");
        PublishKeys();
    }

    /// <summary>Tells failures where they are others than before, and their end. Returns what was told.</summary>
    private string TellFailures(string before, IEnumerable<string> failures, string fails, string recovers)
    {
        string now = string.Join("; ", failures);
        if (now == before) return now;
        if (now.Length > 0) Felix.Log.Failed(Log, fails, now);
        else Felix.Log.Recovered(Log, recovers);
        return now;
    }

    /// <summary>Has this host's Node tell the keys that are in use, also when somebody wrote others.</summary>
    private void PublishKeys()
    {
        if (!WireGuard.IsKnown || Feed.Node is not { } node) return;
        WireGuardKeys keys = new(WireGuard.PublicKey(Core.Addressing.IpFamily.V4), WireGuard.PublicKey(Core.Addressing.IpFamily.V6));
        if ((node.WireGuardPublicKey, node.WireGuardPublicKeyV6) != (keys.V4, keys.V6)) KeysWanted(keys);
    }

    /// <summary>Finds which host endpoint governs which interface, and has it programmed with the next plan.</summary>
    public void ResolveHosts(DesiredChanges changes)
    {
        Hosts.SetEndpoints(changes.HostEndpoints);
        if (Hosts.Resolve(Parameters)) Dataplane.Govern(Hosts.Resolution);
    }

    /// <summary>All routes have been compared once more: those of former protocols are gone, and whoever has such now is another program.</summary>
    public void ForgetFormerProtocols()
    {
        if (FormerProtocols.IsEmpty || Troubles.Any()) return;
        FormerProtocols = default;
        Parameters = Parameters with { FormerProtocols = default };
    }

    /// <summary>Every setting in force and where it comes from, etcd's layers too.</summary>
    public string DescribeConfiguration() => live.Effective.ToText();
}
