using Canal.Core;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Renders the chains of one endpoint. Rules after an unconditional deny are left out. A tier in which a policy may pass has a chain of its
/// own, so that "the rest of the tier" is something a return can skip; the others stand in the endpoint's chain.
/// </summary>
internal sealed class EndpointRenderer(EndpointChain endpoint, IReadOnlyDictionary<ResourceKey, CompiledPolicy> policies, FelixParameters parameters)
{
    private readonly Direction direction = endpoint.Direction;
    private readonly NftRuleBuilder builder = new();
    private readonly List<NftRule> rules = [.. endpoint.First];
    private readonly List<RenderedChain> chains = [];

    /// <summary>An endpoint whose chains the kernel does not take: everything is denied.</summary>
    public RenderedChain RenderClosed()
    {
        NftRule deny = Verdicts.Deny(builder, parameters, DropReason.OfClosed(direction)).Build(RuleComments.Closed(endpoint.Owner));
        return new RenderedChain(endpoint.Name, "", [deny]);
    }

    /// <summary>The chain of the source addresses beside its own that the endpoint may use, or null when there are none.</summary>
    public static RenderedChain? RenderSpoofing(EndpointPolicy endpoint, FelixParameters parameters)
    {
        if (!parameters.SpoofingAllowed || endpoint.SpoofedPrefixes.IsEmpty) return null;
        NftRuleBuilder builder = new();
        string comment = $"allowSpoofedSourcePrefixes of {endpoint.DisplayName}";
        IEnumerable<NftRule> rules = endpoint.SpoofedPrefixes.GroupBy(p => p.Family)
            .Select(family => builder.NfProto(family.Key).Saddr(family.ToArray()).Counter().Accept().Build(comment));
        return new RenderedChain(KernelNames.SpoofingChain(endpoint.InterfaceName), "", rules.ToEquatableArray());
    }

    /// <summary>The chains of the direction; the last is the one that the dispatch map jumps to.</summary>
    public List<RenderedChain> Render()
    {
        bool open = true;
        foreach (TierPolicies tier in endpoint.Tiers)
        {
            if (!open) break;
            open = tier.Policies.Any(Passes) ? RenderPassingTier(tier) : RenderTier(tier, rules);
        }
        if (open && endpoint.Profiles is { } profiles) RenderProfiles(profiles);
        chains.Add(new RenderedChain(endpoint.Name, "", rules.ToEquatableArray()));
        return chains;
    }

    /// <summary>Returns whether a packet can get past the tier.</summary>
    private bool RenderTier(TierPolicies tier, List<NftRule> into)
    {
        foreach (ResourceKey policy in tier.Policies) JumpTo(policy, into);
        if (tier.EndAction == TierAction.Pass) return true;
        into.Add(Verdicts.Deny(builder, parameters, DropReason.EndOfTier(tier.Tier, direction)).Build(RuleComments.EndOfTier(tier.Tier, direction, endpoint.Owner)));
        return false;
    }

    private bool RenderPassingTier(TierPolicies tier)
    {
        string name = KernelNames.TierChain(endpoint.Name, tier.Tier);
        // Somebody else may have set the bit that tells a pass.
        List<NftRule> own = [builder.SetMetaMark(0, parameters.Marks.Pass).Build()];
        foreach (ResourceKey policy in tier.Policies)
        {
            JumpTo(policy, own);
            if (Passes(policy))
                own.Add(builder.MetaMark(parameters.Marks.Pass, parameters.Marks.Pass).SetMetaMark(0, parameters.Marks.Pass).Counter().Return().Build($"passed by {KernelNames.PolicyId(policy)}"));
        }
        if (tier.EndAction != TierAction.Pass)
            own.Add(Verdicts.Deny(builder, parameters, DropReason.EndOfTier(tier.Tier, direction)).Build(RuleComments.EndOfTier(tier.Tier, direction, endpoint.Owner)));
        // The kernel keeps a chain's comment for its life: nothing may stand there that can change while the rules stay, such as the endpoint.
        chains.Add(new RenderedChain(name, $"tier {tier.Tier}", own.ToEquatableArray()));
        rules.Add(builder.Counter().Jump(name).Build($"tier {tier.Tier}"));
        return true;
    }

    private void RenderProfiles(EquatableArray<string> profiles)
    {
        foreach (string profile in profiles) JumpTo(new ResourceKey(ResourceKind.Profile, null, profile), rules);
        rules.Add(Verdicts.Deny(builder, parameters, DropReason.EndOfProfiles(direction)).Build(RuleComments.EndOfProfiles(direction, endpoint.Owner)));
    }

    /// <summary>A policy without rules in this direction has no chain; it still counts for the end of its tier. A staged one stands in its place, and returns always.</summary>
    private void JumpTo(ResourceKey policy, List<NftRule> into)
    {
        if (!policies.TryGetValue(policy, out CompiledPolicy? compiled) || !compiled.IsAsked(direction)) return;
        string chain = endpoint.IsLate ? KernelNames.LatePolicyChain(policy, direction) : KernelNames.PolicyChain(policy, direction);
        into.Add(builder.Counter().Jump(chain).Build(KernelNames.PolicyId(policy)));
    }

    private bool Passes(ResourceKey policy) => policies.TryGetValue(policy, out CompiledPolicy? compiled) && compiled.Passes(direction);
}
