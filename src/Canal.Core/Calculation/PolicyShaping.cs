using Canal.Core.Policy;

namespace Canal.Core.Calculation;

/// <summary>Fills the present shapes of the sets into compiled rules. Returns the same object where nothing refers to a set.</summary>
internal static class PolicyShaping
{
    public static CompiledPolicy Shape(CompiledPolicy policy, IpSetTable sets) => policy with
    {
        Ingress = Shape(policy.Ingress, sets),
        Egress = Shape(policy.Egress, sets),
    };

    private static EquatableArray<CompiledRule> Shape(EquatableArray<CompiledRule> rules, IpSetTable sets)
    {
        CompiledRule[] shaped = new CompiledRule[rules.Count];
        for (int i = 0; i < shaped.Length; i++)
        {
            CompiledRule rule = rules[i];
            EntityMatch source = Shape(rule.Source, sets), destination = Shape(rule.Destination, sets);
            shaped[i] = ReferenceEquals(source, rule.Source) && ReferenceEquals(destination, rule.Destination)
                ? rule
                : rule with { Source = source, Destination = destination };
        }
        return EquatableArray.Create<CompiledRule>(shaped);
    }

    private static EntityMatch Shape(EntityMatch entity, IpSetTable sets)
    {
        if (entity.Set is null && entity.NotSet is null && entity.NamedPorts.IsEmpty && entity.NotNamedPorts.IsEmpty) return entity;
        return entity with
        {
            Set = Shape(entity.Set, sets),
            NotSet = Shape(entity.NotSet, sets),
            NamedPorts = Shape(entity.NamedPorts, sets),
            NotNamedPorts = Shape(entity.NotNamedPorts, sets),
        };
    }

    private static SetMatch? Shape(SetMatch? match, IpSetTable sets) => match is null ? null : match with { Shape = sets.ShapeOf(match.Set) };

    private static EquatableArray<SetMatch> Shape(EquatableArray<SetMatch> matches, IpSetTable sets)
    {
        SetMatch[] shaped = new SetMatch[matches.Count];
        for (int i = 0; i < shaped.Length; i++) shaped[i] = Shape(matches[i], sets)!;
        return EquatableArray.Create<SetMatch>(shaped);
    }
}
