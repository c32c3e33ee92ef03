using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>
/// Turns a resource's rules into compiled rules. Pure: the same resource gives the same rules; shapes of sets are filled in afterwards. A selector that
/// does not parse fails the whole resource: half a policy would decide other than its author meant.
/// </summary>
public static class PolicyCompiler
{
    /// <summary>The policy's rules in the directions it governs; null, with the reason, when a selector does not parse.</summary>
    public static CompiledPolicy? Compile(ResourceKey key, PolicySpec spec, out string? problem)
    {
        problem = null;
        EquatableArray<CompiledRule> ingress = default, egress = default;
        bool ok = (!spec.Types.HasFlag(PolicyTypes.Ingress) || TryCompile(spec.Ingress, "spec.ingress", key.Namespace, out ingress, out problem))
            && (!spec.Types.HasFlag(PolicyTypes.Egress) || TryCompile(spec.Egress, "spec.egress", key.Namespace, out egress, out problem));
        return ok ? new CompiledPolicy(key, spec.Tier, ingress, egress) { Stage = StageOf(spec), Types = spec.Types } : null;
    }

    /// <summary>The profile's rules; null, with the reason, when a selector does not parse.</summary>
    public static CompiledPolicy? Compile(Profile profile, out string? problem) =>
        TryCompile(profile.Ingress, "spec.ingress", null, out EquatableArray<CompiledRule> ingress, out problem)
        && TryCompile(profile.Egress, "spec.egress", null, out EquatableArray<CompiledRule> egress, out problem)
            ? new CompiledPolicy(profile.Key, "", ingress, egress)
            : null;

    /// <summary>A kind of policy that is only tried: it counts and decides nothing.</summary>
    public static bool IsStaged(ResourceKind kind) => kind is ResourceKind.StagedNetworkPolicy or ResourceKind.StagedGlobalNetworkPolicy or ResourceKind.StagedKubernetesNetworkPolicy;

    /// <summary>Where the policy is asked.</summary>
    public static PolicyStage StageOf(PolicySpec spec) => spec.DoNotTrack ? PolicyStage.Untracked : spec.PreDnat ? PolicyStage.PreDnat : PolicyStage.Normal;

    /// <summary>Why the fields of a policy cannot stand together, or null. Writers refuse such a policy; one that is stored all the same is treated as absent.</summary>
    public static string? Contradiction(PolicySpec spec)
    {
        if (!spec.DoNotTrack && !spec.PreDnat) return null;
        if (spec.DoNotTrack && spec.PreDnat) return "spec.preDNAT: must not stand beside doNotTrack";
        if (!spec.ApplyOnForward) return "spec.applyOnForward: must be true with preDNAT or doNotTrack";
        if (spec.PreDnat && !spec.Egress.IsEmpty) return "spec.egress: must not stand beside preDNAT";
        return spec.PreDnat && spec.Types == PolicyTypes.Egress ? "spec.types: must not be Egress with preDNAT" : null;
    }

    /// <summary>The endpoints a policy applies to; null, with the reason, when a selector does not parse.</summary>
    public static Selector? SelectorOf(ResourceKey key, PolicySpec spec, out string? problem)
    {
        bool ok = key.Kind is ResourceKind.NetworkPolicy or ResourceKind.StagedNetworkPolicy or ResourceKind.StagedKubernetesNetworkPolicy
            ? EffectiveSelector.TryForNetworkPolicy(key.Namespace ?? "", spec.Selector, spec.ServiceAccountSelector, out Selector? selector, out SelectorError? error)
            : EffectiveSelector.TryForGlobalNetworkPolicy(spec.Selector, spec.NamespaceSelector, spec.ServiceAccountSelector, out selector, out error);
        problem = ok ? null : $"spec.{error}";
        return selector;
    }

    /// <summary>The sets the rules refer to.</summary>
    public static HashSet<IpSetSpec> Sets(CompiledPolicy policy)
    {
        HashSet<IpSetSpec> sets = [];
        foreach (CompiledRule rule in policy.Ingress) Collect(rule, sets);
        foreach (CompiledRule rule in policy.Egress) Collect(rule, sets);
        return sets;
    }

    private static bool TryCompile(EquatableArray<Rule> rules, string path, string? policyNamespace, out EquatableArray<CompiledRule> compiled, out string? problem)
    {
        problem = null;
        compiled = default;
        CompiledRule[] list = new CompiledRule[rules.Count];
        for (int i = 0; i < list.Length; i++)
        {
            Rule rule = rules[i];
            EntityMatch? source = CompileEntity(rule.Source, rule.Protocol?.Number, policyNamespace, out SelectorError? sourceError);
            EntityMatch? destination = CompileEntity(rule.Destination, rule.Protocol?.Number, policyNamespace, out SelectorError? destinationError);
            if (source is null || destination is null)
            {
                problem = source is null ? $"{path}[{i}].source.{sourceError}" : $"{path}[{i}].destination.{destinationError}";
                return false;
            }
            list[i] = CompileRule(i, rule, source, destination);
        }
        compiled = EquatableArray.Create<CompiledRule>(list);
        return true;
    }

    private static CompiledRule CompileRule(int index, Rule rule, EntityMatch source, EntityMatch destination) => new(index, rule.Action)
    {
        Family = rule.IpVersion,
        Protocol = rule.Protocol?.Number,
        NotProtocol = rule.NotProtocol?.Number,
        Icmp = Criterion(rule.Icmp),
        NotIcmp = Criterion(rule.NotIcmp),
        Source = source,
        Destination = destination,
        Note = rule.Annotations.Count == 0 ? "" : string.Join(' ', rule.Annotations.Select(a => $"{a.Key}={a.Value}")),
    };

    // An object without a type gives nothing to match, as in Calico, even if it has a code, which means nothing by itself.
    private static IcmpMatch? Criterion(IcmpMatch? match) => match is { Type: null } ? null : match;

    private static EntityMatch? CompileEntity(EntityRule entity, byte? protocol, string? policyNamespace, out SelectorError? error)
    {
        error = null;
        if (entity == EntityRule.Empty) return EntityMatch.Any;
        RuleEntitySelectors fields = new(entity.Selector, entity.NotSelector, entity.NamespaceSelector,
            entity.ServiceAccounts?.Names.ToImmutable() ?? default, entity.ServiceAccounts?.Selector ?? "");
        return EffectiveSelector.TryForRuleEntity(policyNamespace ?? "", fields, out RuleMatchSets? sets, out error)
            ? CompileEntity(entity, protocol, sets)
            : null;
    }

    private static EntityMatch CompileEntity(EntityRule entity, byte? protocol, RuleMatchSets sets)
    {
        Selector portOwners = sets.Match ?? Selector.All;
        EquatableArray<SetMatch> namedPorts = NamedPorts(entity.Ports, portOwners, protocol);
        EquatableArray<PortRange> ports = NumericPorts(entity.Ports);
        // A named-port set holds only addresses the selector matches, so the selector's own set is needed only where other ports could match.
        bool needsSet = sets.Match is not null && (namedPorts.IsEmpty || !ports.IsEmpty);
        return new EntityMatch
        {
            Nets = IsImpossible(entity) ? default(EquatableArray<Cidr>) : entity.HasNets ? entity.Nets : null,
            NotNets = entity.NotNets,
            Set = needsSet ? new SetMatch(IpSetSpec.Addresses(sets.Match!), SetShape.None) : null,
            NotSet = sets.NotMatch is null ? null : new SetMatch(IpSetSpec.Addresses(sets.NotMatch), SetShape.None),
            Ports = ports,
            NamedPorts = namedPorts,
            NotPorts = NumericPorts(entity.NotPorts),
            NotNamedPorts = NamedPorts(entity.NotPorts, portOwners, protocol),
        };
    }

    /// <summary>
    /// Services do not exist without Kubernetes, so a rule that asks for one matches nothing. Nor does a rule whose negated list cannot be read: it must
    /// not turn into one without the list.
    /// </summary>
    private static bool IsImpossible(EntityRule entity) => entity.Services is not null || (entity.HasNotNets && entity.NotNets.IsEmpty);

    private static EquatableArray<PortRange> NumericPorts(EquatableArray<Port> ports)
    {
        List<PortRange> numeric = [];
        foreach (Port port in ports)
            if (port.Name is null) numeric.Add(port.Range);
        return numeric.ToEquatableArray();
    }

    private static EquatableArray<SetMatch> NamedPorts(EquatableArray<Port> ports, Selector owners, byte? protocol)
    {
        List<SetMatch> named = [];
        foreach (Port port in ports)
            if (port.Name is not null) named.Add(new SetMatch(IpSetSpec.NamedPort(owners, port.Name, protocol), SetShape.None));
        return named.ToEquatableArray();
    }

    private static void Collect(CompiledRule rule, HashSet<IpSetSpec> sets)
    {
        foreach (EntityMatch entity in (ReadOnlySpan<EntityMatch>)[rule.Source, rule.Destination])
        {
            if (entity.Set is not null) sets.Add(entity.Set.Set);
            if (entity.NotSet is not null) sets.Add(entity.NotSet.Set);
            foreach (SetMatch port in entity.NamedPorts) sets.Add(port.Set);
            foreach (SetMatch port in entity.NotNamedPorts) sets.Add(port.Set);
        }
    }
}
