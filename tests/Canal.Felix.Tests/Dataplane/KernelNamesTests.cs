using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Tests.Dataplane;

public sealed class KernelNamesTests
{
    private static readonly string[] Pieces = ["a", "b", "0", "1", "/", "//", ".", "_", "-", " ", "ü", "do", "to", "src", "prefixes", "in", new string('x', 60)];

    [Fact]
    public void Two_things_never_have_one_name()
    {
        Random random = new(7);
        HashSet<string> names = ["a", "", "0", "do"];
        for (int i = 0; i < 300; i++)
        {
            string name = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            names.Add(name);
            // A literal name that looks like what another one is mended to, and its parts.
            string mended = Chain(name)["policy-in/gnp/".Length..];
            names.Add(mended);
            names.UnionWith(mended.Split('/'));
        }
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            foreach (ResourceKey key in KeysOf(name, [.. names], random)) Claim(owners, key);
            Claim(owners, KernelNames.TierChain("to/cali0", name), $"tier {name}");
            Claim(owners, KernelNames.HostChain(HostStage.In, name), $"host endpoint {name}");
            Claim(owners, KernelNames.TierChain(KernelNames.HostChain(HostStage.In, "hep"), name), $"tier {name} of a host endpoint");
        }
        Assert.All(owners.Keys, name => Assert.InRange(name.Length, 1, 255));
        Assert.True(owners.Count > 10_000);
    }

    [Theory]
    [InlineData("default.web", "policy-in/gnp/default.web")]
    [InlineData("a b", "policy-in/gnp/a_b//")]
    public void A_name_stands_as_it_is_where_it_can(string name, string expected) => Assert.StartsWith(expected, Chain(name), StringComparison.Ordinal);

    [Theory]
    [InlineData("10.0.0.0/8 192.0.2.1/32", "nets4/10.0.0.0-8/192.0.2.1")]
    [InlineData("192.0.2.1/32 10.0.0.0/8 10.1.0.0/16", "nets4/10.0.0.0-8/192.0.2.1")]
    [InlineData("0.0.0.0/0", "nets4/0.0.0.0-0")]
    [InlineData("fd00::/8 fd00::1/128", "nets6/fd00__-8")]
    [InlineData("::/0", "nets6/__-0")]
    public void A_set_of_networks_is_named_by_what_it_holds(string nets, string expected)
    {
        Cidr[] list = [.. nets.Split(' ').Select(Cidr.Parse)];
        NetsSet set = NetsSet.Of(list[0].Family, list);
        Assert.Equal(expected, set.Set.Name);
        Assert.Equal(set.Members.Any(m => !m.IsSingleAddress), set.Set.IsInterval);
        new NftTransaction("t").AddSet(set.Set);
    }

    [Fact]
    public void A_long_list_of_networks_has_a_short_name()
    {
        Cidr[] one = [.. Enumerable.Range(0, 100).Select(i => Cidr.Parse($"10.0.{i}.0/25"))], other = [.. one.Skip(1)];
        string name = NetsSet.Of(IpFamily.V4, one).Set.Name;
        Assert.Matches("^nets4//[A-Za-z0-9_-]{24}$", name);
        Assert.NotEqual(name, NetsSet.Of(IpFamily.V4, other).Set.Name);
        Assert.Equal(name, NetsSet.Of(IpFamily.V4, one.Reverse()).Set.Name);
    }

    private static string Chain(string name) => KernelNames.PolicyChain(new ResourceKey(ResourceKind.GlobalNetworkPolicy, null, name), Direction.Ingress);

    private static IEnumerable<ResourceKey> KeysOf(string name, string[] namespaces, Random random) =>
    [
        new ResourceKey(ResourceKind.GlobalNetworkPolicy, null, name),
        new ResourceKey(ResourceKind.Profile, null, name),
        new ResourceKey(ResourceKind.NetworkPolicy, namespaces[random.Next(namespaces.Length)], name),
        new ResourceKey(ResourceKind.NetworkPolicy, name, "a"),
    ];

    private static void Claim(Dictionary<string, string> owners, ResourceKey key)
    {
        foreach (Direction direction in (Direction[])[Direction.Ingress, Direction.Egress])
        {
            string chain = KernelNames.PolicyChain(key, direction), rule = KernelNames.RuleChain(chain, 1);
            Claim(owners, chain, $"{key} {direction}");
            Claim(owners, rule, $"{key} {direction} rule 1");
            Claim(owners, rule + "/do", $"{key} {direction} rule 1 do");
        }
    }

    private static void Claim(Dictionary<string, string> owners, string name, string owner)
    {
        if (!owners.TryAdd(name, owner) && owners[name] != owner) Assert.Fail($"{name} is the name of {owners[name]} and of {owner}");
    }
}
