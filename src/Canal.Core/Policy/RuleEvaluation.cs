using System.Diagnostics.CodeAnalysis;
using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>Whether one rule matches one packet, straight from the rule's fields.</summary>
internal static class RuleEvaluation
{
    /// <summary>The first field of the rule that the packet does not match, in the words of the rule; null when it matches.</summary>
    public static string? Mismatch(Rule rule, string policyNamespace, Packet packet, List<AddressOwner> owners)
    {
        if (rule.IpVersion is IpFamily family && family != packet.Family) return "ipVersion";
        if (rule.Protocol is { } protocol && protocol.Number != packet.Protocol) return "protocol";
        if (rule.NotProtocol is { } notProtocol && notProtocol.Number == packet.Protocol) return "notProtocol";
        if (IsGiven(rule.Icmp) && !(IsIcmp(packet) && IcmpIs(rule.Icmp, packet))) return "icmp";
        if (IsGiven(rule.NotIcmp) && !(IsIcmp(packet) && !IcmpIs(rule.NotIcmp, packet))) return "notICMP";
        if (EntityMismatch(rule.Source, rule.Protocol?.Number, policyNamespace, packet, packet.Source, packet.SourcePort, owners) is string source) return $"source.{source}";
        return EntityMismatch(rule.Destination, rule.Protocol?.Number, policyNamespace, packet, packet.Destination, packet.DestinationPort, owners) is string destination
            ? $"destination.{destination}" : null;
    }

    private static string? EntityMismatch(
        EntityRule entity, byte? ruleProtocol, string policyNamespace, Packet packet, IpAddress address, ushort port, List<AddressOwner> owners)
    {
        if (entity == EntityRule.Empty) return null;
        if (entity.Services is not null) return "services";
        if (entity.HasNets && !entity.Nets.Any(n => n.Contains(address))) return "nets";
        if (!NotNetsMatch(entity, address)) return "notNets";
        if (SelectorsOf(entity, policyNamespace) is not RuleMatchSets sets) return "selector";
        if (sets.Match is not null && !owners.Any(o => o.Owns(address) && o.Is(sets.Match))) return "selector";
        if (sets.NotMatch is not null && owners.Any(o => o.Owns(address) && o.Is(sets.NotMatch))) return "notSelector";
        return PortsMatch(entity, sets.Match ?? Selector.All, ruleProtocol, packet.Protocol, address, port, owners) ? null : "ports";
    }

    private static bool NotNetsMatch(EntityRule entity, IpAddress address)
    {
        if (entity.NotNets.IsEmpty) return !entity.HasNotNets;
        // A negated list of the other family does not become "anything of this family".
        return entity.NotNets.Any(n => n.Family == address.Family) && !entity.NotNets.Any(n => n.Contains(address));
    }

    private static bool PortsMatch(
        EntityRule entity, Selector portOwners, byte? ruleProtocol, byte protocol, IpAddress address, ushort port, List<AddressOwner> owners)
    {
        if (entity.Ports.IsEmpty && entity.NotPorts.IsEmpty) return true;
        // A packet without ports is sent to none of the endpoints' that have a name.
        if (!IpProtocol.WithPorts.Contains(protocol)) return entity.Ports.IsEmpty && entity.NotPorts.All(p => p.IsNamed);
        bool IsPort(Port p) => p.Name is null
            ? p.Range.Contains(port)
            : owners.Any(o => o.Is(portOwners) && o.Serves(address, p.Name, ruleProtocol, protocol, port));
        return (entity.Ports.IsEmpty || entity.Ports.Any(IsPort)) && !entity.NotPorts.Any(IsPort);
    }

    private static RuleMatchSets? SelectorsOf(EntityRule entity, string policyNamespace)
    {
        RuleEntitySelectors fields = new(entity.Selector, entity.NotSelector, entity.NamespaceSelector,
            entity.ServiceAccounts?.Names.ToImmutable() ?? default, entity.ServiceAccounts?.Selector ?? "");
        return EffectiveSelector.TryForRuleEntity(policyNamespace, fields, out RuleMatchSets? sets, out _) ? sets : null;
    }

    private static bool IsGiven([NotNullWhen(true)] IcmpMatch? match) => match is { Type: not null };

    private static bool IsIcmp(Packet packet) => packet.Protocol == (packet.Family == IpFamily.V4 ? IpProtocol.Icmp : IpProtocol.IcmpV6);

    private static bool IcmpIs(IcmpMatch match, Packet packet) =>
        match.Type == packet.IcmpType && (match.Code is null || match.Code == packet.IcmpCode);
}
