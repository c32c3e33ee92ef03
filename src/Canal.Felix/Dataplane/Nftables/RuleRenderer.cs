using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Renders the rules of one policy for one direction. As a rule it is one kernel rule for each variant. What is too long for a kernel rule, would be a
/// product of two long lists, must happen once although several variants match (Log), or negates named ports for every protocol, gets a chain of its own:
/// <see cref="RenderChain"/>. For one chain; not reused.
/// </summary>
internal sealed class RuleRenderer(ResourceKey key, string tier, PolicyStage stage, Direction direction, string chain, FelixParameters parameters)
{
    /// <summary>Each takes four of the 128 expressions that a kernel rule may have; what else a rule can hold takes fewer than 48.</summary>
    private const int MostNegatedPorts = 20;

    private readonly bool isStaged = PolicyCompiler.IsStaged(key.Kind);
    private readonly NftRuleBuilder builder = new();
    private readonly Dictionary<string, NetsSet> nets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PortsSet> ports = new(StringComparer.Ordinal);
    private readonly List<RenderedChain> chains = [];

    /// <summary>The sets of ports that the rules rendered so far look up.</summary>
    public IReadOnlyCollection<PortsSet> Ports => ports.Values;

    /// <summary>The sets of the rules' own prefixes rendered so far.</summary>
    public IReadOnlyCollection<NetsSet> Nets => nets.Values;

    /// <summary>The chains of rules that needed one, rendered so far.</summary>
    public IReadOnlyCollection<RenderedChain> Chains => chains;

    /// <summary>The kernel rules of a policy's rule; none when no packet can match it.</summary>
    public void Render(CompiledRule rule, List<NftRule> into)
    {
        // A trial writes no log either: nothing but counters may differ.
        if (isStaged && rule.Action == RuleAction.Log) return;
        List<RuleFactor> factors = RuleExpansion.Factor(rule);
        if (factors.Count == 0) return;
        if (NeedsChain(rule.Action, factors))
        {
            RenderChain(rule, factors, into);
            return;
        }
        foreach (RuleVariant variant in factors.SelectMany(f => f.Variants))
        {
            Match(rule.Index, variant);
            into.Add(End(rule));
        }
    }

    private bool NeedsChain(RuleAction action, List<RuleFactor> factors)
    {
        long variants = factors.Sum(f => f.Count);
        return variants > parameters.VariantsInLine || (action == RuleAction.Log && variants > 1)
            || factors.Exists(f => f.Sources[0].NotNamedPorts.Count + f.Destinations[0].NotNamedPorts.Count > (f.Frame.Protocol is null ? 0 : MostNegatedPorts));
    }

    /// <summary>
    /// <c>CHAIN/INDEX</c>: what is negated returns, what matches goes to <c>CHAIN/INDEX/do</c>, which acts, and from whose end the packet is back in the
    /// policy's chain. Where both sides have alternatives the sources go to <c>CHAIN/INDEX/to</c>, which looks at the destinations: a sum instead of a product.
    /// </summary>
    private void RenderChain(CompiledRule rule, List<RuleFactor> factors, List<NftRule> into)
    {
        string own = KernelNames.RuleChain(chain, rule.Index), act = own + "/do", to = own + "/to";
        List<NftRule> first = [], second = [];
        Exclude(factors, first);
        bool product = factors.Exists(f => f.Sources.Count > 1 && f.Destinations.Count > 1);
        foreach (RuleFactor factor in factors)
        {
            foreach (SideVariant source in factor.Sources) Alternative(rule.Index, factor, source, product ? [SideVariant.Any] : factor.Destinations, product ? to : act, first);
            if (product) Alternative(rule.Index, factor, SideVariant.Any, factor.Destinations, act, second);
        }
        string comment = $"{RuleComments.Policy(key, direction)} {rule.Index}";
        chains.Add(new RenderedChain(own, comment, first.ToEquatableArray()));
        if (product) chains.Add(new RenderedChain(to, comment, second.ToEquatableArray()));
        chains.Add(new RenderedChain(act, comment, [EndInChain(rule)]));
        Call(rule.Action, own, into);
    }

    private void Alternative(int index, RuleFactor factor, SideVariant source, IReadOnlyList<SideVariant> destinations, string target, List<NftRule> into)
    {
        foreach (SideVariant destination in destinations)
        {
            Match(index, factor.Frame with { Source = source with { NotNamedPorts = default }, Destination = destination with { NotNamedPorts = default } });
            into.Add(builder.Goto(target).Build());
        }
    }

    /// <summary>
    /// A rule for each negated named port, for protocols that have ports. Packets of others go on to the alternatives, which match them where the rule names no protocol:
    /// a lookup of their ports would read something else, or break off.
    /// </summary>
    private void Exclude(List<RuleFactor> factors, List<NftRule> into)
    {
        foreach (IGrouping<IpFamily?, RuleFactor> family in factors.GroupBy(f => f.Frame.Family))
        {
            byte[] protocols = [.. family.SelectMany(f => f.Frame.Protocol is byte named ? [named] : IpProtocol.WithPorts).Distinct()];
            foreach (SetPart part in family.First().Sources[0].NotNamedPorts) into.Add(Exclusion(protocols, part, source: true));
            foreach (SetPart part in family.First().Destinations[0].NotNamedPorts) into.Add(Exclusion(protocols, part, source: false));
        }
    }

    private NftRule Exclusion(byte[] protocols, SetPart part, bool source)
    {
        builder.NfProto(part.Family).L4Proto(protocols);
        Port(KernelSets.Of(part), source, NftOperator.Equal);
        return builder.Return().Build();
    }

    /// <summary>A pass, and whatever a staged rule matches, must leave the policy's chain, not only the rule's: the mark tells it to.</summary>
    private void Call(RuleAction action, string own, List<NftRule> into)
    {
        bool leaves = action == RuleAction.Pass || isStaged, bare = key.Kind == ResourceKind.Profile || isStaged;
        // A tier's chain has cleared the bit before it came here; nobody has for a profile or a trial.
        if (leaves && bare) into.Add(builder.SetMetaMark(0, parameters.Marks.Pass).Build());
        into.Add(builder.Jump(own).Build());
        if (!leaves) return;
        builder.MetaMark(parameters.Marks.Pass, parameters.Marks.Pass);
        if (bare) builder.SetMetaMark(0, parameters.Marks.Pass);
        into.Add(builder.Return().Build());
    }

    /// <summary>Counts what no rule of a staged policy matched.</summary>
    public NftRule StagedEnd() => builder.Counter().Return().Build(RuleComments.StagedEnd(key, direction));

    /// <summary>Cheap tests first: they spare most packets the lookups.</summary>
    private void Match(int index, RuleVariant variant)
    {
        if (variant.Family is IpFamily family) builder.NfProto(family);
        if (variant.Protocol is byte protocol) builder.L4Proto(protocol);
        else if (variant.NotProtocol is byte notProtocol) builder.L4Proto(notProtocol, NftOperator.NotEqual);
        MatchIcmp(variant.Icmp, variant.Family, NftOperator.Equal);
        MatchIcmp(variant.NotIcmp, variant.Family, NftOperator.NotEqual);
        MatchPorts(variant);
        MatchAddresses(index, variant, variant.Source, source: true);
        MatchAddresses(index, variant, variant.Destination, source: false);
    }

    private void MatchIcmp(IcmpMatch? icmp, IpFamily? family, NftOperator operation)
    {
        if (icmp?.Type is not byte type) return;
        if (icmp.Code is byte code) builder.IcmpTypeCode(family!.Value, type, code, operation);
        else builder.IcmpType(family!.Value, type, operation);
    }

    private void MatchPorts(RuleVariant variant)
    {
        MatchPorts(variant.Source.Ports, source: true, NftOperator.Equal);
        MatchPorts(variant.Destination.Ports, source: false, NftOperator.Equal);
        MatchPorts(variant.Source.NotPorts, source: true, NftOperator.NotEqual);
        MatchPorts(variant.Destination.NotPorts, source: false, NftOperator.NotEqual);
    }

    private void MatchPorts(EquatableArray<PortRange> list, bool source, NftOperator operation)
    {
        if (list.IsEmpty) return;
        PortRange[] cover = PortCover.Of(list);
        if (cover.Length == 1)
        {
            if (source) builder.Sport(cover[0], operation);
            else builder.Dport(cover[0], operation);
            return;
        }
        PortsSet set = PortsSet.Of(cover);
        ports[set.Set.Name] = set;
        if (source) builder.Sport(set.Set, operation);
        else builder.Dport(set.Set, operation);
    }

    private void MatchAddresses(int index, RuleVariant variant, SideVariant side, bool source)
    {
        if (!side.Nets.IsEmpty) Address(NetsSetOf(variant.Family!.Value, side.Nets), source, NftOperator.Equal);
        if (!side.NotNets.IsEmpty) Address(NetsSetOf(variant.Family!.Value, side.NotNets), source, NftOperator.NotEqual);
        if (side.In is SetPart part) Address(KernelSets.Of(part), source, NftOperator.Equal);
        foreach (SetPart not in side.NotIn) Address(KernelSets.Of(not), source, NftOperator.NotEqual);
        if (side.NamedPort is SetPart port) Port(KernelSets.Of(port), source, NftOperator.Equal);
        foreach (SetPart not in side.NotNamedPorts) Port(KernelSets.Of(not), source, NftOperator.NotEqual);
    }

    private void Address(NftSet set, bool source, NftOperator operation)
    {
        if (source) builder.Saddr(set, operation);
        else builder.Daddr(set, operation);
    }

    private void Port(NftSet set, bool source, NftOperator operation)
    {
        if (source) builder.SaddrProtocolSport(set, operation);
        else builder.DaddrProtocolDport(set, operation);
    }

    private NftSet NetsSetOf(IpFamily family, EquatableArray<Cidr> list)
    {
        NetsSet set = NetsSet.Of(family, list);
        nets[set.Set.Name] = set;
        return set.Set;
    }

    private NftRule End(CompiledRule rule)
    {
        Act(rule);
        if (rule.Action == RuleAction.Pass || isStaged) builder.Return();
        return builder.Build(Comment(rule));
    }

    /// <summary>The end of the chain does for the return; a pass of a profile is told by the mark, as any other.</summary>
    private NftRule EndInChain(CompiledRule rule)
    {
        Act(rule);
        if (isStaged || (rule.Action == RuleAction.Pass && key.Kind == ResourceKind.Profile)) builder.SetMetaMark(parameters.Marks.Pass, parameters.Marks.Pass);
        return builder.Build(Comment(rule));
    }

    private string Comment(CompiledRule rule) => isStaged ? RuleComments.StagedRule(key, direction, rule) : RuleComments.Rule(key, direction, rule);

    private void Act(CompiledRule rule)
    {
        switch (rule.Action)
        {
            case not RuleAction.Log when isStaged: builder.Counter(); break;
            case RuleAction.Allow: Verdicts.Allow(builder.Counter(), stage, parameters); break;
            case RuleAction.Deny: Verdicts.Deny(builder, parameters, DropReason.OfRule(key, direction, rule.Index)); break;
            case RuleAction.Log: Verdicts.Log(builder, parameters, tier, key); break;
            case RuleAction.Pass when key.Kind == ResourceKind.Profile: builder.Counter(); break;
            case RuleAction.Pass: builder.Counter().SetMetaMark(parameters.Marks.Pass, parameters.Marks.Pass); break;
            default: throw new InvalidOperationException($"no rendering for action {rule.Action}");
        }
    }
}
