using Canal.Core.Policy;

namespace Canal.Core.Calculation;

/// <summary>Fills the present shapes of the sets into compiled rules. What does not change stays the same object, so that little is held twice.</summary>
internal static class PolicyShaping
{
    public static CompiledPolicy Shape(CompiledPolicy policy, IpSetTable sets)
    {
        bool changed = false;
        EquatableArray<CompiledRule> ingress = Shape(policy.Ingress, sets, ref changed), egress = Shape(policy.Egress, sets, ref changed);
        return changed ? policy with { Ingress = ingress, Egress = egress } : policy;
    }

    private static EquatableArray<CompiledRule> Shape(EquatableArray<CompiledRule> rules, IpSetTable sets, ref bool changed)
    {
        CompiledRule[]? shaped = null;
        for (int i = 0; i < rules.Count; i++)
        {
            CompiledRule rule = rules[i];
            EntityMatch source = Shape(rule.Source, sets), destination = Shape(rule.Destination, sets);
            if (ReferenceEquals(source, rule.Source) && ReferenceEquals(destination, rule.Destination)) continue;
            shaped ??= rules.AsSpan().ToArray();
            shaped[i] = rule with { Source = source, Destination = destination };
        }
        changed |= shaped is not null;
        return shaped is null ? rules : EquatableArray.Create<CompiledRule>(shaped);
    }

    private static EntityMatch Shape(EntityMatch entity, IpSetTable sets)
    {
        bool changed = false;
        SetMatch? set = Shape(entity.Set, sets, ref changed), notSet = Shape(entity.NotSet, sets, ref changed);
        EquatableArray<SetMatch> ports = Shape(entity.NamedPorts, sets, ref changed), notPorts = Shape(entity.NotNamedPorts, sets, ref changed);
        return changed ? entity with { Set = set, NotSet = notSet, NamedPorts = ports, NotNamedPorts = notPorts } : entity;
    }

    private static SetMatch? Shape(SetMatch? match, IpSetTable sets, ref bool changed)
    {
        if (match is null || sets.ShapeOf(match.Set) is var shape && shape == match.Shape) return match;
        changed = true;
        return match with { Shape = shape };
    }

    private static EquatableArray<SetMatch> Shape(EquatableArray<SetMatch> matches, IpSetTable sets, ref bool changed)
    {
        if (matches.IsEmpty) return matches;
        SetMatch[] shaped = new SetMatch[matches.Count];
        for (int i = 0; i < shaped.Length; i++) shaped[i] = Shape(matches[i], sets, ref changed)!;
        return EquatableArray.Create<SetMatch>(shaped);
    }
}
