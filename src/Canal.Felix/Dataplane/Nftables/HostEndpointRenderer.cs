using Canal.Core;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Renders what host endpoints need, and only what they need: a host without any has none of these chains, and a stage without policy is not there. Pure.
/// </summary>
internal sealed class HostEndpointRenderer
{
    private readonly HostEndpointResolution hosts;
    private readonly IReadOnlyDictionary<ResourceKey, CompiledPolicy> policies;
    private readonly FelixParameters parameters;
    private readonly NetworkSets network;
    private readonly HostEndpointPolicy[] governing;
    private readonly NftRuleBuilder builder = new();

    public HostEndpointRenderer(HostEndpointResolution hosts, IReadOnlyDictionary<ResourceKey, CompiledPolicy> policies, FelixParameters parameters, NetworkSets network)
    {
        (this.hosts, this.policies, this.parameters, this.network) = (hosts, policies, parameters, network);
        governing = [.. hosts.ByInterface.Values.Append(hosts.AllInterfaces).OfType<HostEndpointPolicy>().DistinctBy(e => e.Key).OrderBy(e => e.Key.Name, StringComparer.Ordinal)];
        Stages = [.. HostStage.All.Where(IsUsed)];
    }

    /// <summary>The stages that packets must pass.</summary>
    public IReadOnlyList<HostStage> Stages { get; }

    /// <summary>Policies and profiles whose egress rules are needed without answers too.</summary>
    public HashSet<ResourceKey> LatePolicies()
    {
        HashSet<ResourceKey> late = [];
        if (!Stages.Contains(HostStage.OutLate)) return late;
        foreach (HostEndpointPolicy endpoint in governing)
        {
            foreach (TierPolicies tier in endpoint.Normal.Egress) late.UnionWith(tier.Policies);
            late.UnionWith(endpoint.Profiles.Select(p => new ResourceKey(ResourceKind.Profile, null, p)));
        }
        return late;
    }

    /// <summary>Every chain: those of the endpoints, the dispatch, the hooks.</summary>
    public List<RenderedChain> Render()
    {
        List<RenderedChain> chains = [];
        foreach (HostStage stage in Stages)
            foreach (HostEndpointPolicy endpoint in governing.Where(e => IsAsked(stage, e))) chains.AddRange(RenderEndpoint(stage, endpoint));
        if (Stages.Count > 0) chains.AddRange(new HostChains(Stages, hosts.AllInterfaces, parameters, network).Render());
        return chains;
    }

    /// <summary>By interface: the endpoint's chain at the stage.</summary>
    public Dictionary<string, string> Dispatch(HostStage stage) =>
        hosts.ByInterface.Where(e => IsAsked(stage, e.Value)).ToDictionary(e => e.Key, e => KernelNames.HostChain(stage, e.Value.Key.Name), StringComparer.Ordinal);

    /// <summary>Any of the endpoints names any of the policies or profiles.</summary>
    public bool Names(HashSet<ResourceKey> keys) => governing.Any(e =>
        HostStage.All.Any(s => e.Tiers(s.Policies).Of(s.Direction).Any(t => t.Policies.Any(keys.Contains))) || e.Profiles.Any(p => keys.Contains(new ResourceKey(ResourceKind.Profile, null, p))));

    private bool IsUsed(HostStage stage) => stage.Policies == PolicyStage.Normal
        ? governing.Length > 0 && (stage != HostStage.OutLate || parameters.Deny == DenyAction.Reject)
        : governing.Any(e => !e.Tiers(stage.Policies).Of(stage.Direction).IsEmpty);

    /// <summary>Before DNAT the endpoint of all interfaces is asked in the place of one that has no policy there, as in Calico; a staged one is none.</summary>
    private bool IsAsked(HostStage stage, HostEndpointPolicy endpoint)
    {
        if (stage.Policies != PolicyStage.PreDnat) return true;
        bool hides = hosts.AllInterfaces is { PreDnat.IsEmpty: false } all && all != endpoint;
        return hides ? endpoint.PreDnat.Ingress.Any(Decides) : !endpoint.PreDnat.IsEmpty;
    }

    /// <summary>An endpoint without policy at the stage has an empty chain there, where it overrides the endpoint of all interfaces all the same (<see cref="IsAsked"/>).</summary>
    private List<RenderedChain> RenderEndpoint(HostStage stage, HostEndpointPolicy endpoint)
    {
        EquatableArray<TierPolicies> tiers = endpoint.Tiers(stage.Policies).Of(stage.Direction);
        bool normal = stage.Policies == PolicyStage.Normal, asked = normal || !tiers.IsEmpty;
        EndpointChain chain = new(KernelNames.HostChain(stage, endpoint.Key.Name), $"host endpoint {endpoint.Key.Name}", stage.Direction, tiers, normal ? endpoint.Profiles : null)
        {
            First = asked ? First(stage, decides: normal || tiers.Any(Decides)) : default,
            IsLate = stage == HostStage.OutLate,
        };
        bool answers = stage.Policies == PolicyStage.Forward || stage == HostStage.In || stage == HostStage.Out;
        return new EndpointRenderer(chain, policies, answers ? parameters : parameters with { Deny = DenyAction.Drop }).Render();
    }

    /// <summary>Staged policies alone change no packet, not even an invalid one.</summary>
    private static bool Decides(TierPolicies tier) => tier.Policies.Any(p => !PolicyCompiler.IsStaged(p.Kind));

    private EquatableArray<NftRule> First(HostStage stage, bool decides)
    {
        List<NftRule> rules = [];
        bool untracked = stage.Policies == PolicyStage.Untracked, ingress = stage.Direction == Direction.Ingress;
        if (decides && !untracked && !parameters.KeepInvalid) rules.Add(Verdicts.Drop(builder.CtState(NftCtState.Invalid), parameters, DropReason.Invalid(stage.Direction)).Build("connection tracking: invalid"));
        if (stage.Policies == PolicyStage.Forward) return rules.ToEquatableArray();
        rules.Add(builder.Jump(ingress ? FailsafeChains.In : FailsafeChains.Out).Build());
        if (untracked) rules.Add(builder.Jump(ingress ? FailsafeChains.RepliesIn : FailsafeChains.RepliesOut).Build());
        return rules.ToEquatableArray();
    }
}
