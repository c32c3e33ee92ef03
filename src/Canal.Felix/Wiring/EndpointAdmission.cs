using Canal.Core;
using Canal.Core.Calculation;
using Canal.Core.Policy;
using Canal.Felix.Configuration;

namespace Canal.Felix.Wiring;

/// <summary>
/// Which endpoints may be programmed: those on an interface that belongs to workloads. One that names another, the host's own for instance, would put its limits, marks and
/// addresses on what is no workload's. Those that are refused are kept, because the parameters may change which interfaces are workloads'.
/// </summary>
internal sealed class EndpointAdmission
{
    private readonly Dictionary<string, RefusedEndpoint> refused = new(StringComparer.Ordinal);
    private EquatableArray<string> prefixes;

    /// <summary>By the interface that they name.</summary>
    public IReadOnlyDictionary<string, RefusedEndpoint> Refused => refused;

    /// <summary>
    /// Takes what is refused out of the changes; an endpoint that was in use before is gone instead. Returns those that were not refused, or for another reason, before.
    /// </summary>
    public List<RefusedEndpoint> Apply(DesiredChanges changes, InterfaceTable table, FelixParameters parameters)
    {
        if (prefixes != parameters.InterfacePrefixes) AskAnew(changes, table, parameters);
        prefixes = parameters.InterfacePrefixes;
        List<RefusedEndpoint> news = [];
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints.ToArray())
        {
            bool was = refused.Remove(name, out RefusedEndpoint? before);
            string? reason = endpoint is null ? null : ReasonAgainst(name, parameters);
            if (reason is null && (endpoint is not null || !was)) continue;
            if (table.Endpoints.ContainsKey(name)) changes.Endpoints[name] = null;
            else changes.Endpoints.Remove(name);
            // Somebody must be told what became of it, although there is nothing to wire.
            table.Dirty.Add(name);
            if (reason is null) continue;
            refused[name] = new RefusedEndpoint(endpoint!, reason);
            if (before?.Endpoint.Key != endpoint!.Key || before.Reason != reason) news.Add(refused[name]);
        }
        return news;
    }

    /// <summary>Other parameters: what is in use may be refused from now on, and the other way round.</summary>
    private void AskAnew(DesiredChanges changes, InterfaceTable table, FelixParameters parameters)
    {
        foreach ((string name, EndpointPolicy endpoint) in table.Endpoints)
            if (ReasonAgainst(name, parameters) is not null) changes.Endpoints.TryAdd(name, endpoint);
        foreach ((string name, RefusedEndpoint endpoint) in refused) changes.Endpoints.TryAdd(name, endpoint.Endpoint);
    }

    private static string? ReasonAgainst(string name, FelixParameters parameters)
    {
        if (!InterfaceName.IsValid(name)) return "spec.interfaceName: is not the name of an interface";
        return parameters.IsWorkloadInterface(name) ? null : $"spec.interfaceName: begins with no prefix of workloads' interfaces ({string.Join(", ", parameters.InterfacePrefixes)})";
    }
}

/// <summary>An endpoint that is not programmed, and why.</summary>
internal sealed record RefusedEndpoint(EndpointPolicy Endpoint, string Reason);
