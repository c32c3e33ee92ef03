using Canal.Core;
using Canal.Core.Calculation;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// What table <c>inet canal</c> must hold, and which of it changed since the last commit. Pure: it renders and remembers; the kernel is not asked. Members
/// of sets are not kept here, the calculator has them.
/// </summary>
internal sealed class DesiredTable
{
    private readonly Dictionary<ResourceKey, CompiledPolicy> policies = [];
    private readonly Dictionary<ResourceKey, RenderedPolicy> rendered = [];
    private readonly Dictionary<string, EndpointPolicy> endpoints = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> endpointChains = new(StringComparer.Ordinal);
    private readonly HashSet<string> staticChains = new(StringComparer.Ordinal);
    private FelixParameters? parameters;

    /// <summary>Every chain, by name.</summary>
    public Dictionary<string, RenderedChain> Chains { get; } = new(StringComparer.Ordinal);

    /// <summary>Every set of a rule's own prefixes, by name.</summary>
    public Dictionary<string, NetsSet> Nets { get; } = new(StringComparer.Ordinal);

    /// <summary>Every part of a set that rules look up, with the number of policies that do.</summary>
    public Dictionary<SetPart, int> Parts { get; } = [];

    /// <summary>Interfaces that packets are dispatched by.</summary>
    public IReadOnlyCollection<string> Interfaces => endpoints.Keys;

    /// <summary>What may differ from the kernel.</summary>
    public TableChanges Changes { get; } = new();

    /// <summary>Takes in what the calculator says has changed, and the parameters in force.</summary>
    public void Apply(DesiredChanges changes, FelixParameters inForce)
    {
        bool renderAll = parameters != inForce;
        parameters = inForce;
        Changes.Members.AddRange(changes.Sets);
        HashSet<ResourceKey> reshaped = ApplyPolicies(changes);
        bool spoofing = ApplyEndpoints(changes);
        if (renderAll) RenderAll();
        else RenderChanged(changes, reshaped);
        if (renderAll || spoofing) RenderStatic();
    }

    /// <summary>Everything may differ from the kernel.</summary>
    public void DoubtAll()
    {
        Changes.Chains.UnionWith(Chains.Keys);
        Changes.Nets.UnionWith(Nets.Keys);
        Changes.Parts.UnionWith(Parts.Keys);
        Changes.Interfaces.UnionWith(endpoints.Keys);
    }

    /// <summary>Returns the policies whose chains appeared, vanished or began or ceased to pass: endpoints that name them have other jumps.</summary>
    private HashSet<ResourceKey> ApplyPolicies(DesiredChanges changes)
    {
        HashSet<ResourceKey> reshaped = [];
        foreach ((ResourceKey key, CompiledPolicy? policy) in changes.Policies)
        {
            policies.TryGetValue(key, out CompiledPolicy? before);
            if (policy is null) policies.Remove(key);
            else policies[key] = policy;
            if (ShapeOf(before) != ShapeOf(policy)) reshaped.Add(key);
        }
        return reshaped;
    }

    private static (bool, bool, bool, bool) ShapeOf(CompiledPolicy? policy) => policy is null
        ? default
        : (!policy.Ingress.IsEmpty, !policy.Egress.IsEmpty, policy.Passes(Direction.Ingress), policy.Passes(Direction.Egress));

    /// <summary>Returns whether a permission to spoof came or went.</summary>
    private bool ApplyEndpoints(DesiredChanges changes)
    {
        bool spoofing = false;
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints)
        {
            spoofing |= endpoints.GetValueOrDefault(name)?.SpoofedPrefixes != endpoint?.SpoofedPrefixes;
            if (endpoint is null) endpoints.Remove(name);
            else endpoints[name] = endpoint;
            Changes.Interfaces.Add(name);
        }
        return spoofing;
    }

    private void RenderAll()
    {
        foreach (ResourceKey key in rendered.Keys.Union(policies.Keys).ToArray()) RenderPolicy(key);
        foreach (string name in endpointChains.Keys.Union(endpoints.Keys).ToArray()) RenderEndpoint(name);
    }

    private void RenderChanged(DesiredChanges changes, HashSet<ResourceKey> reshaped)
    {
        foreach (ResourceKey key in changes.Policies.Keys) RenderPolicy(key);
        foreach (string name in changes.Endpoints.Keys) RenderEndpoint(name);
        if (reshaped.Count == 0) return;
        foreach ((string name, EndpointPolicy endpoint) in endpoints)
            if (!changes.Endpoints.ContainsKey(name) && Names(endpoint, reshaped)) RenderEndpoint(name);
    }

    private static bool Names(EndpointPolicy endpoint, HashSet<ResourceKey> keys)
    {
        foreach (EquatableArray<TierPolicies> tiers in (ReadOnlySpan<EquatableArray<TierPolicies>>)[endpoint.Ingress, endpoint.Egress])
            foreach (TierPolicies tier in tiers)
                foreach (ResourceKey policy in tier.Policies)
                    if (keys.Contains(policy)) return true;
        foreach (string profile in endpoint.Profiles)
            if (keys.Contains(new ResourceKey(ResourceKind.Profile, null, profile))) return true;
        return false;
    }

    private void RenderPolicy(ResourceKey key)
    {
        RenderedPolicy? before = rendered.GetValueOrDefault(key);
        RenderedPolicy? now = policies.TryGetValue(key, out CompiledPolicy? policy) ? PolicyRenderer.Render(policy, parameters!) : null;
        if (now is null) rendered.Remove(key);
        else rendered[key] = now;
        ReplaceChains(before?.Chains.Select(c => c.Name) ?? [], now?.Chains ?? []);
        ReplaceNets(before?.Nets ?? [], now?.Nets ?? []);
        ReplaceParts(before?.Parts ?? [], now?.Parts ?? []);
    }

    private void RenderEndpoint(string name)
    {
        List<RenderedChain> chains = [];
        if (endpoints.TryGetValue(name, out EndpointPolicy? endpoint))
        {
            chains.AddRange(new EndpointRenderer(endpoint, Direction.Ingress, policies, parameters!).Render());
            chains.AddRange(new EndpointRenderer(endpoint, Direction.Egress, policies, parameters!).Render());
        }
        ReplaceChains(endpointChains.GetValueOrDefault(name) ?? [], chains);
        if (chains.Count == 0) endpointChains.Remove(name);
        else endpointChains[name] = [.. chains.Select(c => c.Name)];
    }

    private void RenderStatic()
    {
        List<RenderedChain> chains = [.. new StaticChains(parameters!, endpoints.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => e.Value)).Render()];
        ReplaceChains(staticChains, chains);
        staticChains.Clear();
        staticChains.UnionWith(chains.Select(c => c.Name));
    }

    private void ReplaceChains(IEnumerable<string> before, List<RenderedChain> now)
    {
        foreach (string name in before)
        {
            if (now.Any(c => c.Name == name)) continue;
            Chains.Remove(name);
            Changes.Chains.Add(name);
        }
        foreach (RenderedChain chain in now)
        {
            if (Chains.TryGetValue(chain.Name, out RenderedChain? held) && held == chain) continue;
            Chains[chain.Name] = chain;
            Changes.Chains.Add(chain.Name);
        }
    }

    private void ReplaceNets(List<NetsSet> before, List<NetsSet> now)
    {
        foreach (NetsSet set in before)
        {
            if (now.Any(n => n.Set.Name == set.Set.Name)) continue;
            Nets.Remove(set.Set.Name);
            Changes.Nets.Add(set.Set.Name);
        }
        foreach (NetsSet set in now)
        {
            if (Nets.TryGetValue(set.Set.Name, out NetsSet? held) && held == set) continue;
            Nets[set.Set.Name] = set;
            Changes.Nets.Add(set.Set.Name);
        }
    }

    private void ReplaceParts(HashSet<SetPart> before, HashSet<SetPart> now)
    {
        foreach (SetPart part in now)
        {
            if (before.Contains(part)) continue;
            Parts[part] = Parts.GetValueOrDefault(part) + 1;
            Changes.Parts.Add(part);
        }
        foreach (SetPart part in before)
        {
            if (now.Contains(part)) continue;
            Changes.Parts.Add(part);
            if (Parts[part] == 1) Parts.Remove(part);
            else Parts[part]--;
        }
    }
}
