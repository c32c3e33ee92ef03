using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Linux.Nftables;

namespace Canal.FlannelBridge.Rules;

/// <summary>
/// What flannel's rules say, in a table of our own. Packets inside the network keep their source, also those that this host only passes on, and so do those
/// from outside to local workloads; what leaves the network gets the host's address, and so does what reaches other hosts' workloads through this one.
/// </summary>
/// <param name="Network">The network's configuration.</param>
/// <param name="Own">This host's subnet.</param>
/// <param name="Masquerade">Whether there is any translation.</param>
/// <param name="Except">Prefixes for which there is none.</param>
/// <param name="Forward">Whether forwarded packets are accepted.</param>
internal sealed record NetworkRules(FlannelNetwork Network, FlannelSubnet Own, bool Masquerade, EquatableArray<Cidr> Except, bool Forward)
{
    private const int SourcePriority = 100;

    /// <summary>kube-proxy's mark for packets that it translates itself.</summary>
    private const uint KubeMark = 0x4000;

    private static readonly Cidr MulticastV4 = Cidr.Parse("224.0.0.0/4");
    private static readonly Cidr MulticastV6 = Cidr.Parse("ff00::/8");

    /// <summary>The base chains.</summary>
    public IEnumerable<RuleChain> Chains()
    {
        NftRuleBuilder builder = new();
        if (Masquerade)
            yield return new RuleChain("postrouting", new NftBaseChain(NftChainType.Nat, NftHook.Postrouting, SourcePriority), [builder.MetaMark(KubeMark, KubeMark).Return().Build("kube-proxy"), .. Network.Ranges.SelectMany(r => Translation(r, builder))]);
        if (Forward)
            yield return new RuleChain("forward", new NftBaseChain(NftChainType.Filter, NftHook.Forward, 0), [.. Network.Ranges.SelectMany(r => Forwarding(r, builder))]);
    }

    private IEnumerable<NftRule> Translation(FlannelRange range, NftRuleBuilder builder)
    {
        if (Own[range.Family] is not { } own) yield break;
        Cidr network = range.Network, multicast = range.Family == IpFamily.V4 ? MulticastV4 : MulticastV6;
        Cidr[] except = [.. Except.Where(e => e.Family == range.Family)];
        yield return builder.NfProto(range.Family).Saddr(network).Daddr(network).Counter().Return().Build("inside the network");
        yield return builder.NfProto(range.Family).Saddr(network, NftOperator.NotEqual).Daddr(own).Counter().Return().Build("from outside to workloads of this host");
        if (except.Length > 0) yield return builder.NfProto(range.Family).Saddr(network).Daddr(except).Counter().Return().Build("masquerade_except");
        yield return builder.NfProto(range.Family).Saddr(network).Daddr(multicast, NftOperator.NotEqual).Counter().Masquerade(flags: NftNatFlags.FullyRandom).Build("out of the network");
        yield return builder.NfProto(range.Family).Saddr(network, NftOperator.NotEqual).Daddr(network).Counter().Masquerade(flags: NftNatFlags.FullyRandom).Build("to workloads of other hosts");
    }

    private static IEnumerable<NftRule> Forwarding(FlannelRange range, NftRuleBuilder builder)
    {
        yield return builder.NfProto(range.Family).Saddr(range.Network).Counter().Accept().Build("from the network");
        yield return builder.NfProto(range.Family).Daddr(range.Network).Counter().Accept().Build("to the network");
    }
}
