using Canal.Core.Addressing;

namespace Canal.Core.Policy;

/// <summary>
/// Splits a compiled rule into variants: by family where addresses or ICMP make it depend on one, by the parts of the sets it looks up, by numeric or
/// named ports. An empty result means that no packet can match. Pure; shared by all dataplanes.
/// </summary>
public static class RuleExpansion
{
    private static readonly IpFamily[] Families = [IpFamily.V4, IpFamily.V6];

    /// <summary>The variants. Their number is the product of the alternatives of the two sides; <see cref="Factor"/> tells it without multiplying.</summary>
    public static List<RuleVariant> Expand(CompiledRule rule) => [.. Factor(rule).SelectMany(factor => factor.Variants)];

    /// <summary>The variants before the alternatives of the two sides are combined.</summary>
    public static List<RuleFactor> Factor(CompiledRule rule)
    {
        List<RuleFactor> factors = [];
        if (!DependsOnFamily(rule))
        {
            ExpandProtocols(rule, new RuleVariant { Family = rule.Family }, factors);
            return factors;
        }
        foreach (IpFamily family in Families)
            if (rule.Family is null || rule.Family == family) ExpandProtocols(rule, new RuleVariant { Family = family }, factors);
        return factors;
    }

    private static bool DependsOnFamily(CompiledRule rule) =>
        rule.Icmp is not null || rule.NotIcmp is not null || DependsOnFamily(rule.Source) || DependsOnFamily(rule.Destination);

    private static bool DependsOnFamily(EntityMatch entity) =>
        entity.Nets is not null || !entity.NotNets.IsEmpty || entity.Set is not null || entity.NotSet is not null
        || !entity.NamedPorts.IsEmpty || !entity.NotNamedPorts.IsEmpty;

    private static void ExpandProtocols(CompiledRule rule, RuleVariant variant, List<RuleFactor> into)
    {
        List<SideVariant> sources = ExpandSide(rule.Source, variant.Family), destinations = ExpandSide(rule.Destination, variant.Family);
        if (sources.Count == 0 || destinations.Count == 0) return;
        foreach (byte? protocol in ProtocolsOf(rule, variant.Family))
        {
            RuleVariant frame = variant with { Protocol = protocol, NotProtocol = rule.NotProtocol, Icmp = rule.Icmp, NotIcmp = rule.NotIcmp };
            into.Add(protocol is { } known && !IpProtocol.WithPorts.Contains(known) ? new RuleFactor(frame, WithoutNames(sources), WithoutNames(destinations)) : new RuleFactor(frame, sources, destinations));
        }
    }

    /// <summary>A packet without ports is sent to none that has a name: what is negated holds.</summary>
    private static List<SideVariant> WithoutNames(List<SideVariant> sides) => [.. sides.Select(side => side.NotNamedPorts.IsEmpty ? side : side with { NotNamedPorts = default })];

    /// <summary>
    /// The protocols the rule can match: the one it names, ICMP of the family when it asks for a type, those with ports when it asks for ports. Negated names do not
    /// ask for any: none of the endpoints' ports may match, which is so of every packet without ports.
    /// </summary>
    private static IEnumerable<byte?> ProtocolsOf(CompiledRule rule, IpFamily? family)
    {
        bool icmp = rule.Icmp is not null || rule.NotIcmp is not null, ports = AsksForPorts(rule.Source) || AsksForPorts(rule.Destination);
        // No protocol has both, and a port read out of an ICMP header would be something else.
        if (icmp && ports) return [];
        IEnumerable<byte?> possible = [rule.Protocol];
        if (icmp) possible = [family == IpFamily.V4 ? IpProtocol.Icmp : IpProtocol.IcmpV6];
        else if (ports) possible = IpProtocol.WithPorts.Select(p => (byte?)p);
        return possible.Where(p => (rule.Protocol is null || p == rule.Protocol) && (p is null || p != rule.NotProtocol));
    }

    private static bool AsksForPorts(EntityMatch entity) => entity.AsksForPort || !entity.NotPorts.IsEmpty;

    /// <summary>The alternatives of one side in one family; none when nothing of this family can match.</summary>
    private static List<SideVariant> ExpandSide(EntityMatch entity, IpFamily? family)
    {
        if (entity == EntityMatch.Any) return [SideVariant.Any];
        if (!TryFixedPart(entity, family, out SideVariant? side)) return [];
        List<SideVariant> variants = [];
        foreach (SideVariant member in ExpandSet(entity, family, side))
            foreach (SideVariant port in ExpandPorts(entity, family, member)) variants.Add(port);
        return variants;
    }

    private static bool TryFixedPart(EntityMatch entity, IpFamily? family, out SideVariant side)
    {
        EquatableArray<Cidr> nets = OfFamily(entity.Nets ?? default, family), notNets = OfFamily(entity.NotNets, family);
        side = new SideVariant
        {
            Nets = nets,
            NotNets = notNets,
            NotIn = PartsOf(entity.NotSet, family),
            NotPorts = entity.NotPorts,
            NotNamedPorts = entity.NotNamedPorts.SelectMany(p => PartsOf(p, family)).ToEquatableArray(),
        };
        // A list, positive or negated, without an entry of this family takes the rule out for this family; it never turns into "any".
        return (entity.Nets is null || !nets.IsEmpty) && (entity.NotNets.IsEmpty || !notNets.IsEmpty) && !notNets.Any(n => n.Length == 0);
    }

    private static IEnumerable<SideVariant> ExpandSet(EntityMatch entity, IpFamily? family, SideVariant side) =>
        entity.Set is null ? [side] : PartsOf(entity.Set, family).Select(part => side with { In = part });

    private static List<SideVariant> ExpandPorts(EntityMatch entity, IpFamily? family, SideVariant side)
    {
        if (!entity.AsksForPort) return [side];
        List<SideVariant> variants = [];
        if (!entity.Ports.IsEmpty) variants.Add(side with { Ports = entity.Ports });
        foreach (SetMatch named in entity.NamedPorts)
            foreach (SetPart part in PartsOf(named, family)) variants.Add(side with { NamedPort = part });
        return variants;
    }

    private static EquatableArray<Cidr> OfFamily(EquatableArray<Cidr> nets, IpFamily? family) =>
        nets.IsEmpty ? default : nets.Where(n => n.Family == family).ToEquatableArray();

    private static EquatableArray<SetPart> PartsOf(SetMatch? match, IpFamily? family) =>
        match is null ? default : SetPart.Of(match.Set, match.Shape).Where(p => p.Family == family).ToEquatableArray();
}
