using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

public class FaultTests
{
    [Fact]
    public void Every_refused_message_is_told_with_what_it_is_about()
    {
        NftSandbox.Run(sandbox =>
        {
            NftRuleBuilder builder = new();
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            transaction.AddChain("a");
            transaction.AddChain("b");
            transaction.AddRule("a", builder.NfProto(IpFamily.V4).Saddr(new NftSet("nowhere", NftKeyType.Ipv4)).Accept().Build());
            transaction.AddRule("a", builder.Accept().Build());
            transaction.AddRule("b", builder.Jump("missing").Build("why"));
            transaction.AddElements(new NftSet("none", NftKeyType.Ipv4), [IpAddress.Parse("192.0.2.1")]);
            NftException refusal = Assert.Throws<NftException>(() => sandbox.Nftables.Commit(transaction));
            Assert.Equal([new NftFault(Errno.ENOENT, "a", null), new NftFault(Errno.ENOENT, "b", null, "why"), new NftFault(Errno.ENOENT, null, "none")], refusal.Faults);
            Assert.Null(sandbox.Nftables.Read("canal"));
        });
    }

    [Fact]
    public void A_set_inside_a_rule_may_be_larger_than_a_message()
    {
        NftSandbox.Run(sandbox =>
        {
            PortRange[] odd = [.. Enumerable.Range(0, 30_000).Select(i => new PortRange((ushort)(2 * i + 1), (ushort)(2 * i + 1)))];
            PortRange[] pairs = [.. Enumerable.Range(0, 10_000).Select(i => new PortRange((ushort)(4 * i + 1), (ushort)(4 * i + 2)))];
            NftRuleBuilder builder = new();
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            transaction.AddChain("c");
            transaction.AddRule("c", builder.L4Proto(6).Dport(odd).Accept().Build());
            transaction.AddRule("c", builder.L4Proto(6).Dport(pairs).Accept().Build());
            sandbox.Nftables.Commit(transaction);
            string listing = NftSandbox.Nft("list chain inet canal c");
            Assert.All(odd.Select(p => p.First.ToString()).Where((_, i) => i % 1000 == 999).Append("59999"), port => Assert.Contains(port, listing, StringComparison.Ordinal));
            Assert.Equal(40_000, listing.Count(c => c == ',') + 2);
            Assert.Contains("39997-39998", listing, StringComparison.Ordinal);
        });
    }
}
