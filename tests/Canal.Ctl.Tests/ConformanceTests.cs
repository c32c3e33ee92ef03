using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Ctl.Tests;

/// <summary>What canalctl stores, beside what calicoctl 3.32 stores for the same documents.</summary>
public sealed class ConformanceTests(Cluster cluster) : ClusterTests(cluster)
{
    /// <summary>The differences there may be, all without meaning to a reader, with their reasons.</summary>
    private static readonly (Regex Path, string Reason)[] Named =
    [
        (new(@"^[a-z]+/.*: metadata\.(uid|creationTimestamp)$"), "made anew by every client"),
        (new(@"^clusterinformations/default: spec\.clusterGUID$"), "made anew by every client"),
        (new(@"\.(source|destination): absent, not \{\}$"), "an empty side matches everything, as an absent one does"),
        (new(@"^(nodes|tiers)/.*: status: absent, not \{\}$"), "an empty status says nothing"),
        (new(@"^felixconfigurations/default: spec\.bpfLogLevel: absent, not """"$"), "an empty parameter is one that is not set"),
        (new(@"\.ports\[\d+\]\.host(Port: absent, not 0|IP: absent, not """")$"), "zero and empty say that there is none"),
        (new(@"^ippools/pool-6: spec\.natOutgoing: false, not absent$"), "kept as the document has it; absent is false"),
        (new(@"^globalnetworkpolicies/host-base: spec\.preDNAT: false, not absent$"), "kept as the document has it; absent is false"),
        (new(@"^tiers/kube-(admin|baseline): absent, not "), "tiers for Kubernetes' own policies, which there are none of here"),
    ];

    [Fact]
    public async Task The_same_documents_are_stored_with_the_same_meaning()
    {
        string documents = await File.ReadAllTextAsync(Conformance.Require("etcd/applied.yaml"), TestContext.Current.CancellationToken);
        Dictionary<string, JsonNode?> theirs = Lines("etcd/calicoctl-v3.32.0.jsonl");
        await Cluster.ClearAsync();
        (await Cluster.Run("init")).Good();
        await Cluster.Apply(documents);
        Dictionary<string, JsonNode?> ours = [];
        foreach (string key in await Cluster.Keys())
            ours[key] = await Cluster.Stored(key);

        string[] differences = [.. theirs.Keys.Union(ours.Keys).Order(StringComparer.Ordinal).SelectMany(key => Differences($"{key}: ", ours.GetValueOrDefault(key), theirs.GetValueOrDefault(key)))];
        Assert.Equal([], differences.Where(difference => !Named.Any(named => named.Path.IsMatch(difference))));
        Assert.All(Named, named => Assert.True(differences.Any(named.Path.IsMatch), $"no such difference any more: {named.Path}"));
        Assert.True(ours.Count > 15);

        // What nothing changed is not written again, and what was shown can be applied.
        Assert.DoesNotContain("updated", (await Cluster.Apply(documents)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_calicoctl_stored_is_shown_and_applied_again_unchanged()
    {
        await Cluster.ClearAsync();
        foreach ((string key, JsonNode? value) in Lines("etcd/calicoctl-v3.32.0.jsonl"))
            await Cluster.Put(key, value!.ToJsonString());
        int resources = 0;
        foreach (ResourceKind kind in Enum.GetValues<ResourceKind>())
        {
            string[] words = ["get", ResourceKinds.Of(kind).Name, "-o", "yaml", .. ResourceKinds.Of(kind).Namespaced ? (string[])["-A"] : []];
            ProgramRun shown = (await Cluster.Run(words)).Good();
            Assert.Equal("", shown.Error);
            if (shown.Output.Contains("items: []", StringComparison.Ordinal))
                continue;
            foreach (string line in (await Cluster.Apply(shown.Output)).Error.TrimEnd('\n').Split('\n'))
            {
                Assert.StartsWith("unchanged ", line, StringComparison.Ordinal);
                resources++;
            }
        }
        Assert.Equal((await Cluster.Keys()).Length, resources);
    }

    private static Dictionary<string, JsonNode?> Lines(string file) => File.ReadLines(Conformance.Require(file)).Select(line => JsonNode.Parse(line)!)
        .Where(line => ((string)line["key"]!).StartsWith(ResourceKey.Root, StringComparison.Ordinal))
        .ToDictionary(line => ((string)line["key"]!)[ResourceKey.Root.Length..], line => JsonNode.Parse((string)line["value"]!));

    private static IEnumerable<string> Differences(string path, JsonNode? ours, JsonNode? theirs)
    {
        if (ours is JsonObject our && theirs is JsonObject their)
            return our.Select(field => field.Key).Union(their.Select(field => field.Key)).SelectMany(name => Differences(Inside(path, name), our[name], their[name]));
        if (ours is JsonArray ourItems && theirs is JsonArray theirItems && ourItems.Count == theirItems.Count)
            return Enumerable.Range(0, ourItems.Count).SelectMany(i => Differences($"{path}[{i}]", ourItems[i], theirItems[i]));
        if (JsonNode.DeepEquals(ours, theirs))
            return [];
        bool made = path.EndsWith("uid", StringComparison.Ordinal) || path.EndsWith("creationTimestamp", StringComparison.Ordinal) || path.EndsWith("clusterGUID", StringComparison.Ordinal);
        return [made && ours is not null && theirs is not null ? path : $"{path.TrimEnd(' ', ':')}: {Text(ours)}, not {Text(theirs)}"];
    }

    private static string Inside(string path, string name) => path.EndsWith(": ", StringComparison.Ordinal) ? path + name : $"{path}.{name}";

    private static string Text(JsonNode? node) => node?.ToJsonString() ?? "absent";
}
