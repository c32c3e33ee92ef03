using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Core.Resources;
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
    private readonly Dictionary<ResourceKey, string> toldPolicies = [];
    private readonly HashSet<string> toldRefusals = new(StringComparer.Ordinal);
    private readonly Trouble files;
    private readonly Trouble leftovers;
    private readonly LiveConfiguration live;
    private Dictionary<string, string> toldClosed = [], toldLeftOut = [];
    private string toldOverlay = "", toldWireGuard = "", statusPrefix;
    private bool hadNode;
    private NetworkSets networkSets = NetworkSets.Empty;
    private ReportingParameters reporting = ReportingParameters.Off;

    /// <summary>An agent with this host's own configuration.</summary>
    public Agent(HostingConfiguration configuration, TimeProvider time, ILogger log, DataplaneKind kind = DataplaneKind.Nftables)
    {
        (Time, Log, Kind) = (time, log, kind);
        live = new LiveConfiguration(configuration, log);
        files = new Trouble("writing endpoint status files", Felix.Log.ProgrammingFailed, time, log);
        leftovers = new Trouble("taking away what another dataplane programmed", Felix.Log.ProgrammingFailed, time, log);
        Parameters = FelixParameters.From(configuration, kind);
        RouteRefreshInterval = configuration.Get(FelixSettings.RouteRefreshInterval);
        InterfaceRefreshInterval = configuration.Get(FelixSettings.InterfaceRefreshInterval);
        statusPrefix = configuration.Get(FelixSettings.EndpointStatusPathPrefix);
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
    public required StatusFiles Files { get; set; }
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

    public required EtcdReporter Reporter { get; init; }

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

    public EndpointStatuses Statuses { get; } = new();

    public required HostInterfaces Hosts { get; init; }

    public HostEndpointStatuses HostStatuses { get; } = new();

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

    /// <summary>When status files that could not be written are tried again; null when all are.</summary>
    public DateTimeOffset? FilesRetryAt => files.RetryAt;

    /// <summary>Why they could not be written; null when they are.</summary>
    public string? FilesReason => files.Reason;

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
        ConfigureReporting(ReportingParameters.From(effective));
        MoveFiles(effective.Get(FelixSettings.EndpointStatusPathPrefix));
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
        if (TraceFile.Set(Traces.Of(Parameters, iptables, Leftovers?.IsLegacyThere == true ? Traces.Boot() : "", statusPrefix).ToText()) is string problem) Felix.Log.Host(Log, problem);
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

    private void ConfigureReporting(ReportingParameters changed)
    {
        if (changed == reporting) return;
        reporting = changed;
        Reporter.Configure(changed);
        foreach ((EndpointPolicy endpoint, EndpointState state) in Statuses.Current.Values)
            Reporter.Report(endpoint.Key.Namespace ?? "", endpoint.Key.Name, state);
        foreach ((string name, (HostEndpointState state, string _)) in HostStatuses.Current) Reporter.Report(name, state);
    }

    /// <summary>The files of endpoints that are up are in another folder from now on.</summary>
    private void MoveFiles(string prefix)
    {
        if (prefix == statusPrefix) return;
        if (Files.Leave() is string refusal) Felix.Log.Host(Log, refusal);
        Files = new StatusFiles(statusPrefix = prefix);
        Files.Sweep(Statuses.Current.Values.Select(status => status.Endpoint));
        foreach ((EndpointPolicy endpoint, EndpointState state) in Statuses.Current.Values) Files.Set(endpoint, state == EndpointState.Up);
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
    public void TellEndpoints(List<string> looked) => Tell(Statuses.Update(looked, Interfaces, Wirer.Failures, admission.Refused));

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
        string refused = string.Join("; ", Overlay.Failures.Concat(Network.PeerProblems));
        if (refused.Length > 0) Meters.Failed();
        if (refused != toldOverlay && refused.Length > 0) Felix.Log.Failed(Log, "programming tunnels and routes to other hosts", refused);
        else if (refused != toldOverlay) Felix.Log.Recovered(Log, "programming tunnels and routes to other hosts");
        toldOverlay = refused;
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
        string refused = string.Join("; ", WireGuard.Failures);
        if (refused.Length > 0) Meters.Failed();
        if (refused != toldWireGuard && refused.Length > 0) Felix.Log.Failed(Log, "encrypting traffic to other hosts, some of which goes without encryption,", refused);
        else if (refused != toldWireGuard) Felix.Log.Recovered(Log, "encrypting traffic to other hosts");
        toldWireGuard = refused;
        PublishKeys();
    }

    /// <summary>Has this host's Node tell the keys that are in use, also when somebody wrote others.</summary>
    private void PublishKeys()
    {
        if (!WireGuard.IsKnown || Feed.Node is not { } node) return;
        WireGuardKeys keys = new(WireGuard.PublicKey(Core.Addressing.IpFamily.V4), WireGuard.PublicKey(Core.Addressing.IpFamily.V6));
        if ((node.WireGuardPublicKey, node.WireGuardPublicKeyV6) != (keys.V4, keys.V6)) KeysWanted(keys);
    }

    /// <summary>The tier of a policy that came into force or left it; null when it was in force before and is still, or is a profile.</summary>
    public string? NotePolicy(ResourceKey key, CompiledPolicy? policy)
    {
        if (key.Kind == ResourceKind.Profile) return null;
        if (policy is null) return toldPolicies.Remove(key, out string? tier) ? tier : "";
        return toldPolicies.TryAdd(key, policy.Tier) ? policy.Tier : null;
    }

    /// <summary>Says what cannot be programmed and denies instead, or is not in force, once, and when it can be again.</summary>
    public void TellClosed()
    {
        toldClosed = Told(toldClosed, Dataplane.Closed, Felix.Log.Closed, Felix.Log.Opened);
        toldLeftOut = Told(toldLeftOut, Dataplane.LeftOut, Felix.Log.LeftOut, Felix.Log.NotLeftOut);
    }

    private Dictionary<string, string> Told(Dictionary<string, string> before, IReadOnlyDictionary<string, string> now, Action<ILogger, string, string> begins, Action<ILogger, string> ends)
    {
        if (now.Count == 0 && before.Count == 0) return before;
        foreach ((string what, string reason) in now)
            if (!before.TryGetValue(what, out string? told) || told != reason) begins(Log, what, reason);
        foreach (string what in before.Keys.Where(what => !now.ContainsKey(what))) ends(Log, what);
        return now.ToDictionary();
    }

    /// <summary>Finds which host endpoint governs which interface, and has it programmed with the next plan.</summary>
    public void ResolveHosts(DesiredChanges changes)
    {
        Hosts.SetEndpoints(changes.HostEndpoints);
        if (Hosts.Resolve(Parameters)) Dataplane.Govern(Hosts.Resolution);
    }

    /// <summary>Tells what became of host endpoints: etcd, log. They have no files: nobody waits for them.</summary>
    public void TellHosts()
    {
        foreach (HostStatusChange change in HostStatuses.Update(Hosts.Resolution))
        {
            Reporter.Report(change.Name, change.State);
            Felix.Log.HostEndpoint(Log, change.Name, change.State?.ToString().ToLowerInvariant() ?? "gone", change.Reason.Length > 0 ? $": {change.Reason}" : "");
        }
    }

    /// <summary>All routes have been compared once more: those of former protocols are gone, and whoever has such now is another program.</summary>
    public void ForgetFormerProtocols()
    {
        if (FormerProtocols.IsEmpty || Troubles.Any()) return;
        FormerProtocols = default;
        Parameters = Parameters with { FormerProtocols = default };
    }

    /// <summary>Status files that somebody took away come back.</summary>
    public void DoubtStatusFiles() => Files.Doubt(Statuses.Current.Values.Where(status => status.State == EndpointState.Up).Select(status => status.Endpoint));

    /// <summary>Files of endpoints that are not here any more go.</summary>
    public void SweepStatusFiles() => Files.Sweep(Interfaces.Endpoints.Values);

    /// <summary>Writes the status files that are due, unless they failed a moment ago.</summary>
    public void TryFiles()
    {
        if (Files.IsDue && files.MayTry) files.Note(Files.Write());
    }

    /// <summary>Tells what became of endpoints: files, etcd, log.</summary>
    private void Tell(List<StatusChange> changes)
    {
        foreach (StatusChange change in changes)
        {
            Files.Set(change.Endpoint, change.State == EndpointState.Up);
            Reporter.Report(change.Endpoint.Key.Namespace ?? "", change.Endpoint.Key.Name, change.State);
            string word = change.State?.ToString().ToLowerInvariant() ?? "gone";
            Felix.Log.Endpoint(Log, change.Endpoint.DisplayName, change.Endpoint.InterfaceName, word, change.Reason.Length > 0 ? $": {change.Reason}" : "");
        }
    }

    /// <summary>Every setting in force and where it comes from, etcd's layers too.</summary>
    public string DescribeConfiguration() => live.Effective.ToText();
}
