using Canal.Core.Addressing;
using Canal.Linux.Nftables;
using Canal.Testing;
using Canal.Testing.Nftables;

namespace Canal.Linux.Tests.Nftables;

/// <summary>What the fake offers beyond the kernel; its likeness to the kernel is tested with the kernel.</summary>
public class FakeNftablesTests
{
    private static readonly NftSet Hosts = new("hosts", NftKeyType.Ipv4, Size: 10);
    private static readonly NftSet Nets = new("nets", NftKeyType.Ipv6, NftSetFlags.Interval, Comment: "prefixes");
    private static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap);

    [Fact]
    public void The_dump_reads_as_nft_prints()
    {
        FakeNftables fake = new();
        fake.Commit(Ruleset());
        fake.SetCounter("canal", "policy/a", 0, new NftCounter(3, 252));
        Assert.Equal(
            """
            table inet canal {
            	map dispatch {
            		type ifname : verdict
            		elements = { "cali1" : jump policy/a, "cali2" : drop }
            	}
            	set hosts {
            		type ipv4_addr
            		size 10
            		elements = { 10.0.0.1, 10.0.0.2 }
            	}
            	set nets {
            		type ipv6_addr
            		flags interval
            		comment "prefixes"
            		elements = { 2001:db8::/32, ff00::/8 }
            	}
            	chain forward {
            		type filter hook forward priority -5; policy drop;
            		iifname vmap @dispatch
            	}
            	chain policy/a {
            		comment "policy a"
            		ip saddr @hosts tcp dport { 22, 80-90 } counter packets 3 bytes 252 accept comment "rule 1"
            		ip6 daddr != @nets drop
            	}
            }

            """, fake.Dump("canal"));
        Assert.Equal(new NftCounter(3, 252), fake.ReadRules("canal", "policy/a")[0].Counter);
        Assert.Equal("", fake.Dump("other"));
    }

    [Fact]
    public void Commits_and_messages_are_counted_and_empty_ones_are_not()
    {
        FakeNftables fake = new();
        NftTransaction transaction = new("canal");
        fake.Commit(transaction);
        Assert.Equal((0, 0), (fake.Commits, fake.Messages));
        transaction.AddTable();
        transaction.AddChain("c");
        fake.Commit(transaction);
        fake.CommitByOther(transaction);
        Assert.Equal((1, 2), (fake.Commits, fake.Messages));
    }

    [Fact]
    public void A_fault_strikes_once_and_says_what_the_kernel_would_have_done()
    {
        FakeNftables fake = new();
        NftTransaction transaction = new("canal");
        transaction.AddTable();

        fake.FailNextCommit(FakeFault.Refused(Errno.EPERM));
        NftException refused = Assert.Throws<NftException>(() => fake.Commit(transaction));
        Assert.Equal((Errno.EPERM, false), (refused.Errno, refused.OutcomeUnknown));
        Assert.Null(fake.Read("canal"));

        fake.FailNextCommit(FakeFault.LostBeforeCommit);
        Assert.True(Assert.Throws<NftException>(() => fake.Commit(transaction)).OutcomeUnknown);
        Assert.Null(fake.Read("canal"));

        fake.FailNextCommit(FakeFault.LostAfterCommit);
        Assert.True(Assert.Throws<NftException>(() => fake.Commit(transaction)).OutcomeUnknown);
        Assert.NotNull(fake.Read("canal"));

        fake.FailCommit(5, FakeFault.Refused(Errno.EPERM));
        fake.Commit(transaction);
        Assert.Throws<NftException>(() => fake.Commit(transaction));
        fake.Commit(transaction);
    }

    [Fact]
    public void A_refusal_is_the_kernels_sentence_and_leaves_nothing_behind()
    {
        FakeNftables fake = new();
        fake.Commit(Ruleset());
        string before = fake.Dump("canal");
        uint generation = fake.Generation();
        NftTransaction transaction = new("canal");
        transaction.AddChain("new");
        transaction.FlushChain("policy/a");
        transaction.FlushSet("hosts");
        transaction.DeleteElements(Dispatch, ["cali2"]);
        transaction.AddRule("new", new NftRuleBuilder().Jump("missing").Build("oops"));
        NftException refused = Assert.Throws<NftException>(() => fake.Commit(transaction));
        Assert.Equal("add rule to chain new (rule 1, \"oops\"): No such file or directory (errno 2)", refused.Message);
        Assert.Equal((before, generation), (fake.Dump("canal"), fake.Generation()));
    }

    private static NftTransaction Ruleset()
    {
        NftRuleBuilder rule = new();
        NftTransaction transaction = new("canal");
        transaction.AddTable();
        transaction.AddChain("forward", new NftBaseChain(NftChainType.Filter, NftHook.Forward, -5, NftPolicy.Drop));
        transaction.AddChain("policy/a", "policy a");
        foreach (NftSet set in (NftSet[])[Hosts, Nets, Dispatch]) transaction.AddSet(set);
        transaction.AddElements(Hosts, [IpAddress.Parse("10.0.0.2"), IpAddress.Parse("10.0.0.1")]);
        transaction.AddElements(Nets, [Cidr.Parse("ff00::/8"), Cidr.Parse("2001:db8::/32")]);
        transaction.AddElement(Dispatch, "cali2", NftVerdict.Drop);
        transaction.AddElement(Dispatch, "cali1", NftVerdict.Jump("policy/a"));
        transaction.AddRule("policy/a", rule.NfProto(IpFamily.V4).Saddr(Hosts).L4Proto(6).Dport([new(22, 22), new(80, 90)]).Counter().Accept().Build("rule 1"));
        transaction.AddRule("policy/a", rule.NfProto(IpFamily.V6).Daddr(Nets, NftOperator.NotEqual).Drop().Build());
        transaction.AddRule("forward", rule.IifnameVmap(Dispatch).Build());
        return transaction;
    }
}
