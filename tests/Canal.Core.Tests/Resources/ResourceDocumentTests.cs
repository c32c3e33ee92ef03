using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using CsCheck;

namespace Canal.Core.Tests.Resources;

public sealed class ResourceDocumentTests
{
    private static ResourceDocument Parse(string json) =>
        ResourceDocument.Parse(Encoding.UTF8.GetBytes(json), out Problem problem) ?? throw new InvalidOperationException(problem.ToString());

    private static string Text(byte[] json) => Encoding.UTF8.GetString(json);

    [Theory]
    [InlineData("""{"kind":"Later","x":18446744073709551617,"y":1.50,"z":[{"a":null},1e400],"s":"<&>'é"}""")]
    [InlineData("{}")]
    public void What_nobody_knows_is_written_back_as_it_was(string json) => Assert.Equal(json, Text(Parse(json).ToBytes()));

    [Fact]
    public void Any_document_reads_back_as_written() => Json(4).Sample(node =>
    {
        ResourceDocument document = ResourceDocument.From(new JsonObject { ["spec"] = node?.DeepClone() });
        ResourceDocument again = Parse(Text(document.ToBytes()));
        Assert.True(JsonNode.DeepEquals(document.Root, again.Root));
    });

    private static Gen<JsonNode?> Json(int depth)
    {
        Gen<JsonNode?> scalar = Gen.OneOf(
            Gen.String.Where(IsWellFormed).Select(text => (JsonNode?)JsonValue.Create(text)),
            Gen.ULong.Select(number => (JsonNode?)JsonValue.Create(number)),
            Gen.Bool.Select(flag => (JsonNode?)JsonValue.Create(flag)),
            Gen.Const((JsonNode?)null));
        if (depth == 0) return scalar;
        return Gen.OneOf(
            scalar,
            Json(depth - 1).Array[0, 3].Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])),
            Gen.Select(Gen.String.Where(IsWellFormed), Json(depth - 1)).Select((name, value) => (JsonNode?)new JsonObject { [name] = value?.DeepClone() }));
    }

    private static bool IsWellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
            if (char.IsSurrogate(text[i]) && !char.IsSurrogatePair(text, i++)) return false;
        return true;
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("""{"a":1,"a":2}""")]
    public void What_is_not_one_object_is_refused(string json)
    {
        Assert.Null(ResourceDocument.Parse(Encoding.UTF8.GetBytes(json), out Problem problem));
        Assert.NotEqual("", problem.Sentence);
    }

    [Fact]
    public void Metadata_is_read_and_changed_in_place()
    {
        ResourceDocument document = Parse("""{"kind":"NetworkSet","metadata":{"name":"a","namespace":"prod","labels":{"x":"1"},"finalizers":["f"]}}""");
        Assert.True(document.TryGetKey(out ResourceKey key));
        Assert.Equal(new ResourceKey(ResourceKind.NetworkSet, "prod", "a"), key);
        document.Uid = "u";
        document.CreationTimestamp = "2026-05-04T09:30:00Z";
        document.Labels = document.Labels.With("y", "2");
        document.Annotations = LabelMap.Empty;
        Assert.Equal(
            """{"kind":"NetworkSet","metadata":{"name":"a","namespace":"prod","finalizers":["f"],"uid":"u","creationTimestamp":"2026-05-04T09:30:00Z","labels":{"x":"1","y":"2"}}}""",
            Text(document.ToBytes()));
    }

    [Fact]
    public void The_resource_version_is_never_stored()
    {
        ResourceDocument document = Parse("""{"metadata":{"name":"a","resourceVersion":"12","selfLink":"/x"}}""");
        Assert.Equal("""{"metadata":{"name":"a"}}""", Text(document.ToStoredBytes()));
        Assert.Equal("12", document.ResourceVersion);
    }

    [Theory]
    [InlineData("""{"kind":"NetworkSet","metadata":{"name":"a"}}""")]
    [InlineData("""{"kind":"NetworkSet","metadata":{"namespace":"a"}}""")]
    [InlineData("""{"kind":"Gadget","metadata":{"name":"a"}}""")]
    [InlineData("""{"kind":7,"metadata":"a"}""")]
    public void A_document_without_identity_has_no_key(string json) => Assert.False(Parse(json).TryGetKey(out _));

    [Fact]
    public void The_name_to_show_follows_the_rules_of_policy_names()
    {
        Assert.Equal("a", Parse("""{"kind":"NetworkPolicy","metadata":{"name":"default.a"},"spec":{}}""").DisplayName);
        Assert.Equal("b", Parse("""{"kind":"NetworkPolicy","metadata":{"name":"default.a","annotations":{"projectcalico.org/metadata":"{\"name\":\"b\"}"}}}""").DisplayName);
        Assert.Equal("default.a", Parse("""{"kind":"Tier","metadata":{"name":"default.a"}}""").DisplayName);
    }

    [Theory]
    [InlineData("{}", """["Ingress"]""")]
    [InlineData("""{"ingress":[{}]}""", """["Ingress"]""")]
    [InlineData("""{"egress":[{}]}""", """["Egress"]""")]
    [InlineData("""{"ingress":[{}],"egress":[{}],"types":[]}""", """["Ingress","Egress"]""")]
    [InlineData("""{"egress":[{}],"types":["Ingress"]}""", """["Ingress"]""")]
    public void A_policys_types_follow_from_its_rules(string spec, string types)
    {
        ResourceDocument document = Parse($$"""{"kind":"GlobalNetworkPolicy","metadata":{"name":"a"},"spec":{{spec}}}""");
        Assert.Empty(ResourceDefaults.Apply(document));
        Assert.Equal(types, document.Spec!["types"]!.ToJsonString());
        Assert.Equal("default", (string?)document.Spec["tier"]);
        Assert.Equal("projectcalico.org/tier=default", document.Labels.ToString());
        Assert.Equal("""projectcalico.org/metadata={"name":"a"}""", document.Annotations.ToString());
        Assert.Equal("projectcalico.org/v3", document.ApiVersion);
    }

    [Fact]
    public void A_staged_deletion_has_no_types()
    {
        ResourceDocument document = Parse("""{"kind":"StagedNetworkPolicy","metadata":{"name":"a","namespace":"n"},"spec":{"stagedAction":"Delete","types":["Ingress"]}}""");
        ResourceDefaults.Apply(document);
        Assert.Equal("""{"stagedAction":"Delete","tier":"default"}""", document.Spec!.ToJsonString());
    }

    [Theory]
    [InlineData("Tier", "{}", """{"order":1000000,"defaultAction":"Deny"}""")]
    [InlineData("Tier", """{"order":5,"defaultAction":"Pass"}""", """{"order":5,"defaultAction":"Pass"}""")]
    [InlineData("IPPool", """{"cidr":"10.0.0.0/16"}""", """{"cidr":"10.0.0.0/16","ipipMode":"Never","vxlanMode":"Never","nodeSelector":"all()","assignmentMode":"Automatic","allowedUses":["Workload","Tunnel"],"blockSize":26}""")]
    [InlineData("IPPool", """{"cidr":"fd00::/48","blockSize":0,"vxlanMode":"Always","ipipMode":"","nodeSelector":"x","assignmentMode":"Manual","allowedUses":["Tunnel"]}""", """{"cidr":"fd00::/48","blockSize":122,"vxlanMode":"Always","ipipMode":"Never","nodeSelector":"x","assignmentMode":"Manual","allowedUses":["Tunnel"]}""")]
    [InlineData("StagedKubernetesNetworkPolicy", "{}", """{"stagedAction":"Set"}""")]
    [InlineData("GlobalNetworkSet", """{"nets":[]}""", """{"nets":[]}""")]
    public void Defaults_are_filled_in_where_nothing_is_given(string kind, string spec, string filled)
    {
        ResourceDocument document = Parse($$"""{"kind":"{{kind}}","metadata":{"name":"a"},"spec":{{spec}}}""");
        Assert.Empty(ResourceDefaults.Apply(document));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(filled), document.Spec), document.Spec!.ToJsonString());
    }

    [Fact]
    public void A_workload_endpoint_gets_its_name_and_labels()
    {
        ResourceDocument document = Parse(
            """{"kind":"WorkloadEndpoint","metadata":{"namespace":"prod"},"spec":{"node":"host-a","orchestrator":"cni","containerID":"c1","endpoint":"eth0"}}""");
        Assert.Empty(ResourceDefaults.Apply(document));
        Assert.Equal("host--a-cni-c1-eth0", document.Name);
        Assert.Equal("projectcalico.org/namespace=prod,projectcalico.org/orchestrator=cni", document.Labels.ToString());
        document.Name = "other";
        Assert.Equal("metadata.name", Assert.Single(ResourceDefaults.Apply(document)).Path);
        document.Spec!.Remove("containerID");
        Assert.Equal("spec.containerID: is missing", Assert.Single(ResourceDefaults.Apply(document)).ToString());
    }
}
