using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Resources;

/// <summary>Agreement with the data of Calico itself, which is kept outside the project.</summary>
public sealed class ConformanceTests
{
    private static JsonArray Records(string file) => JsonNode.Parse(File.ReadAllText(Conformance.Require(file)))!.AsArray();

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    [Fact]
    public void Workload_endpoint_names_are_built_and_taken_apart_as_by_Calico()
    {
        int checkedRecords = 0;
        foreach (JsonNode? record in Records("calico/wep_names.json"))
        {
            checkedRecords++;
            string table = Text(record!["table"]), at = Text(record["description"]);
            if (table.EndsWith("parsing", StringComparison.Ordinal)) CheckParsing(record, at);
            else if (table.EndsWith("matching", StringComparison.Ordinal)) CheckMatching(record, at);
            else CheckConstruction(record, at, table.EndsWith("prefix", StringComparison.Ordinal));
        }
        Assert.True(checkedRecords >= 33, $"only {checkedRecords} records");
    }

    private static WorkloadEndpointName Parts(JsonNode ids) => WorkloadEndpointName.Of(new WorkloadEndpointSpec
    {
        Node = Text(ids["Node"]),
        Orchestrator = Text(ids["Orchestrator"]),
        Workload = Text(ids["Workload"]),
        ContainerId = Text(ids["ContainerID"]),
        Pod = Text(ids["Pod"]),
        Endpoint = Text(ids["Endpoint"]),
    });

    private static void CheckConstruction(JsonNode record, string at, bool prefix)
    {
        WorkloadEndpointName parts = Parts(record["ids"]!);
        string? name = prefix ? parts.PrintPrefix(out Problem problem) : parts.Print(out problem);
        Assert.True(Text(record["expectedName"]) == (name ?? ""), $"{at}: {name}");
        Assert.True(Text(record["expectedErroredField"]) == (problem.Path ?? ""), $"{at}: {problem}");
    }

    private static void CheckMatching(JsonNode record, string at)
    {
        bool matches = Parts(record["ids"]!).Matches(Text(record["name"]));
        Assert.True((bool)record["expectValid"]! == matches, at);
    }

    private static void CheckParsing(JsonNode record, string at)
    {
        bool parsed = WorkloadEndpointName.TryParsePrefix(Text(record["name"]), out WorkloadEndpointName parts);
        Assert.True((bool)record["expectError"]! != parsed, at);
        if (!parsed) return;
        WorkloadEndpointName expected = Parts(record["expectedWeid"]!);
        Assert.True(expected == parts, $"{at}: {parts} {expected}");
    }

    public static TheoryData<string> Dumps => ["etcd/calicoctl-v3.32.0.jsonl", "etcd/calico-cni-v3.32.0.jsonl"];

    [Theory]
    [MemberData(nameof(Dumps))]
    public void What_real_programs_left_in_etcd_is_read_without_problems_and_written_back_the_same(string file)
    {
        int resources = 0;
        foreach (string line in File.ReadLines(Conformance.Require(file)))
        {
            JsonNode entry = JsonNode.Parse(line)!;
            string etcdKey = Text(entry["key"]);
            byte[] value = Encoding.UTF8.GetBytes(Text(entry["value"]));
            if (ResourceKey.TryParse(etcdKey, out ResourceKey key, out _)) CheckResource(etcdKey, key, value);
            else CheckIpam(etcdKey, value);
            resources++;
        }
        Assert.True(resources > 10);
    }

    private static void CheckResource(string etcdKey, ResourceKey key, byte[] value)
    {
        Assert.Equal(etcdKey, key.ToEtcdKey());
        Decoded decoded = ResourceCodec.Decode(key, value);
        Assert.True(decoded.Resource is not null && decoded.Problems.IsEmpty, $"{etcdKey}: {decoded.Problems}");
        ResourceDocument document = ResourceDocument.Parse(value, out _)!;
        Assert.True(document.TryGetKey(out ResourceKey own));
        Assert.Equal(key, own);
        byte[] written = document.ToStoredBytes();
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(value), JsonNode.Parse(written)), etcdKey);
        Assert.Equal(decoded.Resource, ResourceCodec.Decode(key, written).Resource);
        // Defaults were all filled in by the real program, so filling them in again changes nothing, and the result is fit to be stored.
        Assert.Empty(ResourceDefaults.Apply(document));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(value), document.Root), $"{etcdKey}: {document.Root.ToJsonString()}");
        Assert.Empty(ResourceValidation.Validate(document));
    }

    private static void CheckIpam(string etcdKey, byte[] value)
    {
        Assert.True(IpamKey.TryParse(Encoding.UTF8.GetBytes(etcdKey), out IpamKey key), etcdKey);
        Assert.Equal(etcdKey, key.ToEtcdKey());
        byte[] written = key.Kind switch
        {
            IpamKeyKind.Block => IpamWriter.Encode(IpamCodec.DecodeBlock(value).Value!),
            IpamKeyKind.Affinity => IpamWriter.Encode(IpamCodec.DecodeAffinity(value).Value!),
            IpamKeyKind.Handle => IpamWriter.Encode(IpamCodec.DecodeHandle(value).Value!),
            _ => IpamWriter.Encode(IpamCodec.DecodeConfig(value).Value!),
        };
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(value), JsonNode.Parse(written)), $"{etcdKey}: {Encoding.UTF8.GetString(written)}");
    }
}
