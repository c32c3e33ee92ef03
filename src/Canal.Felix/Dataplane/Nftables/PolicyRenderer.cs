using Canal.Core;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Renders a policy or profile as chains and sets. Pure.</summary>
internal static class PolicyRenderer
{
    private static readonly Direction[] Directions = [Direction.Ingress, Direction.Egress];

    public static RenderedPolicy Render(CompiledPolicy policy, FelixParameters parameters)
    {
        RenderedPolicy rendered = new([], [], []);
        foreach (Direction direction in Directions)
        {
            if (policy.Rules(direction).IsEmpty) continue;
            RenderChain(policy, direction, parameters, rendered);
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
            CollectParts(rule, into.Parts);
        }
        into.Chains.Add(new RenderedChain(name, RuleComments.Policy(policy.Key, direction), rules.ToEquatableArray()));
        into.Nets.AddRange(renderer.Nets);
    }

    private static void CollectParts(CompiledRule rule, HashSet<SetPart> parts)
    {
        foreach (EntityMatch entity in (ReadOnlySpan<EntityMatch>)[rule.Source, rule.Destination])
        {
            AddParts(entity.Set, parts);
            AddParts(entity.NotSet, parts);
            foreach (SetMatch match in entity.NamedPorts) AddParts(match, parts);
            foreach (SetMatch match in entity.NotNamedPorts) AddParts(match, parts);
        }
    }

    private static void AddParts(SetMatch? match, HashSet<SetPart> parts)
    {
        if (match is not null) parts.UnionWith(SetPart.Of(match.Set, match.Shape));
    }
}
