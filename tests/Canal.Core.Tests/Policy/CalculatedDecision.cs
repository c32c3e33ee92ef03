using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Core.Tests.Calculation;
using Canal.Testing;

namespace Canal.Core.Tests.Policy;

/// <summary>Decides packets as a dataplane would that renders what it was told and nothing else: variants of rules over the members of sets.</summary>
internal sealed class CalculatedDecision
{
    private readonly AccumulatedState state = new();
    private readonly PolicyCalculator calculator;
    private readonly Dictionary<CompiledRule, List<RuleVariant>> variants = new(ReferenceEqualityComparer.Instance);

    public CalculatedDecision(string node, IEnumerable<Resource> cluster)
    {
        calculator = new PolicyCalculator(node);
        foreach (Resource resource in cluster) calculator.Apply(resource.Key, resource);
        state.Apply(calculator.TakeChanges());
        foreach (CompiledRule rule in state.Policies.Values.SelectMany(p => p.Ingress.Concat(p.Egress))) variants[rule] = RuleExpansion.Expand(rule);
    }

    /// <summary>The endpoints that govern an interface.</summary>
    public IEnumerable<ResourceKey> Endpoints => state.Endpoints.Values.Select(e => e.Key);

    /// <summary>The host endpoints of the node.</summary>
    public IEnumerable<ResourceKey> HostEndpoints => state.HostEndpoints.Values.Select(e => e.Key);

    /// <summary>What the calculator itself says, which is asked about flows that exist already.</summary>
    public Decision DecideFlow(ResourceKey endpoint, Direction direction, Packet packet)
    {
        EndpointPolicy policy = state.Endpoints.Values.Single(e => e.Key == endpoint);
        return calculator.Decide(policy.Tiers(direction), policy.Profiles, direction, packet) ?? new Decision(false, "", null, -1);
    }

    public Decision Decide(ResourceKey endpoint, Direction direction, Packet packet)
    {
        EndpointPolicy policy = state.Endpoints.Values.Single(e => e.Key == endpoint);
        return DecideTiers(policy.Tiers(direction), direction, packet) ?? DecideProfiles(policy.Profiles, direction, packet);
    }

    /// <summary>At one stage of a host endpoint; null when it decides nothing.</summary>
    public Decision? Decide(ResourceKey hostEndpoint, PolicyStage stage, Direction direction, Packet packet)
    {
        HostEndpointPolicy policy = Asked(state.HostEndpoints[hostEndpoint.Name], stage);
        Decision? decision = DecideTiers(policy.Tiers(stage).Of(direction), direction, packet);
        return decision is null && stage == PolicyStage.Normal ? DecideProfiles(policy.Profiles, direction, packet) : decision;
    }

    /// <summary>Before DNAT the endpoint of all interfaces stands in for one that decides nothing there.</summary>
    private HostEndpointPolicy Asked(HostEndpointPolicy endpoint, PolicyStage stage)
    {
        if (stage != PolicyStage.PreDnat || endpoint.PreDnat.Ingress.Any(t => t.Policies.Any(p => !state.Policies[p].IsStaged))) return endpoint;
        return state.HostEndpoints.Values.Where(e => e.IsAllInterfaces).MinBy(e => e.Key.Name, StringComparer.Ordinal) ?? endpoint;
    }

    private Decision? DecideTiers(EquatableArray<TierPolicies> tiers, Direction direction, Packet packet)
    {
        foreach (TierPolicies tier in tiers)
        {
            CompiledRule? rule = FirstDeciding(tier.Policies, direction, packet, out ResourceKey decider);
            if (rule is null && tier.EndAction == TierAction.Deny) return new Decision(false, tier.Tier, null, -1);
            if (rule is not null && rule.Action != RuleAction.Pass) return new Decision(rule.Action == RuleAction.Allow, tier.Tier, decider, rule.Index);
        }
        return null;
    }

    private Decision DecideProfiles(EquatableArray<string> profiles, Direction direction, Packet packet)
    {
        foreach (string profile in profiles)
        {
            CompiledRule? rule = FirstDeciding([new(ResourceKind.Profile, null, profile)], direction, packet, out ResourceKey decider);
            if (rule is not null && rule.Action != RuleAction.Pass) return new Decision(rule.Action == RuleAction.Allow, "", decider, rule.Index);
        }
        return new Decision(false, "", null, -1);
    }

    private CompiledRule? FirstDeciding(EquatableArray<ResourceKey> policies, Direction direction, Packet packet, out ResourceKey decider)
    {
        foreach (ResourceKey key in policies)
        {
            decider = key;
            if (state.Policies[key].IsStaged) continue;
            foreach (CompiledRule rule in state.Policies[key].Rules(direction))
                if (rule.Action != RuleAction.Log && variants[rule].Exists(v => Matches(v, packet))) return rule;
        }
        decider = default;
        return null;
    }

    private bool Matches(RuleVariant variant, Packet packet)
    {
        CheckForm(variant);
        return (variant.Family is null || variant.Family == packet.Family)
            && (variant.Protocol is null || variant.Protocol == packet.Protocol)
            && variant.NotProtocol != packet.Protocol
            && (variant.Icmp is null || IcmpIs(variant.Icmp, packet))
            && (variant.NotIcmp is null || !IcmpIs(variant.NotIcmp, packet))
            && Matches(variant.Source, packet, packet.Source, packet.SourcePort)
            && Matches(variant.Destination, packet, packet.Destination, packet.DestinationPort);
    }

    private bool Matches(SideVariant side, Packet packet, IpAddress address, ushort port) =>
        (side.Nets.IsEmpty || side.Nets.Any(n => n.Contains(address)))
        && !side.NotNets.Any(n => n.Contains(address))
        && (side.In is null || IsIn(side.In.Value, packet, address, port))
        && !side.NotIn.Any(p => IsIn(p, packet, address, port))
        && (side.Ports.IsEmpty || side.Ports.Any(p => p.Contains(port)))
        && (side.NamedPort is null || IsIn(side.NamedPort.Value, packet, address, port))
        && !side.NotPorts.Any(p => p.Contains(port))
        && !side.NotNamedPorts.Any(p => IsIn(p, packet, address, port));

    private bool IsIn(SetPart part, Packet packet, IpAddress address, ushort port)
    {
        SetMembers members = state.Sets[part.Set];
        if (address.Family != part.Family) return false;
        if (part.Set.Kind == IpSetKind.NamedPort) return members.Ports.Contains(new PortMember(address, packet.Protocol, port));
        return part.Prefixes ? members.Prefixes.Any(p => p.Contains(address)) : members.Addresses.Contains(address);
    }

    /// <summary>What the documentation of variants promises to those who render them.</summary>
    private static void CheckForm(RuleVariant variant)
    {
        if (variant.Icmp is not null || variant.NotIcmp is not null)
            Assert.Equal(variant.Family == IpFamily.V4 ? IpProtocol.Icmp : IpProtocol.IcmpV6, variant.Protocol);
        foreach (SideVariant side in (SideVariant[])[variant.Source, variant.Destination])
        {
            Assert.All(side.Nets.Concat(side.NotNets), n => Assert.Equal(variant.Family, n.Family));
            Assert.All(side.NotIn.Concat(side.NotNamedPorts), p => Assert.Equal(variant.Family, p.Family));
            if (side.In is SetPart part) Assert.Equal(variant.Family, part.Family);
            bool ports = !side.Ports.IsEmpty || !side.NotPorts.IsEmpty || side.NamedPort is not null;
            if (ports) Assert.Contains(variant.Protocol!.Value, IpProtocol.WithPorts);
            if (!side.NotNamedPorts.IsEmpty && variant.Protocol is { } protocol) Assert.Contains(protocol, IpProtocol.WithPorts);
        }
    }

    private static bool IcmpIs(IcmpMatch match, Packet packet) =>
        (match.Type is null || match.Type == packet.IcmpType) && (match.Code is null || match.Code == packet.IcmpCode);
}
