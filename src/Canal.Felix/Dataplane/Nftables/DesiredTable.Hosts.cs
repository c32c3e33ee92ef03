using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>What host endpoints need. There are few of them: when anything about them changes all are rendered, and compared.</summary>
internal sealed partial class DesiredTable
{
    private readonly HashSet<string> hostChains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, string>> hostDispatch = new(StringComparer.Ordinal);
    private HashSet<ResourceKey> latePolicies = [];
    private HostEndpointResolution hosts = HostEndpointResolution.None;
    private HostEndpointRenderer? renderedHosts;

    /// <summary>Other host endpoints govern, or other interfaces; it counts from the next <see cref="Apply"/> on.</summary>
    public void Govern(HostEndpointResolution resolution)
    {
        hosts = resolution;
        renderedHosts = null;
    }

    /// <summary>Interfaces that a host endpoint governs by name.</summary>
    public IEnumerable<string> Governed => hosts.ByInterface.Keys;

    /// <summary>A host endpoint governs all other interfaces.</summary>
    public bool GovernsAll => hosts.AllInterfaces is not null;

    private void RenderHosts()
    {
        renderedHosts = new HostEndpointRenderer(hosts, policies, parameters!, network);
        HashSet<ResourceKey> lateBefore = latePolicies;
        latePolicies = renderedHosts.LatePolicies();
        lateBefore.SymmetricExceptWith(latePolicies);
        foreach (ResourceKey key in lateBefore) RenderPolicy(key);
        List<RenderedChain> chains = renderedHosts.Render();
        ReplaceChains(hostChains, chains);
        hostChains.Clear();
        hostChains.UnionWith(chains.Select(c => c.Name));
        foreach (HostStage stage in HostStage.All) ReplaceDispatch(stage, renderedHosts);
    }

    private void ReplaceDispatch(HostStage stage, HostEndpointRenderer renderer)
    {
        bool was = hostDispatch.Remove(stage.Map.Name, out Dictionary<string, string>? before), wanted = renderer.Stages.Contains(stage);
        Dictionary<string, string> now = wanted ? renderer.Dispatch(stage) : new(StringComparer.Ordinal);
        if (wanted) hostDispatch.Add(stage.Map.Name, now);
        if (was != wanted) Changes.Maps.Add(stage.Map.Name);
        foreach ((string name, string chain) in now)
            if (before?.GetValueOrDefault(name) != chain) Changes.Interfaces.Add(name);
        foreach (string name in before?.Keys ?? Enumerable.Empty<string>())
            if (!now.ContainsKey(name)) Changes.Interfaces.Add(name);
    }
}
