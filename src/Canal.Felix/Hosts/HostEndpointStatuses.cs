using Canal.Core.Policy;

namespace Canal.Felix.Hosts;

/// <summary>The state of every host endpoint as last told, and what changed. Pure bookkeeping: telling is the callers'.</summary>
internal sealed class HostEndpointStatuses
{
    private readonly Dictionary<string, (HostEndpointState State, string Reason)> told = new(StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, (HostEndpointState State, string Reason)> Current => told;

    /// <summary>What differs from what was told; an endpoint that is gone has no state.</summary>
    public List<HostStatusChange> Update(HostEndpointResolution resolution)
    {
        List<HostStatusChange> changes = [];
        foreach (string gone in told.Keys.Where(name => !resolution.States.ContainsKey(name)).ToArray())
        {
            told.Remove(gone);
            changes.Add(new HostStatusChange(gone, null, ""));
        }
        foreach ((string name, (HostEndpointState State, string Reason) now) in resolution.States)
        {
            if (told.TryGetValue(name, out (HostEndpointState, string) before) && before == now) continue;
            told[name] = now;
            changes.Add(new HostStatusChange(name, now.State, now.Reason));
        }
        return changes;
    }
}

/// <summary>A host endpoint's new state; null when it is not here any more.</summary>
internal sealed record HostStatusChange(string Name, HostEndpointState? State, string Reason);
