using System.Text.Json.Nodes;
using Canal.Core.Addressing;

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>Every route of the conformance data, judged by a running BIRD with the filters that a renderer wrote for the resources in etcd: verdicts and what they change.</summary>
public sealed class ProbeTests(CasePipeline pipeline)
{
    public static TheoryData<string> Cases => [.. BirdCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Routes_are_judged_as_expected(string name)
    {
        BirdCase @case = new(name);
        string text = await pipeline.FileOf(@case);
        List<string> wrong = [];
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
            wrong.AddRange((await Judge(@case, text, family)).Select(w => $"{family}: {w}"));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20).Prepend($"{wrong.Count} differ")) + "\n" + text);
    }

    private static async Task<List<string>> Judge(BirdCase @case, string text, IpFamily family)
    {
        JsonArray probes = @case.Expected["families"]![family == IpFamily.V4 ? "ipv4" : "ipv6"]!["probes"]!.AsArray();
        BirdJudge judge = new(text, family);
        List<int> layers = [.. probes.Select(p => Add(judge, p!["route"]!.AsObject()))];
        await using RunningBird bird = await RunningBird.Start(judge.Configuration(), where => BirdJudge.MakeInterfaces(judge.Interfaces, where));
        Dictionary<(string, int, string), Dictionary<string, string>> passed = judge.Read(bird.Ask);
        List<string> wrong = [];
        for (int i = 0; i < probes.Count; i++) Compare(probes[i]!.AsObject(), layers[i], passed, wrong);
        return wrong;
    }

    private static int Add(BirdJudge judge, JsonObject route)
    {
        List<string> sets = [];
        foreach ((string field, JsonNode? value) in route)
        {
            if (field is "bgp_local_pref" or "krt_metric" or "bgp_next_hop") sets.Add($"{field} = {value};");
            else if (field == "bgp_path") sets.AddRange(value!.AsArray().Reverse().Select(n => $"bgp_path.prepend({n});"));
            else if (field == "bgp_community") sets.AddRange(value!.AsArray().Select(c => $"bgp_community.add(({c!.GetValue<string>().Replace(':', ',')}));"));
            else Assert.Contains(field, (string[])["source", "prefix", "ifname"]);
        }
        return judge.Add(Cidr.Parse(route["prefix"]!.GetValue<string>()).ToString(), route["source"]!.GetValue<string>(), route["ifname"]?.GetValue<string>(), sets);
    }

    private static void Compare(JsonObject probe, int layer, Dictionary<(string, int, string), Dictionary<string, string>> passed, List<string> wrong)
    {
        JsonObject route = probe["route"]!.AsObject();
        foreach (string direction in (string[])["export", "import"])
            foreach ((string sessions, JsonNode? expected) in probe[direction]?.AsObject() ?? [])
                foreach (string session in sessions.Split('+')) Compare(route, $"{direction} {session}", expected!, layer, passed, wrong);
        Compare(route, "kernel", probe["kernel"]!, layer, passed, wrong);
    }

    private static void Compare(JsonObject route, string policy, JsonNode expected, int layer, Dictionary<(string, int, string), Dictionary<string, string>> passed, List<string> wrong)
    {
        string prefix = Cidr.Parse(route["prefix"]!.GetValue<string>()).ToString();
        bool accepted = passed.TryGetValue((policy, layer, prefix), out Dictionary<string, string>? attributes);
        string? difference = accepted != (expected["verdict"]!.GetValue<string>() == "accept") ? $"accepted is {accepted}" : accepted ? Difference(route, policy, expected["changed"]!.AsObject(), attributes!) : null;
        if (difference is not null) wrong.Add($"{policy} {route.ToJsonString()}: {difference}; expected {expected.ToJsonString()}");
    }

    private static string? Difference(JsonObject route, string policy, JsonObject changed, Dictionary<string, string> got)
    {
        bool bgp = route["source"]!.GetValue<string>() == "bgp";
        foreach ((string field, string attribute) in (ReadOnlySpan<(string, string)>)[("krt_metric", "Kernel.metric"), ("bgp_local_pref", "BGP.local_pref"), ("bgp_path", "BGP.as_path"), ("bgp_community", "BGP.community"), ("bgp_large_community", "BGP.large_community")])
        {
            string want = Text(changed[field] ?? route[field]), have = got.GetValueOrDefault(attribute, "");
            if (Normal(want) != Normal(have)) return $"{field} is '{have}', not '{want}'";
        }
        string preference = changed["preference"]?.ToString() ?? "100";
        if (got["preference"] != preference) return $"preference is {got["preference"]}";
        // A tunnel concerns what BIRD writes to the kernel: routes that peers told.
        bool tunnel = changed["krt_tunnel"]?.GetValue<string>() == "tunl0";
        bool tunnelled = got.GetValueOrDefault("nexthop", "") is string hop && hop.Contains("tunl0", StringComparison.Ordinal) && hop.Contains("onlink", StringComparison.Ordinal) && hop.StartsWith($"via {route["bgp_next_hop"]} ", StringComparison.Ordinal);
        return policy == "kernel" && bgp && tunnel != tunnelled ? $"next hop is {got.GetValueOrDefault("nexthop")}" : null;
    }

    private static string Text(JsonNode? value) => value is JsonArray list ? string.Join(' ', list.Select(v => v!.ToString().Contains(':') ? $"({v.ToString().Replace(':', ',')})" : v.ToString())) : value?.ToString() ?? "";

    private static string Normal(string text) => string.Join(' ', text.Replace(", ", ",").Split(' ', StringSplitOptions.RemoveEmptyEntries).OrderBy(w => w.StartsWith('(') ? w : "", StringComparer.Ordinal));
}
