using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class ResourceMergeTests
{
    private static string Merge(string applied, string stored)
    {
        ResourceDocument merged = ResourceMerge.Over(
            ResourceDocument.Parse(Encoding.UTF8.GetBytes(applied), out _)!, ResourceDocument.Parse(Encoding.UTF8.GetBytes(stored), out _)!);
        return merged.Root.ToJsonString();
    }

    [Theory]
    [InlineData(
        """{"kind":"Node","metadata":{"name":"a","uid":"new"},"spec":{"bgp":{"asNumber":1}}}""",
        """{"kind":"Node","metadata":{"name":"a","uid":"u","creationTimestamp":"t","resourceVersion":"7","labels":{"x":"y"},"finalizers":["f"]},"spec":{"later":18446744073709551617,"bgp":{"ipv4Address":"1.2.3.4","other":[1]},"wireguard":{}},"status":{"k":"v"},"top":1}""",
        """{"kind":"Node","metadata":{"name":"a","uid":"u","creationTimestamp":"t","resourceVersion":"7","finalizers":["f"]},"spec":{"bgp":{"asNumber":1,"other":[1]},"later":18446744073709551617},"status":{"k":"v"},"top":1}""")]
    [InlineData(
        """{"kind":"KubeControllersConfiguration","metadata":{"name":"a"},"spec":{"x":1}}""",
        """{"kind":"KubeControllersConfiguration","metadata":{"name":"a","uid":"u"},"spec":{"y":2}}""",
        """{"kind":"KubeControllersConfiguration","metadata":{"name":"a","uid":"u"},"spec":{"x":1}}""")]
    [InlineData(
        """{"kind":"FelixConfiguration","metadata":{"name":"a"},"spec":{"vxlanMTU":1}}""",
        """{"kind":"FelixConfiguration","metadata":{"name":"a","uid":"u"},"spec":{"vxlanPort":2,"later":3}}""",
        """{"kind":"FelixConfiguration","metadata":{"name":"a","uid":"u"},"spec":{"vxlanMTU":1,"later":3}}""")]
    [InlineData(
        """{"kind":"NetworkPolicy","metadata":{"name":"a"},"spec":{"ingress":[{"action":"Allow"}]}}""",
        """{"kind":"NetworkPolicy","metadata":{"name":"a"},"spec":{"order":5,"ingress":[{"action":"Deny","later":1}],"later":2}}""",
        """{"kind":"NetworkPolicy","metadata":{"name":"a"},"spec":{"ingress":[{"action":"Allow"}],"later":2}}""")]
    public void What_is_applied_counts_and_what_only_the_store_knows_stays(string applied, string stored, string expected)
    {
        string merged = Merge(applied, stored);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(merged)), merged);
    }

    [Fact]
    public void Applying_what_is_stored_changes_nothing()
    {
        string json = """{"kind":"Tier","metadata":{"name":"a","uid":"u"},"spec":{"order":5,"z":[{"a":1}]}}""";
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(Merge(json, json))));
    }
}
