using Canal.Core.Addressing;
using Canal.Linux.Nftables;
using Canal.Testing;
using CsCheck;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>The fake and the kernel are given the same transactions and must answer the same: committed or the same errno, and then hold the same.</summary>
public class ParityTests
{
    private static readonly NftSet Hosts4 = new("hosts4", NftKeyType.Ipv4);
    private static readonly NftSet Small4 = new("small4", NftKeyType.Ipv4, Size: 3, Comment: "three");
    private static readonly NftSet Nets4 = new("nets4", NftKeyType.Ipv4, NftSetFlags.Interval);
    private static readonly NftSet Nets6 = new("nets6", NftKeyType.Ipv6, NftSetFlags.Interval);
    private static readonly NftSet Ports4 = new("ports4", NftKeyType.Ipv4ProtocolPort);
    private static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap);
    private static readonly NftSet Narrow = new("narrow", NftKeyType.Ipv4, NftSetFlags.Interval, Size: 3);
    private static readonly NftSet[] Sets = [Hosts4, Small4, Nets4, Nets6, Ports4, Dispatch, Narrow];
    private static readonly string[] Chains = ["a", "b", "c"];

    /// <summary>One step of a transaction; its text is what a failing test prints.</summary>
    private sealed record Step(string Text, Action<NftTransaction> Write)
    {
        public override string ToString() => Text;
    }

    [Fact]
    public void Random_transactions_end_alike()
    {
        Assert.SkipUnless(Environment.UserName == "root", "network namespaces need root");
        int committed = 0, refused = 0;
        Transactions().Array[1, 12].Sample(transactions => NftSandbox.Run(sandbox =>
        {
            FakeNftables fake = new();
            foreach (Step[] steps in transactions)
            {
                if (Compare(sandbox.Nftables, fake, steps)) committed++;
                else refused++;
            }
        }), iter: 300, threads: 1, print: transactions => string.Join("\n", transactions.Select(steps => $"[{string.Join("; ", steps.AsEnumerable())}]")));
        Assert.True(committed > 300 && refused > 300, $"the transactions were one-sided: {committed} committed, {refused} refused");
    }

    public static TheoryData<string> Stories => ["references", "loops", "depth", "hooks", "replace", "recreate", "ranges", "types", "generation"];

    [Theory]
    [MemberData(nameof(Stories))]
    public void A_story_ends_alike(string story)
    {
        NftSandbox.Run(sandbox =>
        {
            FakeNftables fake = new();
            foreach (Step step in Tell(story)) Compare(sandbox.Nftables, fake, [step]);
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
    private static bool Compare(NetlinkNftables kernel, FakeNftables fake, Step[] steps)
    {
        NftTransaction transaction = new("canal");
        foreach (Step step in steps) step.Write(transaction);
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

    private static Gen<Step[]> Transactions()
    {
        // Most transactions begin with what makes the rest possible, or nothing but refusals would be compared.
        Step all = new("everything", transaction =>
        {
            transaction.AddTable();
            transaction.AddChain("base", new NftBaseChain(NftChainType.Filter, NftHook.Forward, 0));
            foreach (string chain in Chains) transaction.AddChain(chain);
            foreach (NftSet set in Sets) transaction.AddSet(set);
        });
        return Gen.Select(Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false))), Steps().Array[0, 6], (first, steps) => first ? [all, .. steps] : steps);
    }

    private static Gen<Step> Steps()
    {
        Gen<string> chain = Choice(Chains);
        Gen<NftSet> set = Choice(Sets);
        Gen<Cidr> prefix = Gen.Select(Gen.UInt[0, 7], Gen.Int[28, 32], (value, length) => new Cidr(IpAddress.FromV4(0xfffffff8 + value), length));
        Gen<IpAddress> host = Gen.UInt[1, 5].Select(value => IpAddress.FromV4(0x0a000000 + value));
        Gen<NftVerdict> verdict = Gen.OneOf(chain.Select(NftVerdict.Jump), chain.Select(NftVerdict.Goto), Gen.Const(NftVerdict.Accept), Gen.Const(NftVerdict.Jump("base")));
        Gen<string> name = Choice("eth0", "eth1");
        return Gen.OneOf(
            Gen.Const(new Step("add table", transaction => transaction.AddTable())),
            Gen.Int[0, 9].Select(chance => chance > 0 ? new Step("add table", transaction => transaction.AddTable()) : new Step("delete table", transaction => transaction.DeleteTable())),
            chain.Select(a => new Step($"add chain {a}", transaction => transaction.AddChain(a))),
            chain.Select(a => new Step($"delete chain {a}", transaction => transaction.DeleteChain(a))),
            chain.Select(a => new Step($"flush chain {a}", transaction => transaction.FlushChain(a))),
            Choice(NftPolicy.Drop, NftPolicy.Accept).Select(policy =>
                new Step($"policy {policy}", transaction => transaction.AddChain("base", new NftBaseChain(NftChainType.Filter, NftHook.Forward, 0, policy)))),
            set.Select(a => new Step($"add set {a.Name}", transaction => transaction.AddSet(a))),
            set.Select(a => new Step($"delete set {a.Name}", transaction => transaction.DeleteSet(a.Name))),
            set.Select(a => new Step($"flush set {a.Name}", transaction => transaction.FlushSet(a.Name))),
            Gen.Select(Choice("base", "a", "b", "c"), Rules(), (a, rule) => new Step($"add rule {a} {rule}", transaction => transaction.AddRule(a, rule))),
            Gen.Select(Choice("base", "a", "b", "c"), Rules(), (a, rule) => new Step($"insert rule {a} {rule}", transaction => transaction.InsertRule(a, rule))),
            prefix.Select(p => new Step($"add {p}", transaction => transaction.AddElements(Nets4, [p]))),
            prefix.Select(p => new Step($"delete {p}", transaction => transaction.DeleteElements(Nets4, [p]))),
            host.Array[1, 4].Select(hosts => new Step($"add {string.Join(',', hosts)} to small4", transaction => transaction.AddElements(Small4, hosts))),
            host.Array[1, 2].Select(hosts => new Step($"delete {string.Join(',', hosts)} from small4", transaction => transaction.DeleteElements(Small4, hosts))),
            host.Select(a => new Step($"add {a} to hosts4", transaction => transaction.AddElements(Hosts4, [a]))),
            host.Select(a => new Step($"add {a}:80 to ports4", transaction => transaction.AddElements(Ports4, [new NftConcatenation(a, 6, 80)]))),
            Gen.Select(name, verdict, (a, to) => new Step($"map {a} : {to}", transaction => transaction.AddElement(Dispatch, a, to))),
            name.Select(a => new Step($"unmap {a}", transaction => transaction.DeleteElements(Dispatch, [a]))));
    }

    private static Gen<NftRule> Rules() => Gen.OneOf(
        Choice(Chains).Select(to => new NftRuleBuilder().Counter().Jump(to).Build()),
        Choice(Chains).Select(to => new NftRuleBuilder().Goto(to).Build("goto")),
        Gen.Const(new NftRuleBuilder().IifnameVmap(Dispatch).Build()),
        Gen.Const(new NftRuleBuilder().NfProto(IpFamily.V4).Saddr(Nets4).Drop().Build()),
        Gen.Const(new NftRuleBuilder().NfProto(IpFamily.V4).DaddrProtocolDport(Ports4).Counter().Accept().Build()),
        Gen.Const(new NftRuleBuilder().L4Proto(6).Dport([new(22, 22), new(80, 90)]).Accept().Build("ports")));

    private static Gen<T> Choice<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static IEnumerable<Step> Tell(string story)
    {
        NftRuleBuilder rule = new();
        yield return new Step("set up", transaction =>
        {
            transaction.AddTable();
            transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0));
            foreach (string chain in Chains) transaction.AddChain(chain, "a chain");
            foreach (NftSet set in Sets) transaction.AddSet(set);
        });
        switch (story)
        {
            case "references":
                yield return new Step("map", transaction => transaction.AddElement(Dispatch, "eth0", NftVerdict.Jump("a")));
                yield return new Step("delete a referenced chain", transaction => transaction.DeleteChain("a"));
                yield return new Step("chain first", transaction =>
                {
                    transaction.DeleteChain("a");
                    transaction.DeleteElements(Dispatch, ["eth0"]);
                });
                yield return new Step("element first", transaction =>
                {
                    transaction.DeleteElements(Dispatch, ["eth0"]);
                    transaction.DeleteChain("a");
                });
                yield return new Step("map again", transaction => transaction.AddElement(Dispatch, "eth0", NftVerdict.Jump("b")));
                yield return new Step("delete the map, then the chain", transaction =>
                {
                    transaction.DeleteSet("dispatch");
                    transaction.DeleteChain("b");
                });
                yield return new Step("a set in use", transaction => transaction.AddRule("c", rule.NfProto(IpFamily.V4).Saddr(Hosts4).Accept().Build()));
                yield return new Step("delete it", transaction => transaction.DeleteSet("hosts4"));
                yield return new Step("delete its user, then it", transaction =>
                {
                    transaction.FlushChain("c");
                    transaction.DeleteSet("hosts4");
                });
                break;
            case "loops":
                yield return new Step("a to b", transaction => transaction.AddRule("a", rule.Jump("b").Build()));
                yield return new Step("b to a, out of reach", transaction => transaction.AddRule("b", rule.Goto("a").Build()));
                yield return new Step("reach it", transaction => transaction.AddRule("in", rule.Jump("a").Build()));
                yield return new Step("reach it by the map", transaction =>
                {
                    transaction.AddElement(Dispatch, "eth0", NftVerdict.Jump("b"));
                    transaction.AddRule("in", rule.IifnameVmap(Dispatch).Build());
                });
                yield return new Step("jump to a base chain", transaction => transaction.AddRule("a", rule.Jump("in").Build()));
                break;
            case "depth":
                for (int i = 0; i < 18; i++)
                {
                    string at = i == 0 ? "in" : $"d{i}", next = $"d{i + 1}";
                    yield return new Step($"depth {i + 1}", transaction =>
                    {
                        transaction.AddChain(next);
                        transaction.AddRule(at, rule.Jump(next).Build());
                    });
                }
                break;
            case "hooks":
                yield return new Step("nat", transaction => transaction.AddChain("post", new NftBaseChain(NftChainType.Nat, NftHook.Postrouting, 100)));
                yield return new Step("nat in forward", transaction => transaction.AddChain("bad", new NftBaseChain(NftChainType.Nat, NftHook.Forward, 0)));
                yield return new Step("nat too early", transaction => transaction.AddChain("bad", new NftBaseChain(NftChainType.Nat, NftHook.Prerouting, -200)));
                yield return new Step("route in input", transaction => transaction.AddChain("bad", new NftBaseChain(NftChainType.Route, NftHook.Input, 0)));
                yield return new Step("other priority", transaction => transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 5)));
                yield return new Step("other hook", transaction => transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Output, 0)));
                yield return new Step("other type", transaction => transaction.AddChain("post", new NftBaseChain(NftChainType.Filter, NftHook.Postrouting, 100)));
                yield return new Step("regular again", transaction => transaction.AddChain("in"));
                yield return new Step("regular to base", transaction => transaction.AddChain("a", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0)));
                yield return new Step("other policy", transaction => transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0, NftPolicy.Drop)));
                yield return new Step("masquerade", transaction => transaction.AddRule("post", rule.Masquerade().Build()));
                yield return new Step("masquerade in filter", transaction => transaction.AddRule("in", rule.Masquerade().Build()));
                yield return new Step("masquerade out of reach", transaction => transaction.AddRule("b", rule.Masquerade().Build()));
                yield return new Step("and reached", transaction => transaction.AddRule("in", rule.Jump("b").Build()));
                yield return new Step("dnat in postrouting", transaction => transaction.AddRule("post", rule.Dnat(IpAddress.Parse("10.0.0.1")).Build()));
                yield return new Step("snat", transaction => transaction.AddRule("post", rule.Snat(IpAddress.Parse("10.0.0.1")).Build()));
                yield return new Step("rpfilter", transaction => transaction.AddRule("in", rule.FibReversePathMissing().Drop().Build()));
                yield return new Step("rpfilter in postrouting", transaction => transaction.AddRule("post", rule.FibReversePathMissing().Drop().Build()));
                yield return new Step("reject in postrouting", transaction => transaction.AddRule("post", rule.Reject().Build()));
                yield return new Step("reject", transaction => transaction.AddRule("in", rule.Reject().Build()));
                break;
            case "replace":
                yield return new Step("rules", transaction =>
                {
                    transaction.AddRule("a", rule.Accept().Build("one"));
                    transaction.AddRule("a", rule.Drop().Build("two"));
                    transaction.InsertRule("a", rule.L4Proto([6, 17]).Counter().Build("zero"));
                });
                yield return new Step("no such handle", transaction => transaction.ReplaceRule("a", 9999, rule.Accept().Build()));
                yield return new Step("delete no such handle", transaction => transaction.DeleteRule("a", 9999));
                yield return new Step("after no such handle", transaction => transaction.AddRule("a", rule.Accept().Build(), 9999));
                break;
            case "recreate":
                yield return new Step("delete and add in one", transaction =>
                {
                    transaction.DeleteChain("a");
                    transaction.AddChain("a", "new");
                    transaction.DeleteSet("hosts4");
                    transaction.AddSet(Hosts4 with { Key = NftKeyType.Ipv6 });
                });
                yield return new Step("the whole table", transaction =>
                {
                    transaction.AddTable();
                    transaction.DeleteTable();
                    transaction.AddTable();
                    transaction.AddChain("only");
                });
                yield return new Step("a rule that comes and goes with its anonymous set", transaction =>
                {
                    transaction.AddRule("only", rule.L4Proto([6, 17]).Accept().Build());
                    transaction.FlushChain("only");
                });
                yield return new Step("other flags", transaction => transaction.AddTable(NftTableFlags.Dormant));
                yield return new Step("and back", transaction => transaction.AddTable());
                break;
            case "ranges":
                yield return new Step("the ends", transaction => transaction.AddElements(Nets4, [Cidr.Parse("0.0.0.0/8"), Cidr.Parse("255.255.255.255")]));
                yield return new Step("again", transaction => transaction.AddElements(Nets4, [Cidr.Parse("0.0.0.0/8"), Cidr.Parse("255.255.255.255")]));
                yield return new Step("inside", transaction => transaction.AddElements(Nets4, [Cidr.Parse("0.1.0.0/16")]));
                yield return new Step("around", transaction => transaction.AddElements(Nets4, [Cidr.Parse("255.255.255.0/24")]));
                yield return new Step("beside", transaction => transaction.AddElements(Nets4, [Cidr.Parse("1.0.0.0/8"), Cidr.Parse("255.255.255.254")]));
                yield return new Step("smaller in one", transaction =>
                {
                    transaction.DeleteElements(Nets4, [Cidr.Parse("0.0.0.0/8")]);
                    transaction.AddElements(Nets4, [Cidr.Parse("0.0.0.0/9")]);
                });
                yield return new Step("delete inside", transaction => transaction.DeleteElements(Nets4, [Cidr.Parse("1.1.0.0/16")]));
                yield return new Step("everything, which has no END", transaction => transaction.AddElements(Narrow, [Cidr.Parse("0.0.0.0/0")]));
                yield return new Step("some of it", transaction => transaction.AddElements(Narrow, [Cidr.Parse("10.0.0.0/8")]));
                yield return new Step("its beginning", transaction => transaction.AddElements(Narrow, [Cidr.Parse("0.0.0.0/8")]));
                yield return new Step("more than fits", transaction => transaction.AddElements(Narrow,
                    [Cidr.Parse("1.0.0.0/8"), Cidr.Parse("3.0.0.0/8"), Cidr.Parse("5.0.0.0/8"), Cidr.Parse("7.0.0.0/8")]));
                yield return new Step("v6", transaction => transaction.AddElements(Nets6, [Cidr.Parse("::/0")]));
                yield return new Step("v6 host", transaction => transaction.AddElements(Nets6, [IpAddress.Parse("2001:db8::1")]));
                break;
            case "types":
                yield return new Step("another description", transaction => transaction.AddSet(Hosts4 with { Key = NftKeyType.Ipv6 }));
                yield return new Step("another size", transaction => transaction.AddSet(Hosts4 with { Size = 7 }));
                yield return new Step("interval", transaction => transaction.AddSet(Hosts4 with { Flags = NftSetFlags.Interval }));
                yield return new Step("wrong key", transaction => transaction.AddElements(Hosts4 with { Key = NftKeyType.Ipv6 }, [IpAddress.Parse("::1")]));
                yield return new Step("rule with a wider key", transaction => transaction.AddRule("a", rule.NfProto(IpFamily.V4).Saddr(Nets6 with { Key = NftKeyType.Ipv4 }).Build()));
                yield return new Step("set as a map", transaction => transaction.AddRule("a", rule.IifnameVmap(Dispatch with { Name = "hosts4" }).Build()));
                yield return new Step("map as a set", transaction => transaction.AddRule("a", rule.Iifname(Dispatch with { Flags = NftSetFlags.None }).Build()));
                yield return new Step("element without verdict", transaction => transaction.AddElements(Dispatch with { Flags = NftSetFlags.None }, ["eth0"]));
                yield return new Step("changed verdict", transaction =>
                {
                    transaction.AddElement(Dispatch, "eth0", NftVerdict.Accept);
                    transaction.DeleteElements(Dispatch, ["eth0"]);
                    transaction.AddElement(Dispatch, "eth0", NftVerdict.Drop);
                });
                yield return new Step("jump elsewhere", transaction =>
                {
                    transaction.AddElement(Dispatch, "eth1", NftVerdict.Jump("a"));
                    transaction.AddElement(Dispatch, "eth1", NftVerdict.Jump("b"));
                });
                break;
            case "generation":
                yield return new Step("nothing new", transaction => transaction.AddTable());
                yield return new Step("an old chain", transaction => transaction.AddChain("a", "other"));
                yield return new Step("an old set", transaction => transaction.AddSet(Hosts4));
                yield return new Step("an element", transaction => transaction.AddElements(Hosts4, [IpAddress.Parse("10.0.0.1")]));
                yield return new Step("an old element", transaction => transaction.AddElements(Hosts4, [IpAddress.Parse("10.0.0.1")]));
                yield return new Step("flush nothing", transaction => transaction.FlushChain("a"));
                yield return new Step("flush no elements", transaction => transaction.FlushSet("small4"));
                yield return new Step("a stale one", transaction =>
                {
                    transaction.ExpectGeneration(0x7fffffff);
                    transaction.AddChain("z");
                });
                break;
        }
    }
}
