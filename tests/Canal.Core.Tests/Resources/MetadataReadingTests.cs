using System.Text;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class MetadataReadingTests
{
    [Fact]
    public void Metadata_reads_as_written()
    {
        Decoded decoded = Reading.Decode(ResourceKind.NetworkSet, """
            {"kind":"NetworkSet","apiVersion":"projectcalico.org/v3","metadata":{"name":"x","namespace":"prod","uid":"u","creationTimestamp":"2026-05-04T09:30:00Z",
             "labels":{"b":"2","a":"1"},"annotations":{"n":"<&>"},"generation":7,"managedFields":[{"x":{}}]},"spec":{"nets":[]}}
            """);
        Assert.Empty(decoded.Problems);
        Assert.Equal(new Metadata
        {
            Name = "x",
            Namespace = "prod",
            Uid = "u",
            CreationTimestamp = "2026-05-04T09:30:00Z",
            Labels = LabelMap.Create(new("a", "1"), new("b", "2")),
            Annotations = LabelMap.Create(new KeyValuePair<string, string>("n", "<&>")),
        }, decoded.Resource!.Metadata);
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"x","creationTimestamp":null,"labels":null},"spec":{}}""")]
    [InlineData("""{"metadata":null,"spec":{}}""")]
    [InlineData("""{"spec":{}}""")]
    [InlineData("""{}""")]
    public void Metadata_may_be_missing_or_null(string json) =>
        Assert.Equal(new Metadata { Name = "x" }, Reading.Decode(ResourceKind.Tier, json).Resource!.Metadata);

    [Fact]
    public void Fields_may_come_in_any_order()
    {
        Decoded decoded = Reading.Decode(
            ResourceKind.Node, """{"status":{"wireguardPublicKey":"k"},"spec":{"ipv4VXLANTunnelAddr":"10.0.0.1"},"metadata":{"labels":{"rack":"a"}},"kind":"Node"}""");
        Node node = Assert.IsType<Node>(decoded.Resource);
        Assert.Equal(("k", "10.0.0.1", "a"), (node.WireGuardPublicKey, node.Ipv4VxlanTunnelAddress.ToString(), node.Metadata.Labels["rack"]));
    }

    [Fact]
    public void The_key_counts_where_the_value_says_otherwise()
    {
        Decoded decoded = Reading.Decode(
            ResourceKind.NetworkSet, """{"kind":"Tier","apiVersion":"v9","metadata":{"name":"other","namespace":"elsewhere"},"spec":{"nets":["10.0.0.0/8"]}}""");
        Assert.Equal(("x", "prod"), (decoded.Resource!.Metadata.Name, decoded.Resource.Metadata.Namespace));
        Assert.Equal(["kind", "apiVersion", "metadata.name", "metadata.namespace"], decoded.Problems.Select(problem => problem.Path));
    }

    [Theory]
    [InlineData(ResourceKind.WorkloadEndpoint, """{"interfaceName":"cali1","ipNetworks":["10.0.0.1/32"]}""")]
    [InlineData(ResourceKind.HostEndpoint, """{"node":"host-a","interfaceName":"eth0"}""")]
    [InlineData(ResourceKind.NetworkSet, "{}")]
    [InlineData(ResourceKind.GlobalNetworkSet, "{}")]
    [InlineData(ResourceKind.Node, "{}")]
    public void A_label_that_is_no_string_makes_what_is_selected_by_it_unusable(ResourceKind kind, string spec)
    {
        Decoded decoded = Reading.Decode(kind, $$$"""{"metadata":{"labels":{"a":"1","quarantine":true}},"spec":{{{spec}}}}""");
        Assert.Null(decoded.Resource);
        Assert.Equal("metadata.labels.quarantine: is not a string", Assert.Single(decoded.Problems).ToString());
        Assert.NotNull(Reading.Decode(kind, $$$"""{"metadata":{"labels":{"a":"1","quarantine":null},"annotations":{"b":true}},"spec":{{{spec}}}}""").Resource);
    }

    [Fact]
    public void A_label_that_is_no_string_is_left_out_where_none_is_asked_for()
    {
        Decoded decoded = Reading.Decode(ResourceKind.Tier, """{"metadata":{"labels":{"a":1,"b":"2","c/d":{"x":[1]},"e":null}},"spec":{}}""");
        Assert.Equal("b=2,e=", decoded.Resource!.Metadata.Labels.ToString());
        Assert.Equal(["metadata.labels.a", "metadata.labels[\"c/d\"]"], decoded.Problems.Select(problem => problem.Path));
    }

    [Fact]
    public void More_labels_than_usual_are_all_read()
    {
        string labels = string.Join(',', Enumerable.Range(10, 40).Select(i => $"\"l{i}\":\"{i}\""));
        LabelMap map = Reading.Decode(ResourceKind.Tier, $$$"""{"metadata":{"labels":{{{{labels}}}}},"spec":{}}""").Resource!.Metadata.Labels;
        Assert.Equal(40, map.Count);
        Assert.Equal("37", map["l37"]);
    }

    [Fact]
    public void Escaped_names_and_values_are_the_same_as_plain_ones()
    {
        Decoded decoded = Reading.Decode(ResourceKind.Tier, """{"m\u0065tadata":{"labels":{"\u0061":"\u003cb\u003e"}},"sp\u0065c":{"\u006frder":3}}""");
        Assert.Equal("a=<b>", decoded.Resource!.Metadata.Labels.ToString());
        Assert.Equal(3, Assert.IsType<Tier>(decoded.Resource).Order);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("""{"spec":{}} {}""")]
    [InlineData("""{"spec":{},}""")]
    [InlineData("""{"metadata":{"uid":"\ud800"},"spec":{}}""")]
    public void What_is_not_an_object_is_unusable(string json)
    {
        Decoded decoded = Reading.Decode(ResourceKind.Tier, json);
        Assert.Null(decoded.Resource);
        Assert.Single(decoded.Problems);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_unusable()
    {
        byte[] json = [.. Encoding.UTF8.GetBytes("""{"metadata":{"uid":"""), (byte)'"', 0xc3, 0x28, (byte)'"', (byte)'}', (byte)'}'];
        Decoded decoded = ResourceCodec.Decode(Reading.Key(ResourceKind.Tier), json);
        Assert.Null(decoded.Resource);
        Assert.Single(decoded.Problems);
    }

    [Fact]
    public void Values_that_are_equal_are_equal_resources()
    {
        string json = """{"metadata":{"labels":{"a":"b"}},"spec":{"types":["Ingress"],"ingress":[{"action":"Allow","source":{"nets":["10.0.0.0/8"]}}]}}""";
        string same = """ { "spec":{"ingress":[{"source":{"nets":["10.0.0.1/8"]},"action":"Allow"}],"types":["Ingress"]}, "metadata":{"labels":{"a":"b"}}}""";
        Assert.Equal(Reading.Decode(ResourceKind.NetworkPolicy, json).Resource, Reading.Decode(ResourceKind.NetworkPolicy, same).Resource);
        Assert.NotEqual(
            Reading.Decode(ResourceKind.NetworkPolicy, json).Resource,
            Reading.Decode(ResourceKind.NetworkPolicy, json.Replace("Allow", "Deny", StringComparison.Ordinal)).Resource);
    }
}
