using Canal.Core.Calculation;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Feed;
using Canal.Felix.Wiring;
using Canal.Linux;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Serilog;

namespace Canal.Felix;

/// <summary>
/// The one loop that owns all state: take in what happened, compute what must change, make it so, tell. Policy first and routes after it, so that no packet
/// can reach an endpoint before its policy does.
/// </summary>
internal sealed class AgentLoop(Agent agent, Inbox inbox, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(10);

    private readonly ResourceFeed feed = agent.Feed;
    private readonly InterfaceTable interfaces = agent.Interfaces;
    private TimeSpan pause = ShortestPause;
    private DateTimeOffset? retryAt;
    private DateTimeOffset nextRouteRefresh = DateTimeOffset.MaxValue;
    private string? failing;
    private bool toldUnready;
    private bool linksLost = true;

    /// <summary>The first programming is complete.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Runs until stopped. Exceptions that are not expected end the process; the supervisor starts it again, and enforcement stays meanwhile.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            await inbox.WaitAsync(UntilNextTurn(), stop).ConfigureAwait(false);
            while (inbox.TryTake(out AgentMessage? message)) Take(message!);
            Turn();
            agent.Heartbeat(IsReady, (IsReady || toldUnready) && failing is null);
        }
    }

    private void Turn()
    {
        TellReports();
        if (retryAt > time.GetUtcNow()) return;
        retryAt = null;
        try
        {
            if (linksLost) RereadLinks();
            if (MayProgram()) ProgramPolicy();
            if (IsReady) ProgramInterfaces();
            Succeed();
        }
        catch (Exception e) when (e is NftException or Linux.Netlink.NetlinkException)
        {
            Fail(e.Message);
        }
    }

    /// <summary>Never from half a picture, and not before the cluster says that its data may be used.</summary>
    private bool MayProgram()
    {
        if (!feed.IsComplete || feed.IsMidSnapshot) return false;
        if (!feed.IsReady && !toldUnready) Log.Unready(log);
        toldUnready = !feed.IsReady;
        return feed.IsReady;
    }

    private void ProgramPolicy()
    {
        if (feed.ParametersChanged) agent.ResolveParameters();
        DesiredChanges changes = agent.Calculator.TakeChanges();
        foreach (CalculationProblem problem in agent.Calculator.TakeProblems()) Log.Problem(log, problem);
        agent.DropUnusable(changes);
        agent.Dataplane.Plan(changes, agent.Parameters);
        TellPolicies(changes);
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints) interfaces.SetEndpoint(name, endpoint);
        bool written = agent.Dataplane.Apply();
        if (written) Log.Changed(log, feed.Revision, changes.Policies.Count, changes.Endpoints.Count, changes.Sets.Count);
        if (!IsReady) FirstTurnDone();
    }

    private void FirstTurnDone()
    {
        IsReady = true;
        foreach (string refusal in agent.Wirer.PrepareHost(agent.Parameters)) Log.Host(log, refusal);
        interfaces.DirtyAll();
        ScheduleRouteRefresh();
        agent.SweepStatusFiles();
        // The snapshot's garbage is given back at once: from here on little is allocated, and the collector would take its time.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Log.Sync(log, feed.Revision, agent.Calculator.LocalEndpointCount, agent.Calculator.ActivePolicyCount, agent.Calculator.SetCount);
    }

    private void ProgramInterfaces()
    {
        DateTimeOffset now = time.GetUtcNow();
        if (agent.Wirer.NextGraceEnd <= now) agent.Wirer.EndGrace();
        if (nextRouteRefresh <= now) RefreshRoutes();
        if (interfaces.Dirty.Count == 0 && interfaces.Doubted.Count == 0) return;
        List<string> looked = agent.Wirer.Apply(agent.Parameters);
        agent.Tell(agent.Statuses.Update(looked, interfaces, agent.Wirer.Failures));
        // Links that changed while they were being wired are in doubt again.
        if (agent.Wirer.Failures.Count > 0) throw new Linux.Netlink.NetlinkException($"wire {agent.Wirer.Failures.Count} interfaces, first {agent.Wirer.Failures.First().Key}: {agent.Wirer.Failures.First().Value}", Errno.EAGAIN);
    }

    private void Take(AgentMessage message)
    {
        switch (message)
        {
            case AgentMessage.Datastore datastore: Take(datastore.Batch); break;
            case AgentMessage.Kernel kernel: foreach (KernelEvent happened in kernel.Events) Take(happened); break;
            case AgentMessage.Reload reload: reload.Done.TrySetResult(agent.Reload()); break;
            case AgentMessage.Question question: question.Answer.TrySetResult(agent.Describe(IsReady, failing)); break;
            default: throw new InvalidOperationException($"unknown message {message}");
        }
    }

    private void Take(WatchBatch batch)
    {
        if (batch is WatchBatch.Connected connected) Log.Connected(log, connected.Endpoint);
        else if (batch is WatchBatch.Lost lost) Log.Lost(log, lost.Reason);
        feed.Accept(batch);
    }

    private void Take(KernelEvent happened)
    {
        bool removed = happened.Kind == KernelEventKind.Removed;
        if (happened.Kind == KernelEventKind.Overrun) linksLost = true;
        else if (happened.Subject is Link link) interfaces.SetLink(link.Index, removed ? null : link);
        else if (happened.Subject is Route route && happened.PortId != agent.RouteStack.PortId) agent.Wirer.NoteForeignRoute(route, removed);
    }

    private void RereadLinks()
    {
        interfaces.SetLinks(agent.RouteStack.Links());
        agent.Wirer.ReadAll(agent.Parameters);
        interfaces.DirtyAll();
        linksLost = false;
    }

    private void RefreshRoutes()
    {
        agent.Wirer.ReadAll(agent.Parameters);
        interfaces.DirtyAll();
        ScheduleRouteRefresh();
    }

    private void ScheduleRouteRefresh() =>
        nextRouteRefresh = agent.RouteRefreshInterval > TimeSpan.Zero ? time.GetUtcNow() + agent.RouteRefreshInterval : DateTimeOffset.MaxValue;

    private void TellReports()
    {
        foreach (FeedReport report in feed.TakeReports()) Log.Value(log, report);
    }

    /// <summary>After the first programming only: what was there from the start is one line, not a thousand.</summary>
    private void TellPolicies(DesiredChanges changes)
    {
        if (!IsReady) return;
        foreach ((ResourceKey key, CompiledPolicy? policy) in changes.Policies)
            if (agent.NotePolicy(key, policy) is string tier) Log.Policy(log, KernelNames.PolicyId(key), tier, policy is not null);
    }

    private void Succeed()
    {
        if (failing is not null) Log.Recovered(log, "programming the kernel");
        failing = null;
        pause = ShortestPause;
    }

    private void Fail(string reason)
    {
        if (failing != reason) Log.Failed(log, "programming the kernel", reason);
        failing = reason;
        retryAt = time.GetUtcNow() + pause;
        pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
    }

    private TimeSpan UntilNextTurn()
    {
        DateTimeOffset now = time.GetUtcNow(), next = now + IdlePause;
        if (retryAt < next) next = retryAt.Value;
        if (agent.Wirer.NextGraceEnd < next) next = agent.Wirer.NextGraceEnd.Value;
        if (nextRouteRefresh < next) next = nextRouteRefresh;
        TimeSpan wait = next - now;
        return wait < agent.UntilWatchdog ? (wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1)) : agent.UntilWatchdog;
    }
}
