using Canal.Core.Addressing;
using Canal.Linux.Nftables;
using Canal.Testing;
using CsCheck;
using static Canal.Kernel.Tests.Nftables.ParityObjects;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>The fake and the kernel are given the same transactions and must answer the same: committed or the same errno, and then hold the same.</summary>
public class ParityTests
{
    [Fact]
    public void Random_transactions_end_alike()
    {
        Assert.SkipUnless(Environment.UserName == "root", "network namespaces need root");
        int committed = 0, refused = 0;
        Transactions().Array[1, 12].Check(300, transactions => NftSandbox.Run(sandbox =>
        {
            FakeNftables fake = new();
            foreach (ParityStep[] steps in transactions)
            {
                if (Compare(sandbox.Nftables, fake, steps)) committed++;
                else refused++;
            }
        }), transactions => string.Join("\n", transactions.Select(steps => $"[{string.Join("; ", steps.AsEnumerable())}]")));
        Assert.True(committed > 300 && refused > 300, $"the transactions were one-sided: {committed} committed, {refused} refused");
    }

    public static TheoryData<string> Stories => [.. ParityStories.Names];

    [Theory]
    [MemberData(nameof(Stories))]
    public void A_story_ends_alike(string story)
    {
        NftSandbox.Run(sandbox =>
        {
            FakeNftables fake = new();
            foreach (ParityStep step in ParityStories.Tell(story)) Compare(sandbox.Nftables, fake, [step]);
        });
    }

    [Fact]
    public void Rules_are_changed_by_handle_alike()
    {
        NftSandbox.Run(sandbox => Assert.Equal(ChangeByHandle(sandbox.Nftables), ChangeByHandle(new FakeNftables())));
    }

    private static string ChangeByHandle(INftables nftables)
    {
        NftRuleBuilder rule = new();
        NftTransaction transaction = new("canal");
        transaction.AddTable();
        transaction.AddChain("a");
        foreach (string comment in (string[])["one", "two", "three"]) transaction.AddRule("a", rule.Counter().Accept().Build(comment));
        nftables.Commit(transaction);
        ulong[] handles = [.. nftables.ReadRules("canal", "a").Select(told => told.Handle)];
        transaction.Clear();
        transaction.ReplaceRule("a", handles[1], rule.Counter().Drop().Build("TWO"), new NftCounter(3, 300));
        transaction.AddRule("a", rule.Drop().Build("after one"), handles[0]);
        transaction.InsertRule("a", rule.L4Proto([6, 17]).Drop().Build("before three"), handles[2]);
        transaction.DeleteRule("a", handles[0]);
        nftables.Commit(transaction);
        Assert.Equal(handles[1], nftables.ReadRules("canal", "a").First(told => told.Comment == "TWO").Handle);
        return Describe(nftables.Read("canal"));
    }

    /// <summary>True when committed.</summary>
    private static bool Compare(NetlinkNftables kernel, FakeNftables fake, ParityStep[] steps)
    {
        NftTransaction transaction = new("canal");
        foreach (ParityStep step in steps) step.Write(transaction);
        uint kernelBefore = kernel.Generation(), fakeBefore = fake.Generation();
        string expected = Try(kernel, transaction), actual = Try(fake, transaction);
        string text = $"[{string.Join("; ", steps.AsEnumerable())}]";
        Assert.True(expected == actual, $"{text}: kernel '{expected}', fake '{actual}'");
        Assert.Equal(Describe(kernel.Read("canal")), Describe(fake.Read("canal")));
        Assert.True(kernel.Generation() - kernelBefore == fake.Generation() - fakeBefore,
            $"{text}: generation moved by {kernel.Generation() - kernelBefore} in the kernel, {fake.Generation() - fakeBefore} in the fake");
        return expected == "";
    }

    /// <summary>"" or the errno.</summary>
    private static string Try(INftables nftables, NftTransaction transaction)
    {
        try
        {
            nftables.Commit(transaction);
            return "";
        }
        catch (NftException e)
        {
            return $"{e.Errno}";
        }
    }

    /// <summary>Everything but handles, in the order of names.</summary>
    private static string Describe(NftTable? table)
    {
        if (table is null) return "none";
        List<string> lines = [$"table {table.Name} {table.Flags}"];
        foreach (NftTableChain chain in table.Chains.Values.OrderBy(chain => chain.Name, StringComparer.Ordinal))
        {
            lines.Add($"chain {chain.Name} {chain.Base} '{chain.Comment}'");
            lines.AddRange(chain.Rules.Select(rule => $"  {rule.Identity:x16} '{rule.Comment}' {rule.Counter}"));
        }
        foreach (NftTableSet set in table.Sets.Values.OrderBy(set => set.Description.Name, StringComparer.Ordinal))
        {
            lines.Add($"set {set.Description}");
            NftElements elements = set.Elements!;
            IEnumerable<string> texts = Enumerable.Range(0, elements.Count).Select(i =>
                $"  {Convert.ToHexStringLower(elements.KeyAt(i))} {elements.IsEnd(i)} {(set.Description.IsMap ? elements.VerdictAt(i) : "")}");
            lines.AddRange(set.Description.IsInterval ? texts : texts.Order(StringComparer.Ordinal));
        }
        return string.Join('\n', lines);
    }

    private static Gen<ParityStep[]> Transactions()
    {
        // Most transactions begin with what makes the rest possible, or nothing but refusals would be compared.
        ParityStep all = new("everything", transaction =>
        {
            transaction.AddTable();
            transaction.AddChain("base", new NftBaseChain(NftChainType.Filter, NftHook.Forward, 0));
            foreach (string chain in Chains) transaction.AddChain(chain);
            foreach (NftSet set in All) transaction.AddSet(set);
        });
        return Gen.Select(Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false))), Steps().Array[0, 6], (first, steps) => first ? [all, .. OneRemoval(steps)] : OneRemoval(steps));
    }

    /// <summary>
    /// Removes ranges at most once a transaction: one that is deleted, added and deleted again in one batch is found or not found by the kernel as the balance of
    /// its tree falls (the search passes by what was added beside the deleted one), which no fake can follow.
    /// </summary>
    private static ParityStep[] OneRemoval(ParityStep[] steps)
    {
        bool removed = false;
        List<ParityStep> kept = [];
        foreach (ParityStep step in steps)
        {
            if (!step.RemovesRanges || !removed) kept.Add(step);
            removed |= step.RemovesRanges;
        }
        return [.. kept];
    }

    private static Gen<ParityStep> Steps()
    {
        Gen<string> chain = Choice(Chains);
        Gen<NftSet> set = Choice(All);
        // Overlaps share no bound: what the kernel makes of those that do differs between versions.
        Gen<Cidr> prefix = Choice("10.0.0.0/24", "10.0.0.64/26", "10.0.0.80/28", "10.0.0.200", "10.0.1.0/24", "10.0.1.64/26", "10.0.2.0/24", "240.0.0.0/4").Select(Cidr.Parse);
        Gen<IpAddress> host = Gen.UInt[1, 5].Select(value => IpAddress.FromV4(0x0a000000 + value));
        Gen<NftVerdict> verdict = Gen.OneOf(chain.Select(NftVerdict.Jump), chain.Select(NftVerdict.Goto), Gen.Const(NftVerdict.Accept), Gen.Const(NftVerdict.Jump("base")));
        Gen<string> name = Choice("eth0", "eth1");
        return Gen.OneOf(
            Gen.Const(new ParityStep("add table", transaction => transaction.AddTable())),
            Gen.Int[0, 9].Select(chance => chance > 0 ? new ParityStep("add table", transaction => transaction.AddTable()) : new ParityStep("delete table", transaction => transaction.DeleteTable())),
            chain.Select(a => new ParityStep($"add chain {a}", transaction => transaction.AddChain(a))),
            chain.Select(a => new ParityStep($"delete chain {a}", transaction => transaction.DeleteChain(a))),
            chain.Select(a => new ParityStep($"flush chain {a}", transaction => transaction.FlushChain(a))),
            Choice(NftPolicy.Drop, NftPolicy.Accept).Select(policy =>
                new ParityStep($"policy {policy}", transaction => transaction.AddChain("base", new NftBaseChain(NftChainType.Filter, NftHook.Forward, 0, policy)))),
            set.Select(a => new ParityStep($"add set {a.Name}", transaction => transaction.AddSet(a))),
            set.Select(a => new ParityStep($"delete set {a.Name}", transaction => transaction.DeleteSet(a.Name))),
            set.Select(a => new ParityStep($"flush set {a.Name}", transaction => transaction.FlushSet(a.Name), RemovesRanges: a.IsInterval)),
            Gen.Select(Choice("base", "a", "b", "c"), Rules(), (a, rule) => new ParityStep($"add rule {a} {rule}", transaction => transaction.AddRule(a, rule))),
            Gen.Select(Choice("base", "a", "b", "c"), Rules(), (a, rule) => new ParityStep($"insert rule {a} {rule}", transaction => transaction.InsertRule(a, rule))),
            prefix.Select(p => new ParityStep($"add {p}", transaction => transaction.AddElements(Nets4, [p]))),
            prefix.Select(p => new ParityStep($"delete {p}", transaction => transaction.DeleteElements(Nets4, [p]), RemovesRanges: true)),
            host.Array[1, 4].Select(hosts => new ParityStep($"add {string.Join(',', hosts)} to small4", transaction => transaction.AddElements(Small4, hosts))),
            host.Array[1, 2].Select(hosts => new ParityStep($"delete {string.Join(',', hosts)} from small4", transaction => transaction.DeleteElements(Small4, hosts))),
            host.Select(a => new ParityStep($"add {a} to hosts4", transaction => transaction.AddElements(Hosts4, [a]))),
            host.Select(a => new ParityStep($"add {a}:80 to ports4", transaction => transaction.AddElements(Ports4, [new NftConcatenation(a, 6, 80)]))),
            Gen.Select(name, verdict, (a, to) => new ParityStep($"map {a} : {to}", transaction => transaction.AddElement(Dispatch, a, to))),
            name.Select(a => new ParityStep($"unmap {a}", transaction => transaction.DeleteElements(Dispatch, [a]))));
    }

    private static Gen<NftRule> Rules() => Gen.OneOf(
        Choice(Chains).Select(to => new NftRuleBuilder().Counter().Jump(to).Build()),
        Choice(Chains).Select(to => new NftRuleBuilder().Goto(to).Build("goto")),
        Gen.Const(new NftRuleBuilder().IifnameVmap(Dispatch).Build()),
        Gen.Const(new NftRuleBuilder().NfProto(IpFamily.V4).Saddr(Nets4).Drop().Build()),
        Gen.Const(new NftRuleBuilder().NfProto(IpFamily.V4).DaddrProtocolDport(Ports4).Counter().Accept().Build()),
        Gen.Const(new NftRuleBuilder().L4Proto(6).Dport([new(22, 22), new(80, 90)]).Accept().Build("ports")));

    private static Gen<T> Choice<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
