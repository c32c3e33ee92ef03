using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Core.Overlay;
using Canal.Datastore;
using Canal.FlannelBridge.Backends;
using Canal.FlannelBridge.Configuration;
using Canal.FlannelBridge.Kernel;
using Canal.FlannelBridge.Leases;
using Canal.FlannelBridge.Rules;
using Canal.FlannelBridge.Telling;
using Canal.Hosting;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.FlannelBridge;

/// <summary>The one loop that owns all state: take in what happened, look at the kernel, see to the lease, make what follows from it, tell.</summary>
internal sealed class BridgeLoop(HostingConfiguration initial, Inbox<BridgeMessage> inbox, TimeProvider time, ILogger log)
{
    private readonly Trouble kernelTrouble = new("carrying packets to other hosts", Log.HostFailure, time, log);
    private readonly Trouble rulesTrouble = new("programming translation and forwarding", Log.HostFailure, time, log);
    /// <summary>So long etcd has to answer before what was known last counts.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly HashSet<string> retired = [];
    private readonly Dictionary<string, string> toldPeers = new(StringComparer.Ordinal);
    private HostingConfiguration settings = initial;
    private FlannelNetwork? network, refusedNetwork;
    private EquatableArray<FlannelRange> former;
    private BackendPlanner? planner;
    private HeldLease[] leases = [];
    private DateTimeOffset? recallAt;
    private bool isRecalled;
    private string? backendProblem;

    /// <summary>A network whose backend was ipsec; what that made is to go once another backend is in force.</summary>
    private FlannelNetwork? leftIpsec;

    public required LeaseFeed Feed { get; init; }
    public required LeaseKeeper Keeper { get; init; }
    public required KernelWirer Wirer { get; init; }
    public required RuleTable Rules { get; init; }
    public required TextFile SubnetFile { get; init; }
    public required LastNetwork Last { get; init; }
    public required HostTelling Telling { get; init; }
    public required Heartbeat Heart { get; init; }
    public required HostMeans Means { get; init; }
    public required TunnelOffload Offload { get; init; }

    /// <summary>Told of other hosts at which it is not known whether checksums arrive.</summary>
    public required Action<EquatableArray<ChecksumPeer>> ChecksumsDoubted { get; init; }

    /// <summary>Reads the configuration files anew.</summary>
    public required Func<ConfigurationResult> ReadConfiguration { get; init; }

    /// <summary>Takes the new log level in.</summary>
    public required Action<HostingConfiguration> Configured { get; init; }

    /// <summary>Told on every turn whether what is wanted is in force.</summary>
    public required Action<bool> Readied { get; init; }

    /// <summary>There is a lease, and everything that follows from it is in force.</summary>
    public bool IsInForce => Keeper.Subnet is not null && SubnetFile.IsWritten && rulesTrouble.Reason is null;

    private bool IsHealthy => IsInForce && !isRecalled && Keeper.Reason is null && kernelTrouble.Reason is null && Telling.Reasons.All(r => r is null);

    private const string Recalled = "reaching etcd since the start: the network is as it was known last";

    private bool Translates => settings.Get(BridgeSettings.Masquerade) == Masquerade.Bridge;

    public async Task RunAsync(CancellationToken stop)
    {
        recallAt = time.GetUtcNow() + Patience;
        RetireLast();
        Keeper.Remember(SubnetFile.Read() is { } text ? Core.Flannel.SubnetFile.Read(text).Subnet : null);
        while (true)
        {
            await inbox.WaitAsync(UntilNextTurn(), stop).ConfigureAwait(false);
            while (inbox.TryTake(out BridgeMessage? message)) Take(message!);
            Turn(stop);
            Heart.Beat(IsInForce, IsHealthy);
            Readied(IsInForce);
        }
    }

    private void Turn(CancellationToken stop)
    {
        foreach ((string key, string reason) in Feed.TakeReports()) Log.Value(log, key, reason);
        if (Feed.IsWhole) Learn();
        else Recall();
        if (planner is null) return;
        ApplyKernel();
        if (Feed.IsWhole && Wirer.Lease is { } lease) Keeper.Step(Feed, network!, lease, () => inbox.PutAsync(new BridgeMessage.Outcome(), stop).AsTask(), stop);
        if (Keeper.Subnet is not { } subnet) return;
        if (Keeper.State.Lease is { } own) Last.Write(() => new KnownNetwork(Feed.Config, own.Subnet, leases.Where(l => l.Key != own.Key).ToEquatableArray()));
        ApplyRules(subnet);
        if (Wirer.Inputs is { } inputs) Tell(subnet, planner!.Backend.Mtu(inputs.Uplink.Link.Mtu, network!), stop);
    }

    /// <summary>Takes over what etcd tells. While it tells a new snapshot in parts, what was known before stays.</summary>
    private void Learn()
    {
        (recallAt, isRecalled) = (null, false);
        if (Feed.Network is { } wanted) Follow(wanted);
        bool moved = Keeper.Take(Feed);
        if (moved) Wirer.Doubt();
        if (moved || Feed.IsDirty) Last.Changed();
        if (!Feed.IsDirty) return;
        leases = [.. Feed.Leases.Values];
        Feed.IsDirty = false;
        Wirer.PlanAnew();
    }

    /// <summary>The network may have got another backend while no agent was here to take the old one's devices away.</summary>
    private void RetireLast()
    {
        if (Last.Read() is not { } known) return;
        try
        {
            FlannelNetwork before = FlannelNetworkReader.Read(known.Config);
            FlannelBackend backend = FlannelBackend.Read(before);
            retired.UnionWith(backend.Devices(before));
            if (backend is IpsecBackend) leftIpsec = before;
        }
        catch (FlannelFormatException)
        {
            // Kept by a program that read more than this one.
        }
    }

    /// <summary>An agent that starts while etcd is away works by what it knew last; no lease is written.</summary>
    private void Recall()
    {
        if (recallAt is null || recallAt > time.GetUtcNow()) return;
        recallAt = null;
        if (Last.Read() is not { } known) return;
        try
        {
            Follow(FlannelNetworkReader.Read(known.Config));
        }
        catch (FlannelFormatException)
        {
            return; // It was read when it was kept, by a program that read more.
        }
        isRecalled = true;
        leases = [.. known.Peers];
        Keeper.Resume(known.Own);
        Log.Recalled(log, known.Own.ToString(), leases.Length);
    }

    /// <summary>Follows the network's configuration; one that there is no backend for changes nothing.</summary>
    private void Follow(FlannelNetwork wanted)
    {
        if (wanted == network || wanted == refusedNetwork) return;
        try
        {
            BackendPlanner next = BackendPlanner.Of(wanted, Means with { AllowsCommands = settings.Get(BridgeSettings.AllowExtension) });
            if (!wanted.Ranges.Any()) throw new FlannelFormatException("both EnableIPv4 and EnableIPv6 are false");
            // flanneld reads the configuration at its start only: until then its host is where it was.
            former = planner?.Backend == next.Backend ? former.Concat(network!.Ranges).Except(wanted.Ranges).ToEquatableArray() : default;
            if (network is not null && !network.Ranges.SequenceEqual(wanted.Ranges)) Log.Moved(log, Text(network), Text(wanted));
            if (planner is IpsecPlanner && next is not IpsecPlanner) leftIpsec = network;
            if (planner is not null && planner.Backend != next.Backend) retired.UnionWith(planner.DeviceNames);
            if (planner is null || planner.Backend != next.Backend)
            {
                (planner as IDisposable)?.Dispose();
                planner = next;
            }
            (network, backendProblem, refusedNetwork) = (wanted, null, null);
            Wirer.Doubt();
            Log.Network(log, $"{Text(wanted)}, backend {planner.Backend.Name}");
        }
        catch (FlannelFormatException e)
        {
            (backendProblem, refusedNetwork) = (e.Message, wanted);
            Log.Value(log, $"{settings.Get(BridgeSettings.EtcdPrefix)}/config", planner is null ? e.Message : $"{e.Message}; the configuration before it stays in force");
        }
    }

    private static string Text(FlannelNetwork of) => string.Join(" and ", of.Ranges.Select(r => $"{r.Network}, hosts have /{r.SubnetLength}"));

    private void ApplyKernel()
    {
        LeaveIpsec();
        IEnumerable<HeldLease> peers = leases.Where(l => l.Key != Keeper.State.Lease?.Key && (Wirer.Lease is not { } self || l.Subnet != Keeper.Subnet || !l.Lease.IsOfSameHost(self)));
        EquatableArray<string> gone = retired.Where(name => !planner!.DeviceNames.Contains(name)).ToEquatableArray();
        try
        {
            if (!Wirer.Apply(new KernelOrder(network!, planner!, BridgeSettings.Uplink(settings), Keeper.Subnet, peers, settings.Get(BridgeSettings.BlackholeRoute), gone) { Former = former })) return;
            kernelTrouble.Note(Wirer.Failures.Count == 0 ? null : string.Join("; ", Wirer.Failures.Take(5)));
        }
        catch (NetlinkException e)
        {
            Wirer.Doubt();
            kernelTrouble.Note(e.Message);
        }
        TellPeers();
        ChecksumsDoubted(DoubtfulPeers());
    }

    /// <summary>Other hosts' ends of VXLAN tunnels that packets go through, where it is not known whether checksums arrive.</summary>
    private EquatableArray<ChecksumPeer> DoubtfulPeers()
    {
        if (planner is not VxlanPlanner || Wirer.Inputs is not { } inputs) return default;
        Dictionary<int, string> devices = [];
        foreach (string device in planner.DeviceNames)
            if (inputs.Device(device) is { } index && Offload.IsDoubtful(device)) devices[index] = device;
        return Wirer.Plan.Routes.Values.Where(r => r.Gateway is not null && devices.ContainsKey(r.Interface)).OrderBy(r => r.Destination)
            .Select(r => new ChecksumPeer(devices[r.Interface], r.Interface, r.Gateway!.Value)).ToEquatableArray();
    }

    /// <summary>Its policies would go on catching packets of the network.</summary>
    private void LeaveIpsec()
    {
        if (leftIpsec is not { V4.Network: var left }) return;
        try
        {
            if (planner is not IpsecPlanner) Means.Ipsec.Remove([left]);
            leftIpsec = null;
        }
        catch (NetlinkException e)
        {
            kernelTrouble.Note(e.Message);
        }
    }

    /// <summary>Says of each lease that cannot be used why, once, and when it can be again.</summary>
    private void TellPeers()
    {
        foreach ((string key, string reason) in Wirer.Plan.Refused)
            if (toldPeers.GetValueOrDefault(key) != reason) Log.Value(log, key, toldPeers[key] = reason);
        foreach (string key in toldPeers.Keys.Where(key => !Wirer.Plan.Refused.ContainsKey(key)).ToArray())
        {
            toldPeers.Remove(key);
            Log.Value(log, key, "");
        }
    }

    private void ApplyRules(FlannelSubnet subnet)
    {
        if (!rulesTrouble.MayTry) return;
        EquatableArray<Cidr> except = settings.Get(BridgeSettings.MasqueradeExcept).Select(Cidr.Parse).ToEquatableArray();
        try
        {
            Rules.Apply(new NetworkRules(network!, subnet, Translates, except, settings.Get(BridgeSettings.ForwardRules)));
            rulesTrouble.Note(null);
        }
        catch (Exception e) when (e is NftException or IOException)
        {
            rulesTrouble.Note(e.Message);
        }
    }

    /// <summary>subnet.env first: it is what the rest follows from.</summary>
    private void Tell(FlannelSubnet subnet, uint mtu, CancellationToken stop)
    {
        Masquerade masquerade = settings.Get(BridgeSettings.Masquerade);
        Core.Flannel.SubnetFile file = Core.Flannel.SubnetFile.Of(network!, subnet, mtu, masquerade != Masquerade.None);
        SubnetFile.Write(file.Write());
        Telling.Tell(file, masquerade == Masquerade.Felix, () => inbox.PutAsync(new BridgeMessage.Outcome(), stop).AsTask(), stop);
    }

    private void Take(BridgeMessage message)
    {
        switch (message)
        {
            case BridgeMessage.Datastore { Batch: var batch }:
                if (batch is WatchBatch.Connected connected) Log.Connected(log, connected.Endpoint);
                else if (batch is WatchBatch.Lost lost) Log.Lost(log, lost.Reason);
                Feed.Accept(batch);
                break;
            case BridgeMessage.Kernel { Events: var events }:
                foreach (KernelEvent happened in events) Wirer.Note(happened);
                break;
            case BridgeMessage.Tables:
                Rules.Doubt();
                break;
            case BridgeMessage.ChecksumsBroken { Peer: var peer }:
                if (!Offload.Break(peer.Device)) break;
                Log.ChecksumsBroken(log, peer);
                Wirer.Doubt();
                break;
            case BridgeMessage.Ipsec:
                Wirer.PlanAnew();
                break;
            case BridgeMessage.Outcome:
                break; // The turn that follows takes the outcome.
            case BridgeMessage.Request { Word: "reload" } request:
                request.Answer.TrySetResult(Reloading.Run(Heart, ReadConfiguration, Use, log));
                break;
            case BridgeMessage.Request request:
                request.Answer.TrySetResult(ControlResponse.Ok(Status()));
                break;
            default:
                throw new InvalidOperationException($"unknown message {message}");
        }
    }

    /// <summary>The answer to <c>status</c>.</summary>
    private string Status() => new StatusText(Feed, Keeper, Wirer, planner).Of(IsInForce, backendProblem, [isRecalled ? Recalled : null, kernelTrouble.Reason, rulesTrouble.Reason, SubnetFile.Reason, Last.Reason, .. Telling.Reasons]);

    private void Use(HostingConfiguration configuration)
    {
        settings = configuration;
        Offload.Use = settings.Get(BridgeSettings.ChecksumOffload);
        Configured(configuration);
        Wirer.Doubt();
    }

    private TimeSpan UntilNextTurn()
    {
        DateTimeOffset now = time.GetUtcNow(), next = now + TimeSpan.FromMinutes(1);
        foreach (DateTimeOffset? due in (ReadOnlySpan<DateTimeOffset?>)[planner is null ? null : Wirer.NextLook, Wirer.Lease is null || !Feed.IsWhole ? null : Keeper.NextStep, recallAt, Keeper.State.Lease is null ? null : Last.Due, rulesTrouble.RetryAt ?? Rules.NextLook, SubnetFile.RetryAt, .. Telling.Due])
            if (due < next) next = due.Value;
        TimeSpan wait = next - now;
        if (Heart.UntilWatchdog < wait) wait = Heart.UntilWatchdog;
        // Until systemd was told, the patience with a datastore that does not answer is looked at.
        if (!IsInForce && wait > TimeSpan.FromSeconds(1)) wait = TimeSpan.FromSeconds(1);
        // What is due and could not be done in this turn is no reason to turn without pause.
        return wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(50);
    }
}
