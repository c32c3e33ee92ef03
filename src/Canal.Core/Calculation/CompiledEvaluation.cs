using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// Decides a packet as the dataplane does that was told these policies and sets: for flows that exist already, which no rule is asked about any more. What
/// the <see cref="PolicyEvaluator"/> does from resources alone, at the cost of what is local.
/// </summary>
internal sealed class CompiledEvaluation(ActivePolicies policies, IpSetTable sets)
{
    /// <summary>Whether the packet may pass, and because of what; null when neither a tier nor, where they are asked, a profile decided.</summary>
    public Decision? Decide(EquatableArray<TierPolicies> tiers, EquatableArray<string> profiles, Direction direction, Packet packet)
    {
        foreach (TierPolicies tier in tiers)
        {
            (ResourceKey Policy, CompiledRule Rule)? first = First(tier.Policies, direction, packet);
            if (first is { } decider && decider.Rule.Action != RuleAction.Pass) return Of(tier.Tier, decider);
            if (first is null && tier.EndAction != TierAction.Pass) return new Decision(false, tier.Tier, null, -1);
        }
        foreach (string profile in profiles)
        {
            if (First([new ResourceKey(ResourceKind.Profile, null, profile)], direction, packet) is { } decider && decider.Rule.Action != RuleAction.Pass) return Of("", decider);
        }
        return null;
    }

    private static Decision Of(string tier, (ResourceKey Policy, CompiledRule Rule) decider) =>
        new(decider.Rule.Action == RuleAction.Allow, tier, decider.Policy, decider.Rule.Index);

    private (ResourceKey Policy, CompiledRule Rule)? First(EquatableArray<ResourceKey> keys, Direction direction, Packet packet)
    {
        foreach (ResourceKey key in keys)
        {
            if (policies.Told(key) is not { IsStaged: false } policy) continue;
            foreach (CompiledRule rule in policy.Rules(direction))
                if (rule.Action != RuleAction.Log && Matches(rule, packet)) return (key, rule);
        }
        return null;
    }

    private bool Matches(CompiledRule rule, Packet packet)
    {
        foreach (RuleFactor factor in RuleExpansion.Factor(rule))
            if (FrameMatches(factor.Frame, packet)
                && factor.Sources.Any(side => Matches(side, packet, packet.Source, packet.SourcePort))
                && factor.Destinations.Any(side => Matches(side, packet, packet.Destination, packet.DestinationPort))) return true;
        return false;
    }

    private static bool FrameMatches(RuleVariant frame, Packet packet) =>
        (frame.Family is null || frame.Family == packet.Family) && (frame.Protocol is null || frame.Protocol == packet.Protocol)
        && (frame.NotProtocol is null || frame.NotProtocol != packet.Protocol)
        && (frame.Icmp?.Type is null || IcmpIs(frame.Icmp, packet)) && (frame.NotIcmp?.Type is null || !IcmpIs(frame.NotIcmp, packet));

    private static bool IcmpIs(IcmpMatch match, Packet packet) => match.Type == packet.IcmpType && (match.Code is null || match.Code == packet.IcmpCode);

    private bool Matches(SideVariant side, Packet packet, IpAddress address, ushort port) =>
        (side.Nets.IsEmpty || side.Nets.Any(n => n.Contains(address))) && !side.NotNets.Any(n => n.Contains(address))
        && (side.Ports.IsEmpty || side.Ports.Any(p => p.Contains(port))) && !side.NotPorts.Any(p => p.Contains(port))
        && (side.In is not { } part || IsMember(part, packet, address, port)) && !side.NotIn.Any(p => IsMember(p, packet, address, port))
        && (side.NamedPort is not { } named || IsMember(named, packet, address, port)) && !side.NotNamedPorts.Any(p => IsMember(p, packet, address, port));

    private bool IsMember(SetPart part, Packet packet, IpAddress address, ushort port) => part.Family == address.Family && sets.Find(part.Set) is { } members
        && (part.Set.Kind == IpSetKind.NamedPort ? members.Contains(new PortMember(address, packet.Protocol, port)) : part.Prefixes ? members.ContainsInPrefix(address) : members.Contains(address));
}
