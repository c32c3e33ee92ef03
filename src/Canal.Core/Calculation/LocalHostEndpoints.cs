using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>The host endpoints of this node by name.</summary>
internal sealed class LocalHostEndpoints(ProfileUses profiles, ProblemList problems)
{
    private readonly Dictionary<int, HostEndpoint> byId = [];
    private readonly Dictionary<ResourceKey, int> ids = [];
    private readonly HashSet<ResourceKey> dirty = [];
    private readonly Dictionary<ResourceKey, HostEndpointPolicy> told = [];

    public int Count => byId.Count;

    public void Set(int id, HostEndpoint endpoint)
    {
        if (byId.TryGetValue(id, out HostEndpoint? old) && old == endpoint) return;
        Remove(id);
        byId.Add(id, endpoint);
        ids.Add(endpoint.Key, id);
        dirty.Add(endpoint.Key);
        profiles.Add(endpoint.Profiles);
    }

    /// <summary>Takes an endpoint out; nothing happens when it is not there.</summary>
    public void Remove(int id)
    {
        if (!byId.Remove(id, out HostEndpoint? endpoint)) return;
        ids.Remove(endpoint.Key);
        dirty.Add(endpoint.Key);
        profiles.Remove(endpoint.Profiles);
    }

    /// <summary>A profile appeared or vanished: the endpoints that name it are dirty.</summary>
    public void ProfileChanged(string profile)
    {
        foreach (HostEndpoint endpoint in byId.Values)
            if (endpoint.Profiles.Contains(profile)) dirty.Add(endpoint.Key);
    }

    /// <summary>Tells what the dataplane must hold for each endpoint whose answer may have changed.</summary>
    public void TakeChanges(LocalPolicies policies, ActivePolicies active, IReadOnlyDictionary<string, Tier> tiers, DesiredChanges changes)
    {
        foreach (int id in policies.DirtyEndpoints)
            if (byId.TryGetValue(id, out HostEndpoint? endpoint)) dirty.Add(endpoint.Key);
        foreach (ResourceKey key in dirty) TakeChange(key, policies, active, tiers, changes);
        dirty.Clear();
    }

    private void TakeChange(ResourceKey key, LocalPolicies policies, ActivePolicies active, IReadOnlyDictionary<string, Tier> tiers, DesiredChanges changes)
    {
        if (!ids.TryGetValue(key, out int id))
        {
            problems.Set(key, ProblemList.Part.Rules, null);
            if (told.Remove(key)) changes.HostEndpoints[key.Name] = null;
            return;
        }
        HostEndpointPolicy policy = PolicyOf(byId[id], id, policies, active, tiers);
        if (told.TryGetValue(key, out HostEndpointPolicy? before) && before == policy) return;
        told[key] = policy;
        changes.HostEndpoints[key.Name] = policy;
    }

    private HostEndpointPolicy PolicyOf(HostEndpoint endpoint, int id, LocalPolicies policies, ActivePolicies active, IReadOnlyDictionary<string, Tier> tiers)
    {
        StageTiers Stage(PolicyStage stage) => new(policies.TiersFor(id, Direction.Ingress, stage, tiers, active), policies.TiersFor(id, Direction.Egress, stage, tiers, active));
        StageTiers untracked = Stage(PolicyStage.Untracked);
        bool ignored = endpoint.InterfaceName == HostEndpoint.AllInterfaces && !untracked.IsEmpty;
        problems.Set(endpoint.Key, ProblemList.Part.Rules, ignored ? "spec.interfaceName: policies with doNotTrack are not applied to all interfaces" : null, inPart: true);
        return new HostEndpointPolicy(endpoint.Key)
        {
            InterfaceName = endpoint.InterfaceName,
            ExpectedIps = endpoint.ExpectedIps,
            Normal = Stage(PolicyStage.Normal),
            Untracked = ignored ? StageTiers.None : untracked,
            PreDnat = Stage(PolicyStage.PreDnat),
            Forward = Stage(PolicyStage.Forward),
            Profiles = endpoint.Profiles.Where(p => active.Contains(new ResourceKey(ResourceKind.Profile, null, p))).ToEquatableArray(),
        };
    }
}
