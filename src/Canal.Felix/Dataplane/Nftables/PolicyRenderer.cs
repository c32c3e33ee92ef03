using Canal.Core;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Renders a policy or profile as chains and sets. Pure.</summary>
/// <remarks>InvalidOperationException, ArgumentException: the kernel has no way to say it.</remarks>
internal static class PolicyRenderer
{
    private static readonly Direction[] Directions = [Direction.Ingress, Direction.Egress];

    /// <param name="policy">The policy or profile.</param>
    /// <param name="parameters">The parameters in force.</param>
    /// <param name="late">With a copy of the egress chain that denies without an answer: the kernel allows none after routing.</param>
    public static RenderedPolicy Render(CompiledPolicy policy, FelixParameters parameters, bool late = false)
    {
        RenderedPolicy rendered = new([], [], [], []);
        // Nothing is answered before routing either: the packet may not even be for this host.
        if (policy.Stage != PolicyStage.Normal) parameters = parameters with { Deny = DenyAction.Drop };
        foreach (Direction direction in Directions)
        {
            if (!policy.IsAsked(direction)) continue;
            RenderChain(policy, direction, KernelNames.PolicyChain(policy.Key, direction), parameters, rendered);
        }
        if (late && policy.IsAsked(Direction.Egress))
            RenderChain(policy, Direction.Egress, KernelNames.LatePolicyChain(policy.Key, Direction.Egress), parameters with { Deny = DenyAction.Drop }, rendered);
        return rendered;
    }

    /// <summary>A policy that cannot be programmed as it is: whatever it would have decided is denied.</summary>
    public static RenderedPolicy RenderClosed(CompiledPolicy policy, FelixParameters parameters, bool late = false)
    {
        RenderedPolicy rendered = new([], [], [], []);
        if (policy.Stage != PolicyStage.Normal) parameters = parameters with { Deny = DenyAction.Drop };
        foreach (Direction direction in Directions)
            if (policy.IsAsked(direction)) rendered.Chains.Add(ClosedChain(policy, direction, KernelNames.PolicyChain(policy.Key, direction), parameters));
        if (late && policy.IsAsked(Direction.Egress))
            rendered.Chains.Add(ClosedChain(policy, Direction.Egress, KernelNames.LatePolicyChain(policy.Key, Direction.Egress), parameters with { Deny = DenyAction.Drop }));
        return rendered;
    }

    private static RenderedChain ClosedChain(CompiledPolicy policy, Direction direction, string name, FelixParameters parameters)
    {
        string comment = RuleComments.Policy(policy.Key, direction);
        // A trial that cannot be programmed changes no packet either.
        NftRule rule = policy.IsStaged
            ? new NftRuleBuilder().Counter().Return().Build($"{comment}: cannot be programmed, nothing is counted")
            : Verdicts.Deny(new NftRuleBuilder(), parameters, DropReason.OfClosed(policy.Key, direction)).Build(RuleComments.Closed(comment));
        return new RenderedChain(name, comment, [rule]);
    }

    private static void RenderChain(CompiledPolicy policy, Direction direction, string name, FelixParameters parameters, RenderedPolicy into)
    {
        RuleRenderer renderer = new(policy.Key, policy.Tier, policy.Stage, direction, name, parameters);
        List<NftRule> rules = [];
        foreach (CompiledRule rule in policy.Rules(direction))
        {
            renderer.Render(rule, rules);
            into.Parts.UnionWith(PartsOf(rule));
        }
        if (policy.IsStaged) rules.Add(renderer.StagedEnd());
        into.Chains.Add(new RenderedChain(name, RuleComments.Policy(policy.Key, direction), rules.ToEquatableArray()));
        into.Chains.AddRange(renderer.Chains);
        foreach (NetsSet set in renderer.Nets) into.Nets[set.Set.Name] = set;
        foreach (PortsSet set in renderer.Ports) into.Ports[set.Set.Name] = set;
    }

    /// <summary>The parts of sets that a policy's rules look up.</summary>
    public static IEnumerable<SetPart> PartsOf(CompiledPolicy policy) => policy.Ingress.Concat(policy.Egress).SelectMany(PartsOf);

    private static IEnumerable<SetPart> PartsOf(CompiledRule rule) =>
        from entity in new[] { rule.Source, rule.Destination }
        from match in entity.NamedPorts.Concat(entity.NotNamedPorts).Append(entity.Set).Append(entity.NotSet).OfType<SetMatch>()
        from part in SetPart.Of(match.Set, match.Shape)
        select part;
}
