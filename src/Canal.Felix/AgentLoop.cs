using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Datastore;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Feed;
using Canal.Felix.Status;
using Canal.Felix.Wiring;
using Canal.Hosting;
using Canal.Linux.Iptables;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Serilog;

namespace Canal.Felix;

/// <summary>
/// The one loop that owns all state: take in what happened, compute what must change, make it so, tell. Policy first and routes after it, so that no packet
/// can reach an endpoint before its policy does.
/// </summary>
internal sealed class AgentLoop(Agent agent, Inbox<AgentMessage> inbox, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(10);

    private readonly ResourceFeed feed = agent.Feed;
    private readonly InterfaceTable interfaces = agent.Interfaces;
    private readonly Trouble kernel = new("programming the kernel", Log.ProgrammingFailed, time, log);
    private readonly Trouble wiring = new("wiring interfaces", Log.ProgrammingFailed, time, log);
    private readonly Trouble shaping = new("limiting bandwidth", Log.ProgrammingFailed, time, log);
    private readonly Trouble revoking = new("looking at connections", Log.ProgrammingFailed, time, log);
    private readonly ForeignChanges foreign = new();
    private readonly long started = time.GetTimestamp();
    private DateTimeOffset nextRouteRefresh = DateTimeOffset.MaxValue, nextLinkRefresh = DateTimeOffset.MaxValue;
    private (int Policies, int Endpoints, int Sets) unsent;
    private bool toldUnready;
    private bool linksLost = true;
    private bool isWired;

    /// <summary>The first programming is complete.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Runs until stopped. Exceptions that are not expected end the process; the supervisor starts it again, and enforcement stays meanwhile.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await inbox.WaitAsync(UntilNextTurn(), stop).ConfigureAwait(false);
                Step();
            }
        }
        finally
        {
            agent.Keeper.Finish(now: IsWhole);
        }
    }

    /// <summary>Takes in what is in the inbox, and turns once.</summary>
    internal void Step()
    {
        while (inbox.TryTake(out AgentMessage? message)) Take(message!);
        Turn();
        agent.Heart.Beat(IsReady, (IsReady || toldUnready) && Failing is null);
    }

    private string? Failing => kernel.Reason ?? wiring.Reason;

    private List<string> Troubles => [.. ((string?[])[agent.Unusable, kernel.Reason, wiring.Reason, shaping.Reason, revoking.Reason]).OfType<string>(), .. agent.Troubles];

    private void Turn()
    {
        TakeBackUnconfirmed();
        foreach (FeedReport report in feed.TakeReports()) Log.Value(log, report);
        if (kernel.MayTry) Program();
        if (isWired) agent.Telling.TryFiles();
        if (IsWhole) agent.Keeper.Keep();
    }

    private void Program()
    {
        try
        {
            if (linksLost) RereadLinks();
            else if (nextLinkRefresh <= time.GetUtcNow()) RefreshLinks();
            bool planned = MayProgram();
            if (planned) PlanPolicy();
            // After what etcd says now is planned: it may be what mends a plan that the kernel refuses.
            if (IsReady && foreign.Due <= time.GetUtcNow()) RepairTable();
            if (IsReady && agent.Dataplane.CheckDue <= time.GetUtcNow()) CheckTable();
            if (planned) ApplyPolicy();
            if (IsReady) ProgramInterfaces();
            if (IsReady) LimitBandwidth();
            if (IsReady) agent.ProgramOverlay();
            if (IsReady) agent.ProgramWireGuard();
            kernel.Note(null);
            if (IsReady) agent.RemoveLeftovers();
            if (RevokeDue <= time.GetUtcNow()) Revoke();
        }
        catch (Exception e) when (e is NftException or IptablesException)
        {
            agent.Meters.Failed();
            kernel.Note(e.Message);
        }
        catch (Linux.Netlink.NetlinkException e)
        {
            // What was applied is not known.
            linksLost = true;
            agent.Meters.Failed();
            kernel.Note(e.Message);
        }
    }

    /// <summary>What the calculator holds is what etcd held at one moment, and may be used.</summary>
    private bool IsWhole => IsReady && feed.IsComplete && !feed.IsMidSnapshot && feed.IsReady;

    /// <summary>Connections are not judged by half a picture either.</summary>
    private DateTimeOffset? RevokeDue => IsWhole && kernel.MayTry && revoking.MayTry ? agent.Revoker.Due : null;

    /// <summary>A kernel that does not tell of its connections holds up nothing else.</summary>
    private void Revoke()
    {
        try
        {
            agent.Revoke();
            revoking.Note(null);
        }
        catch (Linux.Netlink.NetlinkException e)
        {
            revoking.Note(e.Message);
        }
    }

    /// <summary>Never from half a picture, and not before the cluster says that its data may be used.</summary>
    private bool MayProgram()
    {
        if (!feed.IsComplete || feed.IsMidSnapshot) return false;
        if (!feed.IsReady && !toldUnready) Log.Unready(log);
        toldUnready = !feed.IsReady;
        if (feed.IsReady && feed.ParametersChanged) agent.ResolveParameters();
        return feed.IsReady && agent.Unusable is null;
    }

    private void PlanPolicy()
    {
        TakeParameters();
        long start = time.GetTimestamp();
        DesiredChanges changes = agent.Calculator.TakeChanges();
        if (!changes.IsEmpty) agent.Meters.Calculated(time.GetElapsedTime(start));
        foreach (CalculationProblem problem in agent.Calculator.TakeProblems()) Log.Problem(log, problem);
        agent.DropUnusable(changes);
        agent.ResolveHosts(changes);
        NetworkChanges network = agent.TakeNetworkChanges(changes);
        agent.Dataplane.Plan(changes, agent.Parameters, network.Sets);
        agent.Overlay.Plan(network);
        agent.WireGuard.Plan(network);
        agent.Telling.Note(changes.Policies);
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints) interfaces.SetEndpoint(name, endpoint);
        if (changes.Endpoints.Count > 0) agent.Shaper.Look();
        agent.Revoker.Note(changes);
        unsent = (unsent.Policies + changes.Policies.Count, unsent.Endpoints + changes.Endpoints.Count, unsent.Sets + changes.Sets.Count);
    }

    private void ApplyPolicy()
    {
        long start = time.GetTimestamp();
        bool written = agent.Dataplane.Apply();
        if (written) agent.Meters.Applied(time.GetElapsedTime(start));
        agent.Telling.TellPolicies(agent.Dataplane, isFirst: !IsReady);
        if (written) agent.Keeper.Changed();
        agent.Telling.TellHosts(agent.Hosts.Resolution);
        if (written) Log.Changed(log, feed.Revision, unsent.Policies, unsent.Endpoints, unsent.Sets);
        unsent = default;
        if (!IsReady) FirstTurnDone();
    }

    /// <summary>With other parameters other interfaces may be workloads', of which nothing was read.</summary>
    private void TakeParameters()
    {
        agent.Revoker.Configure(agent.Parameters.OnRevoke);
        if (!agent.ParametersDue) return;
        agent.Wirer.ReadAll(agent.Parameters);
        agent.Shaper.Doubt();
        interfaces.DirtyAll();
        if (IsReady) agent.PrepareHost();
        if (IsReady) ScheduleRefreshes();
        agent.Revoker.NoteAll();
        agent.ParametersDue = false;
    }

    /// <summary>
    /// The table becomes again what was last planned: the last complete picture, also while a new one is being read.
    /// </summary>
    private void RepairTable()
    {
        long start = time.GetTimestamp();
        int changes = foreign.Count;
        NftEvent last = foreign.Last;
        agent.Dataplane.Doubt();
        bool repaired = agent.Dataplane.Apply();
        if (repaired) agent.Meters.Repaired();
        if (repaired) agent.Revoker.NoteAll();
        int before = foreign.Untold;
        if (foreign.Repaired(time.GetUtcNow(), time.GetElapsedTime(start))) Log.Meddled(log, agent.Dataplane.Name, last, changes, before, repaired ? agent.Dataplane.LastMessages : 0);
    }

    /// <summary>Where nobody tells of others' changes they are looked for now and then.</summary>
    private void CheckTable()
    {
        if (!agent.Dataplane.Check()) return;
        agent.Meters.Repaired();
        agent.Revoker.NoteAll();
        Log.Mended(log, agent.Dataplane.Name, agent.Dataplane.LastMessages);
    }

    private void FirstTurnDone()
    {
        agent.ListenToTables();
        // What happened between the reading and now was not heard.
        if (!agent.Dataplane.IsAlone()) foreign.Note(new NftEvent(NftEventKind.Overrun));
        IsReady = true;
        agent.Meters.FirstApplied(time.GetElapsedTime(started));
        agent.Revoker.NoteAll();
        agent.PrepareHost();
        interfaces.DirtyAll();
        ScheduleRefreshes();
        agent.Telling.SweepFiles(interfaces.Endpoints.Values);
        agent.Keeper.InForce();
        // The snapshot's garbage is given back at once: from here on little is allocated, and the collector would take its time.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Log.Sync(log, feed.Revision, agent.Calculator.LocalEndpointCount, agent.Calculator.ActivePolicyCount, agent.Calculator.SetCount);
    }

    private void ProgramInterfaces()
    {
        DateTimeOffset now = time.GetUtcNow();
        if (agent.Wirer.NextGraceEnd <= now) agent.Wirer.EndGrace();
        if (nextRouteRefresh <= now) RefreshRoutes();
        if (wiring.Reason is not null && wiring.MayTry) agent.Wirer.Retry();
        if (!agent.Wirer.IsDue) return;
        List<string> looked = agent.Wirer.Apply(agent.Parameters);
        agent.TellEndpoints(looked);
        if (agent.Wirer.Trouble is null || wiring.MayTry) wiring.Note(agent.Wirer.Trouble);
        if (isWired) return;
        isWired = true;
        agent.Telling.Reporter.Complete();
    }

    /// <summary>What cannot be limited is not: it holds up nothing else.</summary>
    private void LimitBandwidth()
    {
        if (shaping.Reason is not null && shaping.MayTry) agent.Shaper.Doubt();
        if (agent.Shaper.Apply(agent.Parameters) && (agent.Shaper.Trouble is null || shaping.MayTry)) shaping.Note(agent.Shaper.Trouble);
    }

    private void Take(AgentMessage message)
    {
        switch (message)
        {
            case AgentMessage.Datastore datastore: Take(datastore.Batch); break;
            case AgentMessage.Kernel kernel: foreach (KernelEvent happened in kernel.Events) Take(happened); break;
            // Before the table was first read there is nothing to doubt.
            case AgentMessage.Tables tables: if (IsReady) foreign.Note(tables.Change); break;
            case AgentMessage.Reload reload: reload.Done.TrySetResult(agent.Reload()); break;
            case AgentMessage.ChecksumsBroken { Peer: var peer }: agent.BreakOffload(peer); break;
            case AgentMessage.Counters counters: TellCounters(counters); break;
            case AgentMessage.Dropped dropped: agent.Name(dropped.Flows); dropped.Named.TrySetResult(true); break;
            case AgentMessage.FlowPlaces flows: flows.Answer.TrySetResult(agent.PlacesOf(flows.Query)); break;
            case AgentMessage.FlowsFound found: found.Answer.TrySetResult(agent.Judge(found.Flows, found.From)); break;
            case AgentMessage.Question { About: AgentQuestion.Configuration } question: question.Answer.TrySetResult(agent.DescribeConfiguration()); break;
            case AgentMessage.Question question: question.Answer.TrySetResult(StatusText.Of(agent, IsReady, Troubles)); break;
            default: throw new InvalidOperationException($"unknown message {message}");
        }
    }

    private void TellCounters(AgentMessage.Counters asked)
    {
        try
        {
            asked.Answer.TrySetResult(agent.Dataplane.Counters(asked.Prefix));
        }
        catch (Exception e) when (e is NftException or IptablesException)
        {
            asked.Answer.TrySetResult($"the kernel does not tell: {e.Message}\n");
        }
    }

    private void Take(WatchBatch batch)
    {
        switch (batch)
        {
            case WatchBatch.Connected connected:
                agent.Datastore.Reached();
                Log.Connected(log, connected.Endpoint);
                break;
            case WatchBatch.Lost lost:
                agent.Datastore.Lost(lost.Reason);
                Log.Lost(log, lost.Reason);
                break;
            case WatchBatch.SnapshotBegin: agent.Meters.Resyncing(); break;
        }
        feed.Accept(batch);
        if (agent.Guards.Hear(batch) is { } more) feed.Accept(more);
    }

    /// <summary>Changes that nobody has confirmed in time: as if etcd had told the old values, which it will when it answers.</summary>
    private void TakeBackUnconfirmed()
    {
        List<string> due = agent.Guards.TakeBack(time.GetUtcNow(), feed.Revision, out WatchBatch.Events? old);
        if (due.Count == 0) return;
        Log.Unconfirmed(log, string.Join(", ", due));
        if (old is not null) feed.Accept(old);
        due.ForEach(agent.RevertGuard);
    }

    private void Take(KernelEvent happened)
    {
        agent.Overlay.Note(happened);
        agent.WireGuard.Note(happened);
        agent.Shaper.Note(happened);
        bool removed = happened.Kind == KernelEventKind.Removed;
        if (happened.Kind == KernelEventKind.Overrun) linksLost = true;
        else if (happened.Subject is Link link) TakeLink(link, removed);
        else if (happened.Subject is Linux.Routing.InterfaceAddress address) TakeAddress(address, removed, happened.PortId == agent.RouteStack.PortId);
        else if (happened.Subject is InterfaceSettings settings) TakeSettings(settings.Interface);
        else if (happened.PortId == agent.RouteStack.PortId) return;
        else if (happened.Subject is Route route) agent.Wirer.NoteForeignRoute(route, removed);
        else if (happened.Subject is Neighbour neighbour) agent.Wirer.NoteForeignNeighbour(neighbour, removed);
    }

    private void TakeLink(Link link, bool removed)
    {
        interfaces.SetLink(link.Index, removed ? null : link);
        agent.Hosts.SetLink(link.Index, removed ? null : link);
    }

    private void TakeAddress(Linux.Routing.InterfaceAddress address, bool removed, bool own)
    {
        agent.Hosts.SetAddress(address, removed);
        if (!own) agent.Wirer.NoteForeignAddress(address, removed);
    }

    /// <summary>Those of all interfaces have no index.</summary>
    private void TakeSettings(int link)
    {
        if (link > 0) agent.Wirer.NoteSettings(link);
        else if (IsReady) agent.PrepareHost();
    }

    private void RereadLinks()
    {
        IReadOnlyList<Link> links = agent.RouteStack.Links();
        interfaces.SetLinks(links);
        agent.Hosts.SetAll(links, agent.RouteStack.Addresses());
        RereadRoutes();
        linksLost = false;
        if (IsReady) ScheduleRefreshes();
    }

    /// <summary>All that is on interfaces is compared anew.</summary>
    private void RereadRoutes()
    {
        if (IsReady) agent.PrepareHost();
        if (isWired) agent.Telling.DoubtFiles();
        agent.Wirer.ReadAll(agent.Parameters);
        agent.Overlay.Doubt();
        agent.WireGuard.Doubt();
        agent.Shaper.Doubt();
        interfaces.DirtyAll();
    }

    private void RefreshLinks()
    {
        if (wiring.Reason is null) agent.ForgetFormerProtocols();
        RereadLinks();
    }

    private void RefreshRoutes()
    {
        if (wiring.Reason is null) agent.ForgetFormerProtocols();
        RereadRoutes();
        nextRouteRefresh = After(agent.RouteRefreshInterval);
    }

    /// <summary>Whoever reads interfaces back reads routes with them.</summary>
    private void ScheduleRefreshes() => (nextLinkRefresh, nextRouteRefresh) = (After(agent.InterfaceRefreshInterval), After(agent.RouteRefreshInterval));

    private DateTimeOffset After(TimeSpan interval) => interval > TimeSpan.Zero ? time.GetUtcNow() + interval : DateTimeOffset.MaxValue;

    private TimeSpan UntilNextTurn()
    {
        DateTimeOffset now = time.GetUtcNow(), next = now + IdlePause;
        foreach (DateTimeOffset? due in (ReadOnlySpan<DateTimeOffset?>)[kernel.RetryAt, wiring.RetryAt, shaping.RetryAt, agent.Telling.FilesRetryAt, IsWhole ? agent.Keeper.Due : null, agent.Guards.Due, agent.Wirer.NextGraceEnd, nextRouteRefresh, kernel.MayTry ? nextLinkRefresh : null, agent.Overlay.RetryAt, agent.WireGuard.RetryAt, agent.LeftoversRetryAt, revoking.RetryAt, RevokeDue, kernel.MayTry ? foreign.Due : null, kernel.MayTry && IsReady ? agent.Dataplane.CheckDue : null])
            if (due < next) next = due.Value;
        TimeSpan wait = next - now;
        return wait < agent.Heart.UntilWatchdog ? (wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1)) : agent.Heart.UntilWatchdog;
    }
}
