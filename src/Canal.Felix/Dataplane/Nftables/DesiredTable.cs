using Canal.Core;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// What table <c>inet canal</c> must hold, and which of it changed since the last commit. Pure: it renders and remembers; the kernel is not asked. Members
/// of sets are not kept here, the calculator has them.
/// </summary>
internal sealed partial class DesiredTable
{
    private readonly Dictionary<ResourceKey, CompiledPolicy> policies = [];
    private readonly Dictionary<ResourceKey, RenderedPolicy> rendered = [];
    private readonly Dictionary<string, EndpointPolicy> endpoints = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> endpointChains = new(StringComparer.Ordinal);
    private readonly HashSet<string> staticChains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> netsUsers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> portUsers = new(StringComparer.Ordinal);
    private readonly ClosedParts closed = new();
    private readonly LeftOutRules leftOut = new();
    private readonly HashSet<string> networkChains = new(StringComparer.Ordinal);
    private Dictionary<string, NetsSet> networkSets = [];
    private NetworkSets network = NetworkSets.Empty;
    private FelixParameters? parameters;

    /// <summary>Every chain, by name.</summary>
    public Dictionary<string, RenderedChain> Chains { get; } = new(StringComparer.Ordinal);

    /// <summary>Every set of a rule's own prefixes, by name.</summary>
    public Dictionary<string, NetsSet> Nets { get; } = new(StringComparer.Ordinal);

    /// <summary>Every set of ports that rules look up, by name.</summary>
    public Dictionary<string, PortsSet> Ports { get; } = new(StringComparer.Ordinal);

    /// <summary>Every part of a set that rules look up, with the number of policies that do.</summary>
    public Dictionary<SetPart, int> Parts { get; } = [];

    /// <summary>Every verdict map.</summary>
    public IEnumerable<NftSet> Maps => [.. KernelSets.Workloads, .. HostStage.All.Select(s => s.Map).Where(m => hostDispatch.ContainsKey(m.Name))];

    /// <summary>What may differ from the kernel.</summary>
    public TableChanges Changes { get; } = new();

    /// <summary>Policies, profiles and endpoints that cannot be programmed and deny instead, each with the reason; by the name that an operator knows.</summary>
    public IReadOnlyDictionary<string, string> Closed => closed.Reasons;

    /// <summary>Limits, marks and translation that cannot be programmed and are not in force, each with the reason.</summary>
    public LeftOutRules LeftOut => leftOut;

    /// <summary>The verdict map of that name, or null when the table has none.</summary>
    public NftSet? MapNamed(string name) => KernelSets.Workloads.FirstOrDefault(map => map.Name == name) ?? (hostDispatch.ContainsKey(name) ? HostStage.All.First(s => s.Map.Name == name).Map : null);

    /// <summary>Takes in what the calculator says has changed, the parameters in force, and the sets of pools and hosts when they are different. What changed and was closed is tried again.</summary>
    public void Apply(DesiredChanges changes, FelixParameters inForce, NetworkSets? changedNetwork = null)
    {
        bool renderAll = parameters != inForce;
        parameters = inForce;
        Changes.Members.AddRange(changes.Sets);
        HashSet<ResourceKey> reshaped = ApplyPolicies(changes);
        EndpointPolicy[] floating = [.. changes.Endpoints.Select(e => (Before: endpoints.GetValueOrDefault(e.Key), Now: e.Value)).Where(e => e.Before?.Nats != e.Now?.Nats || e.Before?.Qos != e.Now?.Qos).Select(e => (e.Before ?? e.Now)!)];
        foreach (EndpointPolicy endpoint in floating) leftOut.Open(endpoint);
        if (changedNetwork is not null) leftOut.OpenShared();
        ApplyEndpoints(changes);
        bool tunnels = changedNetwork is { } now && (now.Vxlan4, now.Vxlan6, now.Ipip) != (network.Vxlan4, network.Vxlan6, network.Ipip);
        network = changedNetwork ?? network;
        if (renderAll || tunnels || renderedHosts is null || (reshaped.Count > 0 && renderedHosts.Names(reshaped))) RenderHosts();
        if (renderAll) RenderAll();
        else RenderChanged(changes, reshaped);
        if (renderAll || floating.Length > 0 || changedNetwork is not null) RenderNetwork();
        foreach (ResourceKey key in closed.Policies.Where(k => UsesAny(k, changes.Sets)).ToArray()) Reopen(key);
    }

    /// <summary>The interfaces that a map may have something for.</summary>
    public IEnumerable<string> InterfacesOf(string map) => hostDispatch.TryGetValue(map, out Dictionary<string, string>? chains) ? chains.Keys : endpoints.Keys;

    /// <summary>Where packets of an interface go from a map; null when the map does not have it.</summary>
    public NftVerdict? Dispatch(NftSet map, string name)
    {
        if (hostDispatch.TryGetValue(map.Name, out Dictionary<string, string>? chains)) return chains.TryGetValue(name, out string? chain) ? NftVerdict.Goto(chain) : null;
        if (!endpoints.ContainsKey(name)) return null;
        if (map == KernelSets.FromWorkloads) return NftVerdict.Goto(KernelNames.EndpointChain(name, Direction.Egress));
        if (map == KernelSets.ToWorkloads) return NftVerdict.Goto(KernelNames.EndpointChain(name, Direction.Ingress));
        string spoofing = KernelNames.SpoofingChain(name);
        return Chains.ContainsKey(spoofing) ? NftVerdict.Jump(spoofing) : null;
    }

    /// <summary>Everything may differ from the kernel.</summary>
    public void DoubtAll()
    {
        Changes.Chains.UnionWith(Chains.Keys);
        Changes.Nets.UnionWith(Nets.Keys);
        Changes.Ports.UnionWith(Ports.Keys);
        Changes.Parts.UnionWith(Parts.Keys);
        Changes.Interfaces.UnionWith(endpoints.Keys);
        Changes.Maps.UnionWith(Maps.Select(m => m.Name));
        foreach (Dictionary<string, string> dispatched in hostDispatch.Values) Changes.Interfaces.UnionWith(dispatched.Keys);
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
            closed.Open(key);
        }
        return reshaped;
    }

    private static (bool, bool, bool, bool) ShapeOf(CompiledPolicy? policy) => policy is null
        ? default
        : (policy.IsAsked(Direction.Ingress), policy.IsAsked(Direction.Egress), policy.Passes(Direction.Ingress), policy.Passes(Direction.Egress));

    private void ApplyEndpoints(DesiredChanges changes)
    {
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints)
        {
            if (endpoint is null) endpoints.Remove(name);
            else endpoints[name] = endpoint;
            closed.Open(name);
            Changes.Interfaces.Add(name);
        }
    }

    private void RenderAll()
    {
        closed.OpenAll();
        leftOut.OpenAll();
        RenderStatic();
        Changes.Interfaces.UnionWith(endpoints.Keys);
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
        RenderedPolicy? now = policies.TryGetValue(key, out CompiledPolicy? policy) ? Render(policy) : null;
        if (now is null) rendered.Remove(key);
        else rendered[key] = now;
        ReplaceChains(before?.Chains.Select(c => c.Name) ?? [], now?.Chains ?? []);
        ReplaceNets(before?.Nets ?? [], now?.Nets ?? []);
        ReplacePorts(before?.Ports ?? [], now?.Ports ?? []);
        ReplaceParts(before?.Parts ?? [], now?.Parts ?? []);
    }

    private RenderedPolicy Render(CompiledPolicy policy)
    {
        bool late = latePolicies.Contains(policy.Key);
        if (closed.Contains(policy.Key)) return PolicyRenderer.RenderClosed(policy, parameters!, late);
        try
        {
            return PolicyRenderer.Render(policy, parameters!, late);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            closed.Close(policy.Key, e.Message);
            return PolicyRenderer.RenderClosed(policy, parameters!, late);
        }
    }

    private void RenderEndpoint(string name)
    {
        List<RenderedChain> chains = [];
        if (endpoints.TryGetValue(name, out EndpointPolicy? endpoint))
        {
            foreach (Direction direction in (ReadOnlySpan<Direction>)[Direction.Ingress, Direction.Egress])
            {
                EndpointChain chain = EndpointChain.Of(endpoint, direction);
                EndpointRenderer renderer = new(chain with { First = leftOut.Rest(chain.Name, chain.First, null) }, policies, parameters!);
                if (closed.Contains(name)) chains.Add(renderer.RenderClosed());
                else chains.AddRange(renderer.Render());
            }
            if (!closed.Contains(name) && EndpointRenderer.RenderSpoofing(endpoint, parameters!) is { } spoofing) chains.Add(spoofing);
            Changes.Interfaces.Add(name);
        }
        ReplaceChains(endpointChains.GetValueOrDefault(name) ?? [], chains);
        if (chains.Count == 0) endpointChains.Remove(name);
        else endpointChains[name] = [.. chains.Select(c => c.Name)];
    }

    private void RenderStatic()
    {
        List<RenderedChain> chains = [.. new StaticChains(parameters!).Render()];
        ReplaceChains(staticChains, chains);
        staticChains.Clear();
        staticChains.UnionWith(chains.Select(c => c.Name));
    }

    private void RenderNetwork()
    {
        NetworkChains renderer = new(parameters!, network, endpoints.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => e.Value));
        List<RenderedChain> chains = [.. renderer.Render().Select(chain => leftOut.Rest(chain, null)).OfType<RenderedChain>()];
        // Nothing may jump to a chain of which nothing is left.
        if (!chains.Exists(c => c.Name == NetworkChains.FloatingTo)) chains.RemoveAll(c => c.Name is NetworkChains.Prerouting or NetworkChains.Output);
        Dictionary<string, NetsSet> sets = renderer.Sets().ToDictionary(s => s.Set.Name, StringComparer.Ordinal);
        ReplaceChains(networkChains, chains);
        ReplaceNets(networkSets, sets);
        networkChains.Clear();
        networkChains.UnionWith(chains.Select(c => c.Name));
        networkSets = sets;
    }
}
