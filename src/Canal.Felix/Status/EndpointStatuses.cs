using Canal.Core.Policy;
using Canal.Felix.Wiring;

namespace Canal.Felix.Status;

/// <summary>The state of every local endpoint as last told, and what changed. Pure bookkeeping: telling is the callers'.</summary>
internal sealed class EndpointStatuses
{
    private readonly Dictionary<string, (EndpointPolicy Endpoint, EndpointState State)> told = new(StringComparer.Ordinal);

    /// <summary>The endpoints and their states.</summary>
    public IReadOnlyDictionary<string, (EndpointPolicy Endpoint, EndpointState State)> Current => told;

    /// <summary>
    /// Finds what changed at these interfaces. An endpoint that another took the interface from, or that is gone, is told with no state,
    /// before the others, since it may be at another interface by now; one that is refused is in error.
    /// </summary>
    public List<StatusChange> Update(
        IEnumerable<string> interfaces, InterfaceTable table, IReadOnlyDictionary<string, string> failures, IReadOnlyDictionary<string, RefusedEndpoint> refused)
    {
        List<StatusChange> gone = [], changes = [];
        foreach (string name in interfaces)
        {
            bool was = told.TryGetValue(name, out (EndpointPolicy Endpoint, EndpointState State) before);
            string? reason = failures.GetValueOrDefault(name);
            if (!table.Endpoints.TryGetValue(name, out EndpointPolicy? endpoint) && refused.TryGetValue(name, out RefusedEndpoint? known)) (endpoint, reason) = known;
            if (endpoint is null)
            {
                if (was) gone.Add(new StatusChange(before.Endpoint, null, ""));
                told.Remove(name);
                continue;
            }
            if (was && before.Endpoint.Key != endpoint.Key) gone.Add(new StatusChange(before.Endpoint, null, ""));
            EndpointState state = reason is not null ? EndpointState.Error
                : table.Find(name) is { IsRunning: true } ? EndpointState.Up : EndpointState.Down;
            // A changed address, MAC or peering is in the status file too.
            bool same = was && before.State == state && before.Endpoint.Key == endpoint.Key && before.Endpoint.Addresses == endpoint.Addresses && before.Endpoint.Mac == endpoint.Mac && before.Endpoint.BgpPeer == endpoint.BgpPeer;
            told[name] = (endpoint, state);
            if (!same) changes.Add(new StatusChange(endpoint, state, reason ?? ""));
        }
        return [.. gone, .. changes];
    }
}

/// <summary>An endpoint's new state; null when it is not here any more.</summary>
internal sealed record StatusChange(EndpointPolicy Endpoint, EndpointState? State, string Reason);
