using Canal.Core.Addressing;
using Canal.Linux.Nftables;
using static Canal.Kernel.Tests.Nftables.ParityObjects;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>Handwritten sequences of transactions, one a step, each about one rule of the kernel.</summary>
internal static class ParityStories
{
    private static readonly Dictionary<string, Func<NftRuleBuilder, IEnumerable<ParityStep>>> Stories = new()
    {
        ["references"] = References,
        ["loops"] = Loops,
        ["depth"] = Depth,
        ["hooks"] = Hooks,
        ["replace"] = Replace,
        ["recreate"] = Recreate,
        ["ranges"] = Ranges,
        ["types"] = Types,
        ["generation"] = Generation,
    };

    internal static IEnumerable<string> Names => Stories.Keys;

    internal static IEnumerable<ParityStep> Tell(string story) => [SetUp, .. Stories[story](new NftRuleBuilder())];

    private static readonly ParityStep SetUp = new("set up", transaction =>
    {
        transaction.AddTable();
        transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0));
        foreach (string chain in Chains) transaction.AddChain(chain, "a chain");
        foreach (NftSet set in All) transaction.AddSet(set);
    });

    private static IEnumerable<ParityStep> References(NftRuleBuilder rule)
    {
        yield return new ParityStep("map", transaction => transaction.AddElement(Dispatch, "eth0", NftVerdict.Jump("a")));
        yield return new ParityStep("delete a referenced chain", transaction => transaction.DeleteChain("a"));
        yield return new ParityStep("chain first", transaction =>
        {
            transaction.DeleteChain("a");
            transaction.DeleteElements(Dispatch, ["eth0"]);
        });
        yield return new ParityStep("element first", transaction =>
        {
            transaction.DeleteElements(Dispatch, ["eth0"]);
            transaction.DeleteChain("a");
        });
        yield return new ParityStep("map again", transaction => transaction.AddElement(Dispatch, "eth0", NftVerdict.Jump("b")));
        yield return new ParityStep("delete the map, then the chain", transaction =>
        {
            transaction.DeleteSet("dispatch");
            transaction.DeleteChain("b");
        });
        yield return new ParityStep("a set in use", transaction => transaction.AddRule("c", rule.NfProto(IpFamily.V4).Saddr(Hosts4).Accept().Build()));
        yield return new ParityStep("delete it", transaction => transaction.DeleteSet("hosts4"));
        yield return new ParityStep("delete its user, then it", transaction =>
        {
            transaction.FlushChain("c");
            transaction.DeleteSet("hosts4");
        });
    }

    private static IEnumerable<ParityStep> Loops(NftRuleBuilder rule)
    {
        yield return new ParityStep("a to b", transaction => transaction.AddRule("a", rule.Jump("b").Build()));
        yield return new ParityStep("b to a, out of reach", transaction => transaction.AddRule("b", rule.Goto("a").Build()));
        yield return new ParityStep("reach it", transaction => transaction.AddRule("in", rule.Jump("a").Build()));
        yield return new ParityStep("reach it by the map", transaction =>
        {
            transaction.AddElement(Dispatch, "eth0", NftVerdict.Jump("b"));
            transaction.AddRule("in", rule.IifnameVmap(Dispatch).Build());
        });
        yield return new ParityStep("jump to a base chain", transaction => transaction.AddRule("a", rule.Jump("in").Build()));
    }

    private static IEnumerable<ParityStep> Depth(NftRuleBuilder rule)
    {
        for (int i = 0; i < 18; i++)
        {
            string at = i == 0 ? "in" : $"d{i}", next = $"d{i + 1}";
            yield return new ParityStep($"depth {i + 1}", transaction =>
            {
                transaction.AddChain(next);
                transaction.AddRule(at, rule.Jump(next).Build());
            });
        }
    }

    private static IEnumerable<ParityStep> Hooks(NftRuleBuilder rule)
    {
        yield return new ParityStep("nat", transaction => transaction.AddChain("post", new NftBaseChain(NftChainType.Nat, NftHook.Postrouting, 100)));
        yield return new ParityStep("nat in forward", transaction => transaction.AddChain("bad", new NftBaseChain(NftChainType.Nat, NftHook.Forward, 0)));
        yield return new ParityStep("nat too early", transaction => transaction.AddChain("bad", new NftBaseChain(NftChainType.Nat, NftHook.Prerouting, -200)));
        yield return new ParityStep("route in input", transaction => transaction.AddChain("bad", new NftBaseChain(NftChainType.Route, NftHook.Input, 0)));
        yield return new ParityStep("other priority", transaction => transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 5)));
        yield return new ParityStep("other hook", transaction => transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Output, 0)));
        yield return new ParityStep("other type", transaction => transaction.AddChain("post", new NftBaseChain(NftChainType.Filter, NftHook.Postrouting, 100)));
        yield return new ParityStep("regular again", transaction => transaction.AddChain("in"));
        yield return new ParityStep("regular to base", transaction => transaction.AddChain("a", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0)));
        yield return new ParityStep("other policy", transaction => transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0, NftPolicy.Drop)));
        yield return new ParityStep("masquerade", transaction => transaction.AddRule("post", rule.Masquerade().Build()));
        yield return new ParityStep("masquerade in filter", transaction => transaction.AddRule("in", rule.Masquerade().Build()));
        yield return new ParityStep("masquerade out of reach", transaction => transaction.AddRule("b", rule.Masquerade().Build()));
        yield return new ParityStep("and reached", transaction => transaction.AddRule("in", rule.Jump("b").Build()));
        yield return new ParityStep("dnat in postrouting", transaction => transaction.AddRule("post", rule.Dnat(IpAddress.Parse("10.0.0.1")).Build()));
        yield return new ParityStep("snat", transaction => transaction.AddRule("post", rule.Snat(IpAddress.Parse("10.0.0.1")).Build()));
        yield return new ParityStep("rpfilter", transaction => transaction.AddRule("in", rule.FibReversePathMissing().Drop().Build()));
        yield return new ParityStep("rpfilter in postrouting", transaction => transaction.AddRule("post", rule.FibReversePathMissing().Drop().Build()));
        yield return new ParityStep("reject in postrouting", transaction => transaction.AddRule("post", rule.Reject().Build()));
        yield return new ParityStep("reject", transaction => transaction.AddRule("in", rule.Reject().Build()));
    }

    private static IEnumerable<ParityStep> Replace(NftRuleBuilder rule)
    {
        yield return new ParityStep("rules", transaction =>
        {
            transaction.AddRule("a", rule.Accept().Build("one"));
            transaction.AddRule("a", rule.Drop().Build("two"));
            transaction.InsertRule("a", rule.L4Proto([6, 17]).Counter().Build("zero"));
        });
        yield return new ParityStep("no such handle", transaction => transaction.ReplaceRule("a", 9999, rule.Accept().Build()));
        yield return new ParityStep("delete no such handle", transaction => transaction.DeleteRule("a", 9999));
        yield return new ParityStep("after no such handle", transaction => transaction.AddRule("a", rule.Accept().Build(), 9999));
    }

    private static IEnumerable<ParityStep> Recreate(NftRuleBuilder rule)
    {
        yield return new ParityStep("delete and add in one", transaction =>
        {
            transaction.DeleteChain("a");
            transaction.AddChain("a", "new");
            transaction.DeleteSet("hosts4");
            transaction.AddSet(Hosts4 with { Key = NftKeyType.Ipv6 });
        });
        yield return new ParityStep("the whole table", transaction =>
        {
            transaction.AddTable();
            transaction.DeleteTable();
            transaction.AddTable();
            transaction.AddChain("only");
        });
        yield return new ParityStep("a rule that comes and goes with its anonymous set", transaction =>
        {
            transaction.AddRule("only", rule.L4Proto([6, 17]).Accept().Build());
            transaction.FlushChain("only");
        });
        yield return new ParityStep("other flags", transaction => transaction.AddTable(NftTableFlags.Dormant));
        yield return new ParityStep("and back", transaction => transaction.AddTable());
    }

    private static IEnumerable<ParityStep> Ranges(NftRuleBuilder rule)
    {
        yield return new ParityStep("the ends", transaction => transaction.AddElements(Nets4, [Cidr.Parse("0.0.0.0/8"), Cidr.Parse("255.255.255.255")]));
        yield return new ParityStep("again", transaction => transaction.AddElements(Nets4, [Cidr.Parse("0.0.0.0/8"), Cidr.Parse("255.255.255.255")]));
        yield return new ParityStep("inside", transaction => transaction.AddElements(Nets4, [Cidr.Parse("0.1.0.0/16")]));
        yield return new ParityStep("beside", transaction => transaction.AddElements(Nets4, [Cidr.Parse("1.0.0.0/8"), Cidr.Parse("255.255.255.254")]));
        yield return new ParityStep("smaller in one", transaction =>
        {
            transaction.DeleteElements(Nets4, [Cidr.Parse("0.0.0.0/8")]);
            transaction.AddElements(Nets4, [Cidr.Parse("0.0.0.0/9")]);
        });
        yield return new ParityStep("delete inside", transaction => transaction.DeleteElements(Nets4, [Cidr.Parse("1.1.0.0/16")]));
        yield return new ParityStep("everything, which has no END", transaction => transaction.AddElements(Narrow, [Cidr.Parse("0.0.0.0/0")]));
        yield return new ParityStep("some of it", transaction => transaction.AddElements(Narrow, [Cidr.Parse("10.0.0.0/8")]));
        yield return new ParityStep("nothing of it", transaction => transaction.FlushSet("narrow"));
        yield return new ParityStep("two halves", transaction => transaction.AddElements(Narrow, [Cidr.Parse("10.0.0.0/9"), Cidr.Parse("10.128.0.0/9")]));
        yield return new ParityStep("delete a half", transaction => transaction.DeleteElements(Narrow, [Cidr.Parse("10.0.0.0/9")]));
        yield return new ParityStep("nothing again", transaction => transaction.FlushSet("narrow"));
        yield return new ParityStep("more than fits", transaction => transaction.AddElements(Narrow,
            [Cidr.Parse("1.0.0.0/8"), Cidr.Parse("3.0.0.0/8"), Cidr.Parse("5.0.0.0/8"), Cidr.Parse("7.0.0.0/8")]));
        yield return new ParityStep("v6", transaction => transaction.AddElements(Nets6, [Cidr.Parse("::/0")]));
        yield return new ParityStep("v6 host", transaction => transaction.AddElements(Nets6, [IpAddress.Parse("2001:db8::1")]));
    }

    private static IEnumerable<ParityStep> Types(NftRuleBuilder rule)
    {
        yield return new ParityStep("another description", transaction => transaction.AddSet(Hosts4 with { Key = NftKeyType.Ipv6 }));
        yield return new ParityStep("another size", transaction => transaction.AddSet(Hosts4 with { Size = 7 }));
        yield return new ParityStep("interval", transaction => transaction.AddSet(Hosts4 with { Flags = NftSetFlags.Interval }));
        yield return new ParityStep("wrong key", transaction => transaction.AddElements(Hosts4 with { Key = NftKeyType.Ipv6 }, [IpAddress.Parse("::1")]));
        yield return new ParityStep("rule with a wider key", transaction => transaction.AddRule("a", rule.NfProto(IpFamily.V4).Saddr(Nets6 with { Key = NftKeyType.Ipv4 }).Build()));
        yield return new ParityStep("set as a map", transaction => transaction.AddRule("a", rule.IifnameVmap(Dispatch with { Name = "hosts4" }).Build()));
        yield return new ParityStep("map as a set", transaction => transaction.AddRule("a", rule.Iifname(Dispatch with { Flags = NftSetFlags.None }).Build()));
        yield return new ParityStep("element without verdict", transaction => transaction.AddElements(Dispatch with { Flags = NftSetFlags.None }, ["eth0"]));
        yield return new ParityStep("changed verdict", transaction =>
        {
            transaction.AddElement(Dispatch, "eth0", NftVerdict.Accept);
            transaction.DeleteElements(Dispatch, ["eth0"]);
            transaction.AddElement(Dispatch, "eth0", NftVerdict.Drop);
        });
        yield return new ParityStep("jump elsewhere", transaction =>
        {
            transaction.AddElement(Dispatch, "eth1", NftVerdict.Jump("a"));
            transaction.AddElement(Dispatch, "eth1", NftVerdict.Jump("b"));
        });
    }

    private static IEnumerable<ParityStep> Generation(NftRuleBuilder rule)
    {
        yield return new ParityStep("nothing new", transaction => transaction.AddTable());
        yield return new ParityStep("an old chain", transaction => transaction.AddChain("a", "other"));
        yield return new ParityStep("an old set", transaction => transaction.AddSet(Hosts4));
        yield return new ParityStep("an element", transaction => transaction.AddElements(Hosts4, [IpAddress.Parse("10.0.0.1")]));
        yield return new ParityStep("an old element", transaction => transaction.AddElements(Hosts4, [IpAddress.Parse("10.0.0.1")]));
        yield return new ParityStep("flush nothing", transaction => transaction.FlushChain("a"));
        yield return new ParityStep("flush no elements", transaction => transaction.FlushSet("small4"));
        yield return new ParityStep("a stale one", transaction =>
        {
            transaction.ExpectGeneration(0x7fffffff);
            transaction.AddChain("z");
        });
    }
}
