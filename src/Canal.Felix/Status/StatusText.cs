using System.Globalization;

namespace Canal.Felix.Status;

/// <summary>A few lines for whoever asks over the control socket how the agent is.</summary>
internal static class StatusText
{
    /// <summary>The lines; of what does not work each thing a sentence.</summary>
    public static string Of(Agent agent, bool ready, IReadOnlyList<string> troubles) => string.Create(CultureInfo.InvariantCulture, $"""
        ready: {(ready ? "yes" : "no")}
        failing: {(troubles.Count == 0 ? "no" : string.Join("; ", troubles))}
        datastore: {(agent.Datastore.IsReached ? "reached" : $"out of reach, enforcement goes on unchanged: {agent.Datastore.Reason}")}
        revision: {agent.Feed.Revision}
        endpoints: {agent.Calculator.LocalEndpointCount}
        host endpoints: {HostEndpoints(agent)}
        policies: {agent.Calculator.ActivePolicyCount}
        sets: {agent.Calculator.SetCount}
        dataplane: {agent.Kind.ToString().ToLowerInvariant()}
        chains: {agent.Dataplane.ChainCount}
        commits: {agent.Dataplane.Commits}
        status files: {agent.Telling.FilesReason ?? "written"}
        kept for the next boot: {agent.Keeper.Reason ?? (agent.Keeper.Due is null ? "yes" : "soon")}
        reporting to etcd: {agent.Telling.Reporter.Describe()}
        closed: {(agent.Dataplane.Closed.Count == 0 ? "none" : string.Join(", ", agent.Dataplane.Closed.Keys.Order(StringComparer.Ordinal)))}
        left out: {(agent.Dataplane.LeftOut.Count == 0 ? "none" : string.Join("; ", agent.Dataplane.LeftOut.Keys.Order(StringComparer.Ordinal)))}

        """);

    /// <summary><c>host-a-eth0 up (eth0), host-a-eth9 error: there is no interface eth9</c></summary>
    private static string HostEndpoints(Agent agent) => agent.Telling.HostStatuses.Current.Count == 0 ? "none" : string.Join(", ", agent.Telling.HostStatuses.Current.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s =>
    {
        string governed = agent.Hosts.Resolution.AllInterfaces?.Key.Name == s.Key ? "all interfaces"
            : string.Join(' ', agent.Hosts.Resolution.ByInterface.Where(e => e.Value.Key.Name == s.Key).Select(e => e.Key).Order(StringComparer.Ordinal));
        return $"{s.Key} {s.Value.State.ToString().ToLowerInvariant()}{(governed.Length > 0 ? $" ({governed})" : "")}{(s.Value.Reason.Length > 0 ? $": {s.Value.Reason}" : "")}";
    }));
}
