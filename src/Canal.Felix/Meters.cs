using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Felix;

/// <summary>
/// What the loop counts of its own work. The loop writes, scrapers read at any time and do not wait for it: each number is one word, and that two of them are of
/// different moments does no harm.
/// </summary>
internal sealed class Meters
{
    private long calculations, applications, failures, repairs, resyncs;
    private TimeSpan calculating, applying;
    private TimeSpan? firstApplied;

    public void Calculated(TimeSpan took)
    {
        calculations++;
        calculating += took;
    }

    public void Applied(TimeSpan took)
    {
        applications++;
        applying += took;
    }

    /// <summary>Programming failed.</summary>
    public void Failed() => failures++;

    /// <summary>What another program changed was put back.</summary>
    public void Repaired() => repairs++;

    /// <summary>A snapshot of etcd began.</summary>
    public void Resyncing() => resyncs++;

    /// <summary>The first complete picture is in force, so long after the start.</summary>
    public void FirstApplied(TimeSpan took) => firstApplied ??= took;

    /// <summary>Everything that is measured, in Felix's names where they mean the same.</summary>
    public string Text(Agent agent, Drops.DropWatch drops, DaemonRun run)
    {
        MetricsText text = new();
        text.Head("felix_host", "gauge", "The host that this agent is of.").Line("felix_host", $"host=\"{MetricsText.Label(agent.Feed.NodeName)}\"", 1);
        Cluster(text, agent);
        Work(text, agent);
        Denied(text, agent, drops);
        text.Counter("felix_logs_dropped", "Log messages that could not be delivered.", run.LogsDropped)
            .Counter("process_cpu_seconds_total", "Processor time used.", Environment.CpuUsage.TotalTime.TotalSeconds)
            .Gauge("process_resident_memory_bytes", "Memory in use.", Environment.WorkingSet);
        return text.ToString();
    }

    private static void Cluster(MetricsText text, Agent agent)
    {
        Feed.ResourceFeed feed = agent.Feed;
        text.Gauge("felix_active_local_endpoints", "Workload and host endpoints of this host.", agent.Calculator.LocalEndpointCount + agent.Calculator.HostEndpointCount)
            .Gauge("felix_active_local_policies", "Policies that select one of them.", agent.Calculator.ActivePolicyCount - agent.Calculator.ActiveProfileCount)
            .Gauge("felix_active_local_selectors", "Selectors that rules of these look up.", agent.Calculator.SetCount)
            .Gauge("felix_cluster_num_hosts", "Nodes of the cluster.", feed.Count(ResourceKind.Node))
            .Gauge("felix_cluster_num_workload_endpoints", "Workload endpoints of the cluster.", feed.Count(ResourceKind.WorkloadEndpoint))
            .Gauge("felix_cluster_num_host_endpoints", "Host endpoints of the cluster.", feed.Count(ResourceKind.HostEndpoint))
            .Gauge("felix_cluster_num_policies", "Policies of the cluster.", feed.Count(ResourceKind.NetworkPolicy) + feed.Count(ResourceKind.GlobalNetworkPolicy))
            .Gauge("felix_cluster_num_profiles", "Profiles of the cluster.", feed.Count(ResourceKind.Profile))
            .Gauge("felix_cluster_num_tiers", "Tiers of the cluster.", feed.Count(ResourceKind.Tier))
            .Gauge("felix_resync_state", "1: waiting for the datastore, 2: reading it, 3: in sync.", feed.IsMidSnapshot ? 2 : feed.IsComplete && agent.Datastore.IsReached ? 3 : 1);
    }

    private void Work(MetricsText text, Agent agent)
    {
        text.Counter("felix_resyncs_started", "Times that the datastore was read as a whole.", resyncs)
            .Summary("felix_calc_graph_update_time_seconds", "Time to compute what a change means for this host.", calculations, calculating)
            .Summary("felix_int_dataplane_apply_time_seconds", "Time to write what changed to the kernel.", applications, applying)
            .Counter("felix_int_dataplane_failures", "Times that the kernel refused and it was tried again.", failures)
            .Counter(agent.Dataplane.CommitsMetric, "Changes that the kernel committed.", agent.Dataplane.Commits)
            .Gauge("canal_felix_chains", "Chains of table inet canal.", agent.Dataplane.ChainCount)
            .Gauge("canal_felix_checksum_offload_broken", "VXLAN devices whose checksum offload was switched off because checksums arrived wrong.", agent.Offload.Broken)
            .Gauge("canal_felix_closed", "Policies and endpoints that cannot be programmed and deny instead.", agent.Dataplane.Closed.Count)
            .Gauge("canal_felix_left_out", "Limits, marks and translations that cannot be programmed and are not in force.", agent.Dataplane.LeftOut.Count)
            .Counter("canal_felix_revoked_connections_total", "Connections that were cut because policy no longer allows them.", agent.Revoker.Cut)
            .Counter("canal_felix_repairs_total", "Times that table inet canal was put back after another program had changed it.", repairs);
        if (firstApplied is { } took) text.Gauge("felix_int_dataplane_initial_resync_time_seconds", "Time from the start until policy was in force.", took.TotalSeconds);
    }

    private static void Denied(MetricsText text, Agent agent, Drops.DropWatch drops)
    {
        string group = $"groupNum=\"{agent.Parameters.DropGroup}\"";
        if (agent.Parameters.DropGroup is null) return;
        text.Head("felix_nflog_logs_received", "counter", "Denied packets that the kernel told of.").Line("felix_nflog_logs_received", group, drops.Received)
            .Head("felix_nflog_buffer_overruns", "counter", "Denied packets that the kernel had to tell of and could not.").Line("felix_nflog_buffer_overruns", group, drops.Lost);
    }
}
