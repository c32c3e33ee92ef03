using System.Text;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class ResourceKeyTests
{
    public static TheoryData<ResourceKind> Kinds => [.. Enum.GetValues<ResourceKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_key_of_every_kind_reads_back_as_printed(ResourceKind kind)
    {
        ResourceKey key = Reading.Key(kind, "a.b-1");
        Assert.True(ResourceKey.TryParse(key.ToEtcdKey(), out ResourceKey parsed, out string? reason));
        Assert.Equal(key, parsed);
        Assert.Null(reason);
    }

    [Fact]
    public void Kinds_stand_in_the_table_in_their_own_order()
    {
        Assert.Equal(24, ResourceKinds.All.Length);
        for (int i = 0; i < ResourceKinds.All.Length; i++) Assert.Equal((ResourceKind)i, ResourceKinds.All[i].Kind);
    }

    [Theory]
    [InlineData("gnp", ResourceKind.GlobalNetworkPolicy)]
    [InlineData("NP", ResourceKind.NetworkPolicy)]
    [InlineData("wep", ResourceKind.WorkloadEndpoint)]
    [InlineData("hep", ResourceKind.HostEndpoint)]
    [InlineData("pools", ResourceKind.IPPool)]
    [InlineData("ippools", ResourceKind.IPPool)]
    [InlineData("BGPPeer", ResourceKind.BGPPeer)]
    public void An_operator_may_use_other_words_for_a_kind(string word, ResourceKind kind)
    {
        Assert.True(ResourceKinds.TryFind(word, out ResourceKindEntry? entry));
        Assert.Equal(kind, entry!.Kind);
    }

    [Fact]
    public void No_two_kinds_share_a_word()
    {
        List<string> words = [];
        foreach (ResourceKindEntry entry in ResourceKinds.All)
            words.AddRange([.. entry.Aliases, entry.Name, entry.Plural]);
        Assert.Equal(words.Count, words.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Theory]
    [InlineData("/calico/resources/v3/projectcalico.org/tiers")]
    [InlineData("/calico/resources/v3/projectcalico.org/tiers/")]
    [InlineData("/calico/resources/v3/projectcalico.org/tiers/a/b")]
    [InlineData("/calico/resources/v3/projectcalico.org/networkpolicies/a")]
    [InlineData("/calico/resources/v3/projectcalico.org/networkpolicies//a")]
    [InlineData("/calico/resources/v3/projectcalico.org/networkpolicies/a/")]
    [InlineData("/calico/resources/v3/projectcalico.org/networkpolicies/a/b/c")]
    [InlineData("/calico/resources/v3/projectcalico.org/gadgets/a")]
    [InlineData("/calico/resources/v4/projectcalico.org/tiers/a")]
    [InlineData("/coreos.com/network/config")]
    [InlineData("")]
    public void A_key_that_names_no_resource_is_refused_with_a_reason(string key)
    {
        Assert.False(ResourceKey.TryParse(key, out _, out string? reason));
        Assert.False(string.IsNullOrEmpty(reason));
    }

    [Fact]
    public void Namespaces_are_shared_by_the_pool()
    {
        StringPool pool = new();
        byte[] one = Encoding.UTF8.GetBytes("/calico/resources/v3/projectcalico.org/networkpolicies/prod/a");
        byte[] two = Encoding.UTF8.GetBytes("/calico/resources/v3/projectcalico.org/networksets/prod/b");
        Assert.True(ResourceKey.TryParse(one, out ResourceKey first, out _, pool));
        Assert.True(ResourceKey.TryParse(two, out ResourceKey second, out _, pool));
        Assert.Same(first.Namespace, second.Namespace);
    }
}
