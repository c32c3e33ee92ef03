using System.Globalization;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Renders the rules of one policy for one direction: one kernel rule for each variant of each rule. For one chain; not reused.</summary>
internal sealed class RuleRenderer(ResourceKey key, string tier, Direction direction, string chain, FelixParameters parameters)
{
    private const int MaxPrefixLength = 127;

    private readonly NftRuleBuilder builder = new();
    private readonly Dictionary<string, NetsSet> nets = new(StringComparer.Ordinal);

    /// <summary>The sets of the rules' own prefixes rendered so far.</summary>
    public IReadOnlyCollection<NetsSet> Nets => nets.Values;

    /// <summary>The kernel rules of a policy's rule; none when no packet can match it.</summary>
    public void Render(CompiledRule rule, List<NftRule> into)
    {
        string comment = RuleComments.Rule(key, direction, rule);
        foreach (RuleVariant variant in RuleExpansion.Expand(rule))
        {
            Match(rule.Index, variant);
            End(rule.Action);
            into.Add(builder.Build(comment));
        }
    }

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
        if (!variant.Source.Ports.IsEmpty) builder.Sport(PortCover.Of(variant.Source.Ports));
        if (!variant.Destination.Ports.IsEmpty) builder.Dport(PortCover.Of(variant.Destination.Ports));
        if (!variant.Source.NotPorts.IsEmpty) builder.Sport(PortCover.Of(variant.Source.NotPorts), NftOperator.NotEqual);
        if (!variant.Destination.NotPorts.IsEmpty) builder.Dport(PortCover.Of(variant.Destination.NotPorts), NftOperator.NotEqual);
    }

    private void MatchAddresses(int index, RuleVariant variant, SideVariant side, bool source)
    {
        if (!side.Nets.IsEmpty) Address(NetsSetOf(index, variant.Family!.Value, source ? "src" : "dst", side.Nets), source, NftOperator.Equal);
        if (!side.NotNets.IsEmpty) Address(NetsSetOf(index, variant.Family!.Value, source ? "not-src" : "not-dst", side.NotNets), source, NftOperator.NotEqual);
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

    /// <summary>
    /// Always a named set, even of one address: a changed list is then a change of elements, for which the kernel does not check the whole table again.
    /// Hosts and prefixes have different names, because a set cannot change its kind.
    /// </summary>
    private NftSet NetsSetOf(int index, IpFamily family, string side, EquatableArray<Cidr> members)
    {
        bool interval = members.Any(m => !m.IsSingleAddress);
        string name = KernelNames.NetsSet(chain, index, family, interval ? side + "/prefixes" : side);
        NftSet set = new(name, NftKeyType.Address(family), interval ? NftSetFlags.Interval : NftSetFlags.None);
        nets[name] = new NetsSet(set, PrefixCover.Of(members).ToEquatableArray());
        return set;
    }

    private void End(RuleAction action)
    {
        switch (action)
        {
            case RuleAction.Allow: builder.Counter().Accept(); break;
            case RuleAction.Deny: Verdicts.Deny(builder.Counter(), parameters); break;
            case RuleAction.Log: Log(); break;
            case RuleAction.Pass when key.Kind == ResourceKind.Profile: builder.Counter().Return(); break;
            case RuleAction.Pass: builder.Counter().SetMetaMark(Verdicts.PassMark, Verdicts.PassMark).Return(); break;
            default: throw new InvalidOperationException($"no rendering for action {action}");
        }
    }

    private void Log()
    {
        if (parameters.LogLimit is RateLimit limit) builder.Limit(limit.Count, (NftLimitUnit)limit.Seconds, limit.Burst);
        builder.Counter().Log(LogPrefix(), NftLogLevel.Notice);
    }

    private string LogPrefix()
    {
        string text = parameters.LogPrefix
            .Replace("%t", tier, StringComparison.Ordinal)
            .Replace("%k", KernelNames.ShortKind(key.Kind), StringComparison.Ordinal)
            .Replace("%p", key.Namespace is null ? key.Name : $"{key.Namespace}/{key.Name}", StringComparison.Ordinal)
            .Replace("%n", key.Name, StringComparison.Ordinal);
        string safe = new([.. text.Select(c => char.IsAscii(c) && !char.IsControl(c) && c != '"' ? c : '_')]);
        return string.Create(CultureInfo.InvariantCulture, $"{(safe.Length > MaxPrefixLength - 2 ? safe[..(MaxPrefixLength - 2)] : safe)}: ");
    }
}
