using Canal.Core.Addressing;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Tests.Dataplane.Iptables;

/// <summary>Rules of the nftables table in iptables' words.</summary>
public sealed class TranslationTests
{
    private static readonly MarkBits Marks = new(0xffff0000);
    private static readonly NftSet Hosts = new("s4-a", NftKeyType.Ipv4), Hosts6 = new("s6-a", NftKeyType.Ipv6), Named = new("n4-a", NftKeyType.Ipv4ProtocolPort), Ports = new("ports/80/443", NftKeyType.Port);
    private static readonly NftSet Map = new("to-workloads", NftKeyType.IfName, NftSetFlags.VerdictMap);

    public static TheoryData<string, string[]> Rules => new()
    {
        { "accept", [" -g canal-accept"] },
        { "drop", [" -j DROP"] },
        { "return", [" -j RETURN"] },
        { "count", [""] },
        { "jump", [" -j canal-x", " -m mark --mark 0x100000/0x100000 -j RETURN"] },
        { "goto", [" -g canal-x"] },
        { "reject", [" -j REJECT --reject-with icmp-port-unreachable"] },
        { "established", [" -m conntrack --ctstate RELATED,ESTABLISHED -g canal-accept"] },
        { "invalid", [" -m conntrack --ctstate INVALID -j DROP"] },
        { "redirected", [" -m conntrack --ctstate DNAT -j RETURN"] },
        { "interfaces", [" -i cali+ -o eth0 -j DROP"] },
        { "protocol", [" -p 6 -m multiport --sports 1:1023 -m multiport ! --dports 443 -j DROP"] },
        { "not protocol", [" ! -p 17 -j DROP"] },
        { "two protocols", [" -p 6 -j DROP", " -p 17 -j DROP"] },
        { "many ports", [" -p 6 -m multiport --dports 1:2,11:12,21:22,31:32,41:42,51:52,61:62,71 -j DROP", " -p 6 -m multiport --dports 81:82 -j DROP"] },
        { "prefix", [" -s 10.0.0.0/8 -d 10.1.2.0/23 -j DROP"] },
        { "prefixes", [" -s 10.0.0.0/8 -j DROP", " -s 192.0.2.7/32 -j DROP"] },
        { "sets", [" -m set --match-set canal-s4-a src -m set ! --match-set canal-s4-a dst -m set --match-set canal-n4-a dst,dst -j DROP"] },
        { "port set", [" -p 17 -m set ! --match-set canal-ports/80/443 dst -j DROP"] },
        { "icmp", [" -p 1 -m icmp --icmp-type 8/0 -j DROP"] },
        { "not icmp", [" -p 1 -m icmp ! --icmp-type 3/1 -j DROP"] },
        { "contradiction", [] },
        { "other family", [] },
        { "spoofed", [" -m rpfilter --validmark --invert -j DROP"] },
        { "local", [" -m addrtype --src-type LOCAL -m addrtype ! --dst-type LOCAL -m addrtype ! --src-type LOCAL --limit-iface-out -j DROP"] },
        { "marks", [" -m mark --mark 0x20000/0x20000 -m connmark --mark 0x80000/0x80000 -j MARK --set-xmark 0x0/0x20000"] },
        { "tcp flags", [" -p 6 -m tcp --tcp-flags RST NONE -j REJECT --reject-with tcp-reset"] },
        { "limit", [" -m limit --limit 10/minute --limit-burst 5 -j LOG --log-prefix \"calico-packet: \" --log-level 5"] },
        { "connections", [" -m connlimit --connlimit-above 3 --connlimit-mask 0 -g canal-x"] },
        { "dscp", [" -j DSCP --set-dscp 0x0a"] },
        { "notrack", [" -j CT --notrack"] },
        { "masquerade", [" -p 6 -j MASQUERADE --to-ports 1024-65535 --random-fully"] },
        { "snat", [" -j SNAT --to-source 192.0.2.1 --random-fully"] },
        { "dnat", [" -d 192.0.2.1/32 -j DNAT --to-destination 10.0.0.1"] },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_says_the_same(string rule, string[] expected) => Assert.Equal(expected, Said([RuleOf(rule)])[0].Rules.Select(r => r.Matches + r.Target));

    /// <summary>Of xt_limit, beyond a day's worth.</summary>
    [Theory]
    [InlineData(1, 86_400, 5, "1/day --limit-burst 1")]
    [InlineData(3, 86_400, 5, "3/day --limit-burst 3")]
    [InlineData(10, 86_400, 5, "10/day --limit-burst 5")]
    [InlineData(1, 3600, 9999, "1/hour --limit-burst 24")]
    [InlineData(9999, 1, 9999, "9999/second --limit-burst 9999")]
    [InlineData(9999, 86_400, 0, "9999/day --limit-burst 1")]
    public void A_limit_asks_the_kernel_for_no_more_than_it_has_room_for(ulong rate, uint seconds, uint burst, string expected) =>
        Assert.Contains($" -m limit --limit {expected} ", Said([new NftRuleBuilder().Limit(rate, (NftLimitUnit)seconds, burst).Counter().Drop().Build()])[0].Rules[0] + " ", StringComparison.Ordinal);

    [Fact]
    public void Steps_of_one_rule_are_a_chain_that_is_gone_to()
    {
        List<IptablesChain> said = Said([new NftRuleBuilder().L4Proto(6).Counter().Log(170, "gnp/web ingress 2").Reject(NftReject.TcpReset).Build("web")]);
        Assert.Equal([$" -p 6 -g {said[1].Name}"], said[0].Rules.Select(r => r.Matches + r.Target));
        Assert.Equal([" -j NFLOG --nflog-group 170 --nflog-prefix \"gnp/web ingress 2\"", " -p 6 -j REJECT --reject-with tcp-reset"], said[1].Rules.Select(r => r.Matches + r.Target));
        Assert.All(said[1].Rules, r => Assert.Equal("web", r.Comment));
    }

    [Fact]
    public void An_allow_before_connection_tracking_notracks_marks_and_says_so()
    {
        List<IptablesChain> said = Said([Verdicts.Allow(new NftRuleBuilder(), Core.Policy.PolicyStage.Untracked, new FelixParameters()).Build()]);
        Assert.Equal([" -j CT --notrack", " -j MARK --set-xmark 0x10000/0x10000", " -j MARK --set-xmark 0x100000/0x100000"], said[1].Rules.Select(r => r.Target));
    }

    [Fact]
    public void What_follows_a_map_is_a_chain_of_its_own()
    {
        TranslatedChain said = ChainTranslator.Translate(new RenderedChain("to-workload", "", [new NftRuleBuilder().OifnameVmap(Map).Build(), new NftRuleBuilder().Drop().Build()]), IpFamily.V4, Marks);
        Assert.Equal(["canal-to-workload", "canal-to-workload/rest0"], said.Chains.Select(c => c.Name));
        Assert.Equal([" -g canal-to-workloads/by"], said.Chains[0].Rules.Select(r => r.Target));
        Assert.Equal([new Dispatch("to-workloads", "-o", "canal-to-workload/rest0")], said.Dispatches);
    }

    [Fact]
    public void What_iptables_cannot_say_denies_alone()
    {
        TranslatedChain said = ChainTranslator.Translate(new RenderedChain("x", "", [new NftRuleBuilder().Accept().Build(), new NftRuleBuilder().Iifname("eth+").Accept().Build()]), IpFamily.V4, Marks);
        Assert.Contains("eth+", said.Wrong, StringComparison.Ordinal);
        Assert.Equal([" -j DROP"], said.Chains[0].Rules.Select(r => r.Matches + r.Target));
    }

    [Fact]
    public void What_iptables_takes_for_anything_denies_alone()
    {
        NftRuleBuilder rule = new();
        foreach (NftRule wide in (NftRule[])[rule.L4Proto(0).Accept().Build(), rule.L4Proto(0, NftOperator.NotEqual).Accept().Build(), rule.NfProto(IpFamily.V4).IcmpType(IpFamily.V4, 255).Accept().Build()])
        {
            TranslatedChain said = ChainTranslator.Translate(new RenderedChain("x", "", [wide]), IpFamily.V4, Marks);
            Assert.Contains("for any", said.Wrong, StringComparison.Ordinal);
            Assert.Equal([" -j DROP"], said.Chains[0].Rules.Select(r => r.Matches + r.Target));
        }
    }

    [Fact]
    public void A_rule_without_a_family_is_in_both_and_one_of_ipv6_in_ip6tables()
    {
        NftRule six = new NftRuleBuilder().NfProto(IpFamily.V6).Saddr(Hosts6).L4Proto(58).IcmpType(IpFamily.V6, 135).Accept().Build();
        TranslatedChain said = ChainTranslator.Translate(new RenderedChain("x", "", [six, new NftRuleBuilder().Reject().Build()]), IpFamily.V6, Marks);
        Assert.Equal([" -p 58 -m set --match-set canal-s6-a src -m icmp6 --icmpv6-type 135 -g canal-accept", " -j REJECT --reject-with icmp6-port-unreachable"], said.Chains[0].Rules.Select(r => r.Matches + r.Target));
    }

    private static List<IptablesChain> Said(NftRule[] rules) => [.. ChainTranslator.Translate(new RenderedChain("x", "", [.. rules]), IpFamily.V4, Marks).Chains];

    private static NftRule RuleOf(string name)
    {
        NftRuleBuilder rule = new();
        return (name switch
        {
            "accept" => rule.Counter().Accept(),
            "drop" => rule.Drop(),
            "return" => rule.Return(),
            "count" => rule.Counter(),
            "jump" => rule.Jump("x"),
            "goto" => rule.Goto("x"),
            "reject" => rule.Counter().Reject(),
            "established" => rule.CtState(NftCtState.Established | NftCtState.Related).Counter().Accept(),
            "invalid" => rule.CtState(NftCtState.Invalid).Drop(),
            "redirected" => rule.CtDnat().Return(),
            "interfaces" => rule.Iifname("cali*").Oifname("eth0").Drop(),
            "protocol" => rule.L4Proto(6).Sport(new PortRange(1, 1023)).Dport(new PortRange(443, 443), NftOperator.NotEqual).Drop(),
            "not protocol" => rule.L4Proto(17, NftOperator.NotEqual).Drop(),
            "two protocols" => rule.L4Proto([6, 17]).Drop(),
            "many ports" => rule.L4Proto(6).Dport([.. Enumerable.Range(0, 9).Select(i => new PortRange((ushort)(i * 10 + 1), (ushort)(i * 10 + (i == 7 ? 1 : 2))))]).Drop(),
            "prefix" => rule.NfProto(IpFamily.V4).Saddr(Cidr.Parse("10.0.0.0/8")).Daddr(Cidr.Parse("10.1.2.0/23")).Drop(),
            "prefixes" => rule.NfProto(IpFamily.V4).Saddr([Cidr.Parse("10.0.0.0/8"), Cidr.Parse("192.0.2.7/32")]).Drop(),
            "sets" => rule.NfProto(IpFamily.V4).Saddr(Hosts).Daddr(Hosts, NftOperator.NotEqual).DaddrProtocolDport(Named).Drop(),
            "port set" => rule.L4Proto(17).Dport(Ports, NftOperator.NotEqual).Drop(),
            "icmp" => rule.NfProto(IpFamily.V4).IcmpTypeCode(IpFamily.V4, 8, 0).Drop(),
            "not icmp" => rule.NfProto(IpFamily.V4).IcmpTypeCode(IpFamily.V4, 3, 1, NftOperator.NotEqual).Drop(),
            "contradiction" => rule.L4Proto(6).NfProto(IpFamily.V4).IcmpType(IpFamily.V4, 8).Drop(),
            "other family" => rule.NfProto(IpFamily.V6).Saddr(Cidr.Parse("fd00::/8")).Drop(),
            "spoofed" => rule.FibReversePathMissing().Drop(),
            "local" => rule.FibSaddrLocal().FibDaddrLocal(NftOperator.NotEqual).FibSaddrOifLocal(NftOperator.NotEqual).Drop(),
            "marks" => rule.MetaMark(Marks.Pass, Marks.Pass).CtMark(Marks.Revoked, Marks.Revoked).SetMetaMark(0, Marks.Pass),
            "tcp flags" => rule.L4Proto(6).TcpFlags(0, 4).Counter().Reject(NftReject.TcpReset),
            "limit" => rule.Limit(10, NftLimitUnit.Minute).Counter().Log("calico-packet: ", NftLogLevel.Notice),
            "connections" => rule.ConnectionsOver(3).Goto("x"),
            "dscp" => rule.NfProto(IpFamily.V4).SetDscp(IpFamily.V4, 10),
            "notrack" => rule.Notrack(),
            "masquerade" => rule.L4Proto(6).Counter().Masquerade(new PortRange(1024, 65535), NftNatFlags.FullyRandom),
            "snat" => rule.NfProto(IpFamily.V4).Snat(IpAddress.Parse("192.0.2.1"), flags: NftNatFlags.FullyRandom),
            "dnat" => rule.NfProto(IpFamily.V4).Daddr(Cidr.Parse("192.0.2.1/32")).Counter().Dnat(IpAddress.Parse("10.0.0.1")),
            _ => throw new ArgumentException(name),
        }).Build();
    }
}
