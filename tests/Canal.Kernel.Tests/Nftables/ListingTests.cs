using Canal.Core.Addressing;
using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>What nft prints of our bytes: an operator must be able to read it, and nft to read it back.</summary>
public class ListingTests
{
    private static readonly NftSet Hosts4 = new("hosts4", NftKeyType.Ipv4);
    private static readonly NftSet Nets6 = new("nets6", NftKeyType.Ipv6, NftSetFlags.Interval);
    private static readonly NftSet Ports4 = new("ports4", NftKeyType.Ipv4ProtocolPort);
    private static readonly NftSet Ports6 = new("ports6", NftKeyType.Ipv6ProtocolPort);
    private static readonly NftSet Names = new("names", NftKeyType.IfName);
    private static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap);

    /// <summary>Each rule and the line that nft prints for it.</summary>
    internal static IEnumerable<(NftRule Rule, string Line)> Lines()
    {
        NftRuleBuilder rule = new();
        Cidr net4 = Cidr.Parse("10.0.0.0/8"), odd4 = Cidr.Parse("10.16.0.0/12"), net6 = Cidr.Parse("2001:db8::/32"), odd6 = Cidr.Parse("2001:db8::/61");
        yield return (rule.Iifname("eth0").Accept().Build(), "iifname \"eth0\" accept");
        yield return (rule.CtMark(0x80000, 0x80000).CtState(NftCtState.Established).Drop().Build(), "ct mark & 0x00080000 == 0x00080000 ct state established drop");
        yield return (rule.Iifname("cali1").LimitOver(100, 7).Counter().Drop().Build(), "iifname \"cali1\" limit rate over 100/second burst 7 packets counter packets 0 bytes 0 drop");
        yield return (rule.ConnectionsOver(10).Drop().Build(), "ct count over 10 drop");
        yield return (rule.NfProto(IpFamily.V4).SetDscp(IpFamily.V4, 5).Build(), "ip dscp set 0x05");
        yield return (rule.NfProto(IpFamily.V6).SetDscp(IpFamily.V6, 5).Build(), "ip6 dscp set 0x05");
        yield return (rule.Iifname("cali*", NftOperator.NotEqual).Drop().Build(), "iifname != \"cali*\" drop");
        yield return (rule.Oifname("cali*").Return().Build(), "oifname \"cali*\" return");
        yield return (rule.Iifname("*").Accept().Build(), "accept");
        yield return (rule.Iifname(Names).Accept().Build(), "iifname @names accept");
        yield return (rule.Oifname(Names, NftOperator.NotEqual).Accept().Build(), "oifname != @names accept");
        yield return (rule.IifnameVmap(Dispatch).Build(), "iifname vmap @dispatch");
        yield return (rule.OifnameVmap(Dispatch).Build(), "oifname vmap @dispatch");
        yield return (rule.NfProto(IpFamily.V4).Accept().Build(), "meta nfproto ipv4 accept");
        yield return (rule.L4Proto(6).Accept().Build(), "meta l4proto tcp accept");
        yield return (rule.L4Proto(17, NftOperator.NotEqual).Accept().Build(), "meta l4proto != udp accept");
        yield return (rule.L4Proto([6, 17]).Accept().Build(), "meta l4proto { tcp, udp } accept");
        yield return (rule.L4Proto([6, 17]).Dport(new PortRange(53, 53)).Accept().Build(), "meta l4proto { tcp, udp } th dport 53 accept");
        yield return (rule.NfProto(IpFamily.V4).Saddr(net4).Accept().Build(), "ip saddr 10.0.0.0/8 accept");
        yield return (rule.NfProto(IpFamily.V4).Daddr(odd4, NftOperator.NotEqual).Accept().Build(), "ip daddr != 10.16.0.0/12 accept");
        yield return (rule.NfProto(IpFamily.V4).Saddr(Cidr.Parse("10.1.2.3")).Accept().Build(), "ip saddr 10.1.2.3 accept");
        yield return (rule.NfProto(IpFamily.V4).Saddr(Cidr.Parse("0.0.0.0/0")).Accept().Build(), "ip saddr 0.0.0.0/0 accept");
        yield return (rule.NfProto(IpFamily.V6).Saddr(net6).Accept().Build(), "ip6 saddr 2001:db8::/32 accept");
        yield return (rule.NfProto(IpFamily.V6).Daddr(odd6, NftOperator.NotEqual).Accept().Build(), "ip6 daddr != 2001:db8::/61 accept");
        yield return (rule.NfProto(IpFamily.V4).Saddr([net4, Cidr.Parse("10.2.0.0/16"), Cidr.Parse("192.168.0.0/16")]).Accept().Build(),
            "ip saddr { 10.0.0.0/8, 192.168.0.0/16 } accept");
        yield return (rule.NfProto(IpFamily.V6).Daddr([net6, Cidr.Parse("fd00::/8")], NftOperator.NotEqual).Accept().Build(),
            "ip6 daddr != { 2001:db8::/32, fd00::/8 } accept");
        yield return (rule.NfProto(IpFamily.V4).Saddr(Hosts4).Accept().Build(), "ip saddr @hosts4 accept");
        yield return (rule.NfProto(IpFamily.V4).Daddr(Hosts4, NftOperator.NotEqual).Accept().Build(), "ip daddr != @hosts4 accept");
        yield return (rule.NfProto(IpFamily.V6).Saddr(Nets6).Accept().Build(), "ip6 saddr @nets6 accept");
        yield return (rule.NfProto(IpFamily.V4).SaddrProtocolSport(Ports4).Accept().Build(), "ip saddr . meta l4proto . th sport @ports4 accept");
        yield return (rule.NfProto(IpFamily.V4).SaddrProtocolDport(Ports4).Accept().Build(), "ip saddr . meta l4proto . th dport @ports4 accept");
        yield return (rule.NfProto(IpFamily.V6).DaddrProtocolDport(Ports6, NftOperator.NotEqual).Accept().Build(),
            "ip6 daddr . meta l4proto . th dport != @ports6 accept");
        yield return (rule.L4Proto(6).Dport(new PortRange(80, 80)).Accept().Build(), "tcp dport 80 accept");
        yield return (rule.L4Proto(17).Sport(new PortRange(1024, 2048)).Accept().Build(), "udp sport 1024-2048 accept");
        yield return (rule.L4Proto(6).Dport(new PortRange(80, 80), NftOperator.NotEqual).Accept().Build(), "tcp dport != 80 accept");
        yield return (rule.L4Proto(132).Dport(new PortRange(80, 90), NftOperator.NotEqual).Accept().Build(), "sctp dport != 80-90 accept");
        yield return (rule.L4Proto(6).Dport([new(22, 22), new(443, 443)]).Accept().Build(), "tcp dport { 22, 443 } accept");
        yield return (rule.L4Proto(6).Dport([new(80, 85), new(22, 22), new(84, 90)]).Accept().Build(), "tcp dport { 22, 80-90 } accept");
        yield return (rule.L4Proto(17).Sport([new(60000, 65535), new(0, 7)], NftOperator.NotEqual).Accept().Build(), "udp sport != { 0-7, 60000-65535 } accept");
        yield return (rule.NfProto(IpFamily.V4).IcmpType(IpFamily.V4, 8).Accept().Build(), "icmp type echo-request accept");
        yield return (rule.NfProto(IpFamily.V6).IcmpType(IpFamily.V6, 128, NftOperator.NotEqual).Accept().Build(), "icmpv6 type != echo-request accept");
        yield return (rule.NfProto(IpFamily.V4).IcmpTypeCode(IpFamily.V4, 3, 1).Accept().Build(), "icmp type destination-unreachable icmp code host-unreachable accept");
        yield return (rule.NfProto(IpFamily.V4).IcmpTypeCode(IpFamily.V4, 3, 1, NftOperator.NotEqual).Accept().Build(),
            "icmp type . icmp code != { destination-unreachable . host-unreachable } accept");
        yield return (rule.NfProto(IpFamily.V6).IcmpTypeCode(IpFamily.V6, 1, 4, NftOperator.NotEqual).Accept().Build(),
            "icmpv6 type . icmpv6 code != { destination-unreachable . port-unreachable } accept");
        yield return (rule.L4Proto(6).TcpFlags(2, 0x12).Accept().Build(), "tcp flags syn / syn,ack accept");
        yield return (rule.L4Proto(6).TcpFlags(2, 0x17, NftOperator.NotEqual).Drop().Build(), "tcp flags != syn / fin,syn,rst,ack drop");
        yield return (rule.CtState(NftCtState.Established | NftCtState.Related).Accept().Build(), "ct state established,related accept");
        yield return (rule.CtDnat().Accept().Build(), "ct status dnat accept");
        yield return (rule.CtState(NftCtState.Invalid).Drop().Build(), "ct state invalid drop");
        yield return (rule.CtState(NftCtState.Invalid | NftCtState.New, NftOperator.NotEqual).Accept().Build(), "ct state ! invalid,new accept");
        yield return (rule.MetaMark(0x10).Accept().Build(), "meta mark 0x00000010 accept");
        yield return (rule.MetaMark(0x100, 0xff00).Accept().Build(), "meta mark & 0x0000ff00 == 0x00000100 accept");
        yield return (rule.MetaMark(0x100, 0xff00, NftOperator.NotEqual).Accept().Build(), "meta mark & 0x0000ff00 != 0x00000100 accept");
        yield return (rule.SetMetaMark(0x1234).Build(), "meta mark set 0x00001234");
        yield return (rule.SetMetaMark(0x100, 0xff00).Build(), "meta mark set meta mark & 0xffff01ff | 0x00000100");
        yield return (rule.FibReversePathMissing().Drop().Build(), "fib saddr . mark . iif oif 0 drop");
        yield return (rule.FibDaddrLocal().Accept().Build(), "fib daddr type local accept");
        yield return (rule.FibSaddrLocal(NftOperator.NotEqual).Accept().Build(), "fib saddr type != local accept");
        yield return (rule.Counter().Accept().Build("a \"comment\"\n"), "counter packets 0 bytes 0 accept comment \"a 'comment' \"");
        yield return (rule.Log("canal: ", NftLogLevel.Info).Build(), "log prefix \"canal: \" level info");
        yield return (rule.Log(7, "x").Accept().Build(), "log prefix \"x\" group 7 accept");
        yield return (rule.Limit(10, NftLimitUnit.Minute, 20).Accept().Build(), "limit rate 10/minute burst 20 packets accept");
        yield return (rule.Jump("target").Build(), "jump target");
        yield return (rule.Goto("target").Build(), "goto target");
        yield return (rule.Continue().Build(), "continue");
        yield return (rule.Reject().Build(), "reject");
        yield return (rule.Reject(NftReject.AdminProhibited).Build(), "reject with icmpx admin-prohibited");
        yield return (rule.L4Proto(6).Reject(NftReject.TcpReset).Build(), "meta l4proto tcp reject with tcp reset");
        yield return (rule.Masquerade().Build(), "masquerade");
        yield return (rule.L4Proto(6).Masquerade(new PortRange(1024, 65535), NftNatFlags.FullyRandom).Build(), "meta l4proto tcp masquerade to :1024-65535 fully-random");
        yield return (rule.Snat(IpAddress.Parse("192.0.2.1")).Build(), "snat ip to 192.0.2.1");
        yield return (rule.NfProto(IpFamily.V6).L4Proto(6).Dnat(IpAddress.Parse("2001:db8::1"), new PortRange(80, 80)).Build(), "meta nfproto ipv6 meta l4proto tcp dnat ip6 to [2001:db8::1]:80");
        yield return (rule.L4Proto(17).Snat(IpAddress.Parse("192.0.2.1"), new PortRange(1000, 2000)).Build(), "meta l4proto udp snat ip to 192.0.2.1:1000-2000");
        yield return (rule.Notrack().Build(), "notrack");
    }

    [Fact]
    public void Nft_prints_each_rule_as_one_would_write_it()
    {
        NftSandbox.Run(sandbox =>
        {
            sandbox.Nftables.Commit(WithRules());
            Assert.Equal(Lines().Select(line => line.Line), RuleLines(NftSandbox.Nft("list chain inet canal rules")));
        });
    }

    [Fact]
    public void A_rule_prints_itself_as_nft_does()
    {
        Assert.All(Lines(), line => Assert.Equal(line.Line, line.Rule.ToString()));
    }

    [Fact]
    public void Nft_reads_its_listing_of_our_rules_back_into_the_same_bytes()
    {
        NftSandbox.Run(sandbox =>
        {
            sandbox.Nftables.Commit(WithRules());
            string listing = NftSandbox.Nft("list table inet canal");
            NftSandbox.Nft("delete table inet canal");
            NftSandbox.Nft("-f -", listing);
            Assert.Equal(listing, NftSandbox.Nft("list table inet canal"));
            NftSandbox.Nft("-j list table inet canal");
        });
    }

    private static NftTransaction WithRules()
    {
        NftTransaction transaction = new("canal");
        transaction.AddTable();
        transaction.AddChain("target", "where jumps go");
        transaction.AddChain("rules");
        foreach (NftSet set in (NftSet[])[Hosts4, Nets6, Ports4, Ports6, Names, Dispatch]) transaction.AddSet(set);
        foreach ((NftRule rule, _) in Lines()) transaction.AddRule("rules", rule);
        return transaction;
    }

    private static string[] RuleLines(string listing) =>
        [.. listing.Split('\n').Where(line => line.StartsWith("\t\t", StringComparison.Ordinal)).Select(line => line.Trim())];
}
