using Canal.Core.Labels;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// The workload endpoints of this node by interface. Where two name one interface, the lowest (orchestrator, workload, endpoint) governs it and the
/// others wait.
/// </summary>
internal sealed class LocalEndpoints(ProfileUses profiles)
{
    private readonly Dictionary<int, WorkloadEndpoint> byId = [];
    private readonly Dictionary<string, SortedSet<Candidate>> byInterface = new(StringComparer.Ordinal);
    private readonly HashSet<string> dirtyInterfaces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EndpointPolicy> told = new(StringComparer.Ordinal);

    public int Count => byId.Count;

    public void Set(int id, WorkloadEndpoint endpoint)
    {
        if (byId.TryGetValue(id, out WorkloadEndpoint? old) && old == endpoint) return;
        Remove(id);
        byId.Add(id, endpoint);
        string name = endpoint.Spec.InterfaceName;
        if (!byInterface.TryGetValue(name, out SortedSet<Candidate>? candidates)) byInterface.Add(name, candidates = []);
        candidates.Add(Candidate.Of(id, endpoint));
        dirtyInterfaces.Add(name);
        profiles.Add(endpoint.Spec.Profiles);
    }

    /// <summary>Takes an endpoint out; nothing happens when it is not there.</summary>
    public void Remove(int id)
    {
        if (!byId.Remove(id, out WorkloadEndpoint? endpoint)) return;
        string name = endpoint.Spec.InterfaceName;
        byInterface[name].Remove(Candidate.Of(id, endpoint));
        if (byInterface[name].Count == 0) byInterface.Remove(name);
        dirtyInterfaces.Add(name);
        profiles.Remove(endpoint.Spec.Profiles);
    }

    /// <summary>A profile appeared or vanished: the endpoints that name it are dirty.</summary>
    public void ProfileChanged(string profile)
    {
        if (!profiles.Has(profile)) return;
        foreach (WorkloadEndpoint endpoint in byId.Values)
            if (endpoint.Spec.Profiles.Contains(profile)) dirtyInterfaces.Add(endpoint.Spec.InterfaceName);
    }

    /// <summary>Tells what the dataplane must hold for each interface whose answer may have changed.</summary>
    public void TakeChanges(LocalPolicies policies, LocalPeerings peerings, ActivePolicies active, IReadOnlyDictionary<string, Tier> tiers, DesiredChanges changes)
    {
        foreach (int id in policies.DirtyEndpoints.Concat(peerings.DirtyEndpoints))
            if (byId.TryGetValue(id, out WorkloadEndpoint? endpoint)) dirtyInterfaces.Add(endpoint.Spec.InterfaceName);
        foreach (string name in dirtyInterfaces) TakeChange(name, policies, peerings, active, tiers, changes);
        dirtyInterfaces.Clear();
    }

    private void TakeChange(string name, LocalPolicies policies, LocalPeerings peerings, ActivePolicies active, IReadOnlyDictionary<string, Tier> tiers, DesiredChanges changes)
    {
        if (!byInterface.TryGetValue(name, out SortedSet<Candidate>? candidates))
        {
            if (told.Remove(name)) changes.Endpoints[name] = null;
            return;
        }
        int id = candidates.Min!.Id;
        EndpointPolicy policy = PolicyOf(byId[id], id, policies, active, tiers) with { BgpPeer = peerings.PeerOf(id) };
        if (told.TryGetValue(name, out EndpointPolicy? before) && before == policy) return;
        told[name] = policy;
        changes.Endpoints[name] = policy;
    }

    private static EndpointPolicy PolicyOf(WorkloadEndpoint endpoint, int id, LocalPolicies policies, ActivePolicies active, IReadOnlyDictionary<string, Tier> tiers) =>
        new(endpoint.Key, endpoint.Spec.InterfaceName)
        {
            Mac = endpoint.Spec.Mac,
            Addresses = EndpointAddresses.Of(endpoint.Spec),
            Nats = endpoint.Spec.IpNats,
            Qos = endpoint.Spec.QosControls,
            SpoofedPrefixes = endpoint.Spec.AllowSpoofedSourcePrefixes,
            Ingress = policies.TiersFor(id, Direction.Ingress, PolicyStage.Normal, tiers, active),
            Egress = policies.TiersFor(id, Direction.Egress, PolicyStage.Normal, tiers, active),
            Profiles = endpoint.Spec.Profiles.Where(p => active.Contains(new ResourceKey(ResourceKind.Profile, null, p))).ToEquatableArray(),
        };

    /// <summary>Sorts as Calico does: by orchestrator, then <c>namespace/workload</c>, then endpoint; all of them from the name.</summary>
    private sealed record Candidate(string Orchestrator, string Workload, string Endpoint, int Id) : IComparable<Candidate>
    {
        public static Candidate Of(int id, WorkloadEndpoint endpoint)
        {
            if (!WorkloadEndpointName.TryParse(endpoint.Key.Name, out WorkloadEndpointName name)) throw new ArgumentException($"{endpoint.Key} is not named as an endpoint", nameof(endpoint));
            return new Candidate(name.Orchestrator, $"{endpoint.Key.Namespace}/{name.Workload}", name.Endpoint, id);
        }

        public int CompareTo(Candidate? other)
        {
            int order = Utf8Order.Instance.Compare(Orchestrator, other?.Orchestrator);
            if (order == 0) order = Utf8Order.Instance.Compare(Workload, other?.Workload);
            return order != 0 ? order : Utf8Order.Instance.Compare(Endpoint, other?.Endpoint);
        }
    }
}
