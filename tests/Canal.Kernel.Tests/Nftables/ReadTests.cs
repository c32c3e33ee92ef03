using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

public class ReadTests
{
    private static readonly NftSet Hosts = new("hosts", NftKeyType.Ipv4, Size: 10, Comment: "some hosts");
    private static readonly NftSet Nets = new("nets", NftKeyType.Ipv6, NftSetFlags.Interval);
    private static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap);

    [Fact]
    public void A_table_that_is_not_there_is_null()
    {
        NftSandbox.Run(sandbox => Assert.Null(sandbox.Nftables.Read("canal")));
    }

    [Fact]
    public void What_was_committed_is_what_is_read()
    {
        NftSandbox.Run(sandbox =>
        {
            NftRule first = new NftRuleBuilder().L4Proto(6).Dport([new(1, 2), new(9, 9)]).Counter().Accept().Build("first");
            NftRule second = new NftRuleBuilder().IifnameVmap(Dispatch).Build();
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, -5, NftPolicy.Drop), "base");
            transaction.AddChain("target");
            transaction.AddSet(Hosts);
            transaction.AddSet(Nets);
            transaction.AddSet(Dispatch);
            transaction.AddElements(Hosts, [IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2")]);
            transaction.AddElements(Nets, [Cidr.Parse("2001:db8::/32"), Cidr.Parse("2001:db9::/32"), Cidr.Parse("ffff::/16")]);
            transaction.AddElement(Dispatch, "eth0", NftVerdict.Goto("target"));
            transaction.AddRule("in", first);
            transaction.AddRule("in", second);
            uint before = sandbox.Nftables.Generation();
            sandbox.Nftables.Commit(transaction);

            NftTable table = sandbox.Nftables.Read("canal")!;
            Assert.Equal(before + 1, table.Generation);
            Assert.Equal(["in", "target"], table.Chains.Keys.Order());
            NftTableChain chain = table.Chains["in"];
            Assert.Equal(new NftBaseChain(NftChainType.Filter, NftHook.Input, -5, NftPolicy.Drop), chain.Base);
            Assert.Equal("base", chain.Comment);
            Assert.Equal([first.Identity, second.Identity], chain.Rules.Select(rule => rule.Identity));
            Assert.Equal(["first", ""], chain.Rules.Select(rule => rule.Comment));
            Assert.Equal([new NftCounter(0, 0), null], chain.Rules.Select(rule => rule.Counter));
            Assert.Null(table.Chains["target"].Base);
            Assert.Equal([Dispatch, Hosts, Nets], table.Sets.Values.Select(set => set.Description).OrderBy(set => set.Name));
            Assert.Equal(["10.0.0.1", "10.0.0.2"], Enumerable.Range(0, 2).Select(i => table.Sets["hosts"].Elements!.AddressAt(i).ToString()).Order());
            List<Cidr> prefixes = [];
            Assert.True(table.Sets["nets"].Elements!.TryReadPrefixes(prefixes));
            Assert.Equal(["2001:db8::/32", "2001:db9::/32", "ffff::/16"], prefixes.Select(prefix => prefix.ToString()));
            NftElements dispatch = table.Sets["dispatch"].Elements!;
            Assert.Equal(("eth0", NftVerdict.Goto("target")), (dispatch.InterfaceNameAt(0), dispatch.VerdictAt(0)));
            Assert.Null(sandbox.Nftables.ReadOutline("canal")!.Sets["hosts"].Elements);
            Assert.Equal(2, sandbox.Nftables.ReadElements("canal", "hosts").Count);
            Assert.Equal(chain.Rules, sandbox.Nftables.ReadRules("canal", "in"));
        });
    }

    [Fact]
    public void Another_programs_tables_are_passed_by_and_its_rules_have_no_identity()
    {
        NftSandbox.Run(sandbox =>
        {
            NftSandbox.Nft("-f -", """
                add table inet other
                add chain inet other in { type filter hook input priority 0; }
                add rule inet other in ip saddr { 1.1.1.1 } accept
                add set inet other s { type mark; }
                add table inet canal
                add chain inet canal foreign
                add rule inet canal foreign counter ip saddr { 1.1.1.1 } accept comment "by hand"
                """);
            NftTable table = sandbox.Nftables.Read("canal")!;
            Assert.Equal(["foreign"], table.Chains.Keys);
            Assert.Empty(table.Sets);
            NftTableRule rule = Assert.Single(table.Chains["foreign"].Rules);
            Assert.Equal((0ul, "by hand"), (rule.Identity, rule.Comment));
        });
    }

    [Fact]
    public void A_replaced_rule_keeps_its_handle_and_the_counter_it_is_given()
    {
        NftSandbox.Run(sandbox =>
        {
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            transaction.AddChain("c");
            transaction.AddRule("c", new NftRuleBuilder().Accept().Build("a"));
            sandbox.Nftables.Commit(transaction);
            ulong handle = sandbox.Nftables.ReadRules("canal", "c")[0].Handle;

            NftRule rule = new NftRuleBuilder().L4Proto(6).Counter().Dport([new(1, 1), new(3, 3)]).Drop().Build("b");
            transaction.Clear();
            transaction.ReplaceRule("c", handle, rule, new NftCounter(7, 700));
            sandbox.Nftables.Commit(transaction);
            Assert.Equal(new NftTableRule(handle, rule.Identity, "b", new NftCounter(7, 700)), Assert.Single(sandbox.Nftables.ReadRules("canal", "c")));
            Assert.Contains("counter packets 7 bytes 700 tcp dport { 1, 3 } drop comment \"b\"", NftSandbox.Nft("list table inet canal"), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_stale_generation_is_refused()
    {
        NftSandbox.Run(sandbox =>
        {
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            transaction.ExpectGeneration(sandbox.Nftables.Generation());
            sandbox.Nftables.Commit(transaction);
            transaction.AddChain("c");
            NftException refused = Assert.Throws<NftException>(() => sandbox.Nftables.Commit(transaction));
            Assert.Equal(Errno.ERESTART, refused.Errno);
            transaction.ExpectGeneration(sandbox.Nftables.Generation());
            sandbox.Nftables.Commit(transaction);
            Assert.Single(sandbox.Nftables.Read("canal")!.Chains);
        });
    }

    /// <summary>Linux 6.9; what a daemon wants: others cannot write, and its death does not open the host.</summary>
    [Fact]
    public void An_owned_persistent_table_keeps_others_out_and_outlives_its_owner()
    {
        NftSandbox.Run(sandbox =>
        {
            NftTransaction transaction = new("canal");
            transaction.AddTable(NftTableFlags.Owner | NftTableFlags.Persist);
            transaction.AddChain("c");
            using (NetlinkNftables owner = NetlinkNftables.Open())
            {
                try
                {
                    owner.Commit(transaction);
                }
                catch (NftException e) when (e.Errno == Errno.ENOTSUP)
                {
                    Assert.Skip("this kernel has no persistent tables");
                }
                Assert.Equal(NftTableFlags.Owner | NftTableFlags.Persist, sandbox.Nftables.Read("canal")!.Flags);
                NftException refused = Assert.Throws<NftException>(() => sandbox.Nftables.Commit(transaction));
                Assert.Equal(Errno.EPERM, refused.Errno);
                NftSandbox.Nft("flush ruleset");
            }
            Assert.Equal(NftTableFlags.Persist, sandbox.Nftables.Read("canal")!.Flags);
            sandbox.Nftables.Commit(transaction);
            Assert.Equal(["c"], sandbox.Nftables.Read("canal")!.Chains.Keys);
        });
    }

    [Fact]
    public void A_hundred_thousand_addresses_come_back()
    {
        NftSandbox.Run(sandbox =>
        {
            IpAddress[] addresses = [.. Enumerable.Range(0, 100_000).Select(i => IpAddress.FromV4(0x0a000000 + (uint)i))];
            NftSet hosts = Hosts with { Size = 200_000 };
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            transaction.AddSet(hosts);
            transaction.AddElements(hosts, addresses);
            sandbox.Nftables.Commit(transaction);
            NftElements elements = sandbox.Nftables.ReadElements("canal", "hosts");
            Assert.Equal(addresses, Enumerable.Range(0, elements.Count).Select(elements.AddressAt).Order());
            transaction.Clear();
            transaction.DeleteElements(hosts, addresses.AsSpan(1));
            sandbox.Nftables.Commit(transaction);
            Assert.Equal(addresses[0], sandbox.Nftables.ReadElements("canal", "hosts").AddressAt(0));
        });
    }
}
