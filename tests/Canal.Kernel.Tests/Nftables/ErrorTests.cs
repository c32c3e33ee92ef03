using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>The sentences of refused transactions: what, errno, where.</summary>
public class ErrorTests
{
    private static readonly NftSet Hosts = new("hosts", NftKeyType.Ipv4);
    private static readonly NftSet Nets = new("nets", NftKeyType.Ipv4, NftSetFlags.Interval);
    private static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap);

    public static TheoryData<string, int, string> Refused => new()
    {
        { "no table", Errno.ENOENT, "delete table nothing: No such file or directory (errno 2): at NAME 'nothing'" },
        { "no chain", Errno.ENOENT, "add rule to chain missing (rule 1): No such file or directory (errno 2): at CHAIN 'missing'" },
        { "no set", Errno.ENOENT, "add rule to chain c (rule 2, \"second\"): No such file or directory (errno 2): at EXPRESSIONS/lookup" },
        { "no target", Errno.ENOENT, "add rule to chain c (rule 1): No such file or directory (errno 2): at EXPRESSIONS/immediate" },
        { "no element", Errno.ENOENT, "delete element 10.0.0.3 from set hosts: No such file or directory (errno 2): at ELEMENTS/element" },
        { "no handle", Errno.ENOENT, "delete rule handle 99 of chain c: No such file or directory (errno 2): at HANDLE" },
        { "overlap", Errno.EEXIST, "add element 10.0.0.0/16 to set nets: File exists (errno 17): at ELEMENTS/element" },
        { "verdict", Errno.EEXIST, "add element eth0 to set dispatch: File exists (errno 17): at ELEMENTS/element" },
        { "busy", Errno.EBUSY, "delete chain c: Device or resource busy (errno 16): at NAME 'c'" },
        { "busy set", Errno.EBUSY, "delete set hosts: Device or resource busy (errno 16): at NAME 'hosts'" },
        { "loop", Errno.EMLINK, "add rule to chain c (rule 1): Too many links (errno 31)" },
        { "full", Errno.ENFILE, "add element 10.0.0.2 to set small: Too many open files in system (errno 23): at ELEMENTS/element" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_refusal_says_what_and_where(string fault, int errno, string sentence)
    {
        NftSandbox.Run(sandbox =>
        {
            sandbox.Nftables.Commit(Standing());
            string before = NftSandbox.Nft("list ruleset");
            NftException refused = Assert.Throws<NftException>(() => sandbox.Nftables.Commit(Faulty(fault)));
            Assert.Equal((errno, false), (refused.Errno, refused.OutcomeUnknown));
            Assert.StartsWith(sentence, refused.Message, StringComparison.Ordinal);
            Assert.Equal(before, NftSandbox.Nft("list ruleset"));
        });
    }

    [Fact]
    public void Thousands_of_errors_are_still_one_refusal_with_the_first_of_them()
    {
        NftSandbox.Run(sandbox =>
        {
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            for (int i = 0; i < 20_000; i++) transaction.AddRule($"missing{i}", new NftRuleBuilder().Accept().Build());
            NftException refused = Assert.Throws<NftException>(() => sandbox.Nftables.Commit(transaction));
            Assert.StartsWith("add rule to chain missing0 ", refused.Message, StringComparison.Ordinal);
            transaction.Clear();
            transaction.AddTable();
            sandbox.Nftables.Commit(transaction);
        });
    }

    private static NftTransaction Standing()
    {
        NftTransaction transaction = new("canal");
        transaction.AddTable();
        transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0));
        transaction.AddChain("c");
        transaction.AddSet(Hosts);
        transaction.AddSet(Nets);
        transaction.AddSet(Dispatch);
        transaction.AddElements(Hosts, [IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2")]);
        transaction.AddElements(Nets, [Cidr.Parse("10.0.0.0/24")]);
        transaction.AddElement(Dispatch, "eth0", NftVerdict.Jump("c"));
        transaction.AddRule("in", new NftRuleBuilder().NfProto(IpFamily.V4).Saddr(Hosts).IifnameVmap(Dispatch).Build());
        return transaction;
    }

    private static NftTransaction Faulty(string fault)
    {
        NftTransaction transaction = new(fault == "no table" ? "nothing" : "canal");
        NftRuleBuilder rule = new();
        switch (fault)
        {
            case "no table":
                transaction.DeleteTable();
                break;
            case "no chain":
                transaction.AddRule("missing", rule.Accept().Build());
                break;
            case "no set":
                transaction.AddRule("c", rule.Accept().Build());
                transaction.AddRule("c", rule.NfProto(IpFamily.V4).Saddr(Hosts with { Name = "gone" }).Accept().Build("second"));
                break;
            case "no target":
                transaction.AddRule("c", rule.Jump("gone").Build());
                break;
            case "no element":
                transaction.DeleteElements(Hosts, [IpAddress.Parse("10.0.0.2"), IpAddress.Parse("10.0.0.3")]);
                break;
            case "no handle":
                transaction.DeleteRule("c", 99);
                break;
            case "overlap":
                transaction.AddElements(Nets, [Cidr.Parse("192.168.0.0/16"), Cidr.Parse("10.0.0.0/16")]);
                break;
            case "verdict":
                transaction.AddElement(Dispatch, "eth0", NftVerdict.Accept);
                break;
            case "busy":
                transaction.DeleteChain("c");
                break;
            case "busy set":
                transaction.DeleteSet("hosts");
                break;
            case "loop":
                transaction.AddRule("c", rule.Jump("c").Build());
                break;
            case "full":
                NftSet small = new("small", NftKeyType.Ipv4, Size: 1);
                transaction.AddSet(small);
                transaction.AddElements(small, [IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2")]);
                break;
        }
        return transaction;
    }
}
