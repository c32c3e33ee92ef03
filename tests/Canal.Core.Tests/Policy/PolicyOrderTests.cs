using System.Text;
using Canal.Core.Policy;
using Canal.Core.Resources;
using CsCheck;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Policy;

public sealed class PolicyOrderTests
{
    private static readonly Gen<string> Segment = Gen.OneOf("", "a", "a-", "a.", "a0", "-", ".", "é", "\uFFEE", "\U0001F600", "b").Array[1, 3].Select(string.Concat);

    private static readonly Gen<ResourceKey> Key = Gen.Select(Gen.Bool, Segment, Segment).Select((global, ns, name) =>
        global ? new ResourceKey(ResourceKind.GlobalNetworkPolicy, null, name) : new ResourceKey(ResourceKind.NetworkPolicy, ns, name));

    [Fact]
    public void Ties_go_by_the_bytes_of_name_namespace_and_kind_joined_by_slashes() =>
        Gen.Select(Key, Key).Sample((left, right) => Assert.Equal(
            Math.Sign(Bytes(left).AsSpan().SequenceCompareTo(Bytes(right))),
            Math.Sign(PolicyOrder.ComparePolicies(left, null, right, null))), iter: 20_000);

    [Fact]
    public void A_staged_policy_comes_before_its_enforced_namesake_and_only_before_that_one()
    {
        ResourceKey[] sorted =
        [
            new(ResourceKind.StagedGlobalNetworkPolicy, null, "a"), new(ResourceKind.GlobalNetworkPolicy, null, "a"),
            new(ResourceKind.GlobalNetworkPolicy, null, "b"), new(ResourceKind.StagedGlobalNetworkPolicy, null, "c"),
        ];
        for (int i = 0; i < sorted.Length; i++)
            for (int j = 0; j < sorted.Length; j++)
                Assert.Equal(Math.Sign(i - j), Math.Sign(PolicyOrder.ComparePolicies(sorted[i], 1, sorted[j], 1)));
    }

    [Theory]
    [InlineData(1.0, 2.0, -1)]
    [InlineData(2.0, 1.0, 1)]
    [InlineData(null, 1e308, 1)]
    [InlineData(-1.0, 0.0, -1)]
    [InlineData(10.25, 10.5, -1)]
    [InlineData(1.0, 1.0, 1)]
    public void Order_comes_before_the_name(double? left, double? right, int expected) =>
        Assert.Equal(expected, Math.Sign(PolicyOrder.ComparePolicies(new(ResourceKind.GlobalNetworkPolicy, null, "b"), left, new(ResourceKind.GlobalNetworkPolicy, null, "a"), right)));

    [Fact]
    public void Tiers_that_exist_come_before_those_that_do_not_then_order_then_name()
    {
        (string Name, Tier? Tier)[] sorted = [("z", NewTier("z", 1)), ("a", NewTier("a", 2)), ("b", NewTier("b", 2)), ("c", NewTier("c")), ("a", null), ("d", null)];
        for (int i = 0; i < sorted.Length; i++)
            for (int j = 0; j < sorted.Length; j++)
                Assert.Equal(Math.Sign(i - j), Math.Sign(PolicyOrder.CompareTiers(sorted[i].Name, sorted[i].Tier, sorted[j].Name, sorted[j].Tier)));
    }

    private static byte[] Bytes(ResourceKey key) => Encoding.UTF8.GetBytes($"{key.Name}/{key.Namespace}/{key.Kind}");
}
