using Canal.Core;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Renders a policy or profile as chains and sets. Pure.</summary>
/// <remarks>InvalidOperationException, ArgumentException: the kernel has no way to say it.</remarks>
internal static class PolicyRenderer
{
    private static readonly Direction[] Directions = [Direction.Ingress, Direction.Egress];

    public static RenderedPolicy Render(CompiledPolicy policy, FelixParameters parameters)
    {
        RenderedPolicy rendered = new([], [], [], []);
        foreach (Direction direction in Directions)
        {
            if (policy.Rules(direction).IsEmpty) continue;
            RenderChain(policy, direction, parameters, rendered);
        }
        return rendered;
    }

    /// <summary>A policy that cannot be programmed as it is: whatever it would have decided is denied.</summary>
    public static RenderedPolicy RenderClosed(CompiledPolicy policy, FelixParameters parameters)
    {
        RenderedPolicy rendered = new([], [], [], []);
        foreach (Direction direction in Directions)
        {
            if (policy.Rules(direction).IsEmpty) continue;
            NftRule deny = Verdicts.Deny(new NftRuleBuilder().Counter(), parameters).Build(RuleComments.Closed(RuleComments.Policy(policy.Key, direction)));
            rendered.Chains.Add(new RenderedChain(KernelNames.PolicyChain(policy.Key, direction), RuleComments.Policy(policy.Key, direction), [deny]));
        }
        return rendered;
    }

    private static void RenderChain(CompiledPolicy policy, Direction direction, FelixParameters parameters, RenderedPolicy into)
    {
        string name = KernelNames.PolicyChain(policy.Key, direction);
        RuleRenderer renderer = new(policy.Key, policy.Tier, direction, name, parameters);
        List<NftRule> rules = [];
        foreach (CompiledRule rule in policy.Rules(direction))
        {
            renderer.Render(rule, rules);
            into.Parts.UnionWith(PartsOf(rule));
        }
        into.Chains.Add(new RenderedChain(name, RuleComments.Policy(policy.Key, direction), rules.ToEquatableArray()));
        into.Chains.AddRange(renderer.Chains);
        into.Nets.AddRange(renderer.Nets);
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
