using Canal.Core.Addressing;
using Canal.Core.Labels;

namespace Canal.Core.Policy;

/// <summary>
/// Which host endpoint governs which interface. Pure. Of several that match an interface the one with the lowest name (byte order) does; one that names an
/// interface, or its address, goes before the one of all interfaces. Loopback is governed only by an endpoint that names it (calico-policy: host endpoints).
/// </summary>
public sealed class HostEndpointResolution
{
    private readonly Dictionary<string, HostEndpointPolicy> byInterface = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (HostEndpointState State, string Reason)> states = new(StringComparer.Ordinal);

    /// <summary>Nothing is governed.</summary>
    public static HostEndpointResolution None { get; } = new([], []);

    /// <summary>Resolves all endpoints of this node against all interfaces that belong to no workload.</summary>
    /// <param name="interfaces">Those that are there.</param>
    /// <param name="endpoints">All of this node.</param>
    /// <param name="mayAppear">
    /// An interface of this name, which is not there, may come and would belong to no workload: the endpoint that names it governs it from its first packet on.
    /// None by default.
    /// </param>
    public HostEndpointResolution(IEnumerable<HostInterface> interfaces, IEnumerable<HostEndpointPolicy> endpoints, Func<string, bool>? mayAppear = null)
    {
        HostEndpointPolicy[] ordered = [.. endpoints.OrderBy(e => e.Key.Name, Utf8Order.Instance)];
        HostInterface[] present = [.. interfaces];
        AllInterfaces = Array.Find(ordered, e => e.IsAllInterfaces);
        foreach (HostEndpointPolicy endpoint in ordered) states[endpoint.Key.Name] = Place(endpoint, present, mayAppear);
        // After all that are there: an absent one has no rival but another that names it.
        foreach (HostEndpointPolicy endpoint in ordered)
            if (endpoint.InterfaceName.Length > 0 && !endpoint.IsAllInterfaces && mayAppear?.Invoke(endpoint.InterfaceName) == true) byInterface.TryAdd(endpoint.InterfaceName, endpoint);
    }

    /// <summary>By name of interface: the endpoint that governs it, where it is not <see cref="AllInterfaces"/>.</summary>
    public IReadOnlyDictionary<string, HostEndpointPolicy> ByInterface => byInterface;

    /// <summary>The endpoint of all interfaces that no other governs, or null.</summary>
    public HostEndpointPolicy? AllInterfaces { get; }

    /// <summary>By name of endpoint: how it is, and why when it is not up.</summary>
    public IReadOnlyDictionary<string, (HostEndpointState State, string Reason)> States => states;

    /// <summary>The endpoint that governs packets of the interface at the host itself, or null.</summary>
    public HostEndpointPolicy? Governing(string interfaceName) =>
        byInterface.GetValueOrDefault(interfaceName) ?? (interfaceName == HostInterface.Loopback ? null : AllInterfaces);

    /// <summary>The same endpoints, with the same policy, govern the same interfaces as there.</summary>
    public bool GovernsAs(HostEndpointResolution other) =>
        AllInterfaces == other.AllInterfaces && byInterface.Count == other.byInterface.Count
        && byInterface.All(e => other.byInterface.TryGetValue(e.Key, out HostEndpointPolicy? there) && there == e.Value);

    private (HostEndpointState, string) Place(HostEndpointPolicy endpoint, HostInterface[] present, Func<string, bool>? mayAppear)
    {
        if (endpoint.IsAllInterfaces)
            return endpoint == AllInterfaces ? (HostEndpointState.Up, "") : (HostEndpointState.Error, $"host endpoint {AllInterfaces!.Key.Name} is the one of all interfaces");
        HostEndpointPolicy? rival = null;
        string? down = null;
        bool governs = false;
        foreach (HostInterface match in present)
        {
            if (!Matches(endpoint, match)) continue;
            if (!byInterface.TryAdd(match.Name, endpoint))
            {
                rival ??= byInterface[match.Name];
                continue;
            }
            governs = true;
            if (!match.IsUp) down ??= match.Name;
        }
        if (governs) return down is null ? (HostEndpointState.Up, "") : (HostEndpointState.Down, $"interface {down} is down");
        return (HostEndpointState.Error, rival is null ? Missing(endpoint, mayAppear) : $"host endpoint {rival.Key.Name} governs its interface");
    }

    private static string Missing(HostEndpointPolicy endpoint, Func<string, bool>? mayAppear) =>
        endpoint.InterfaceName.Length == 0 ? "no interface has one of its expectedIPs"
        : mayAppear?.Invoke(endpoint.InterfaceName) == false ? $"{endpoint.InterfaceName} is a workload's interface by its name, or no name of an interface"
        : $"there is no interface {endpoint.InterfaceName}";

    private static bool Matches(HostEndpointPolicy endpoint, HostInterface candidate)
    {
        if (endpoint.InterfaceName.Length > 0) return endpoint.InterfaceName == candidate.Name;
        if (candidate.Name == HostInterface.Loopback) return false;
        foreach (IpAddress expected in endpoint.ExpectedIps)
            if (candidate.Addresses.Contains(expected)) return true;
        return false;
    }
}
