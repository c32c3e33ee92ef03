using System.Diagnostics;
using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>Scenario 39: a long time of mixed changes ends in what a fresh start makes of the same etcd. CANAL_SOAK_SECONDS makes it longer.</summary>
public sealed class SoakTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("CANAL_SOAK_SECONDS") ?? "12"));

    [Fact]
    public async Task Mixed_churn_ends_in_the_state_of_a_fresh_start()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.AddSilentWorkloads(10);
        await rig.StartAgents();
        Random random = new(39);
        int writes = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Length; writes++)
            await Change(rig, random);
        Assert.True(writes > 100, $"only {writes} changes were written");
        await rig.Settle();
        string churned = State(rig["h1"]);
        Assert.Contains("policy-in/gnp/churn-", churned, StringComparison.Ordinal);

        Assert.Equal(0, await rig.Agent().Terminate());
        await rig.Agent().Cleanup();
        rig.Agent().Start();
        await rig.Settle();
        Assert.Equal(churned, State(rig["h1"]));
    }

    private static Task Change(NetworkRig rig, Random random)
    {
        int one = random.Next(40);
        string name = $"{one}";
        Resource endpoint = Calico.WorkloadEndpoint("default", "h7", $"far{one}", $"califar{one}", "02:65:00:00:07:01", $"10.67.0.{one}/32", $"fd00:67::{one:x}/128")
            .Labels(("color", random.Next(4).ToString()), ("size", random.Next(3).ToString())).Ports(("web", "TCP", 8000 + random.Next(3)));
        Resource policy = Calico.GlobalNetworkPolicy($"churn-{one % 12}").Tier(one % 3 == 0 ? "upper" : "default").Order(random.Next(5)).Selecting(random.Next(4) == 0 ? "all()" : $"name in {{'w{one % 3}', 'many{one % 10}'}}");
        return random.Next(12) switch
        {
            0 or 1 or 2 => rig.Put(endpoint),
            3 => rig.Etcd.Delete(endpoint.Key),
            4 or 5 or 6 => rig.Put(policy.In(Rules(random)).Out(Rules(random))),
            7 => rig.Etcd.Delete(policy.Key),
            8 => rig.Put(Calico.GlobalNetworkSet($"nets-{one % 6}", $"10.{one}.0.0/16", $"10.{one}.{one}.0/24", $"192.0.2.{one}/32").Labels(("color", random.Next(4).ToString()))),
            9 => rig.Etcd.Delete(Calico.GlobalNetworkSet($"nets-{one % 6}").Key),
            10 => rig.Put(rig.Endpoint($"w{one % 3}").Labels(("color", random.Next(4).ToString())).Profiles(random.Next(2) == 0 ? "open" : "closed")),
            _ => one % 2 == 0 ? rig.Put(Calico.Tier("upper").Order(random.Next(9))) : rig.Etcd.Delete(Calico.Tier("upper").Key),
        };
    }

    private static Rule[] Rules(Random random) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(5) switch
    {
        0 => Rule.Allow.Src($"color == '{random.Next(4)}'"),
        1 => Rule.Deny.Tcp.Src($"size == '{random.Next(3)}' || color == '1'").DstPorts(random.Next(1000, 1010), "web"),
        2 => Rule.Pass.SrcNets($"10.{random.Next(40)}.0.0/16", "192.0.2.0/28"),
        3 => Rule.Allow.Dst($"has(color) && size != '{random.Next(3)}'"),
        _ => Rule.Log,
    })];

    // Everything that means something, in an order that does not depend on what was made first.
    private static string State(RigNode host)
    {
        JsonArray all = JsonNode.Parse(host.Shell("nft -j list table inet canal"))!["nftables"]!.AsArray();
        List<string> lines = [];
        Dictionary<string, int> numbers = [];
        foreach (JsonObject item in all.OfType<JsonObject>())
        {
            (string kind, JsonNode? value) = item.First();
            if (kind == "metainfo") continue;
            Normalize(value!);
            string place = kind == "rule" ? $"{value!["chain"]} {numbers[$"{value["chain"]}"] = numbers.GetValueOrDefault($"{value["chain"]}") + 1:000}" : $"{value!["name"]}";
            lines.Add($"{kind} {place} {value!.ToJsonString()}");
        }
        // The canary's address alternates.
        lines.AddRange(host.Shell("ip route show; ip -6 route show; ip neigh show nud permanent; ip -6 neigh show nud permanent").Split('\n').Where(line => !line.Contains("caliwcanary", StringComparison.Ordinal)));
        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines.Where(line => !line.Contains("canary", StringComparison.Ordinal)));
    }

    private static void Normalize(JsonNode node)
    {
        if (node is JsonArray array)
            foreach (JsonNode? item in array)
                if (item is not null) Normalize(item);
        if (node is not JsonObject named) return;
        named.Remove("handle");
        if (named["counter"] is JsonObject counter) (counter["packets"], counter["bytes"]) = (0, 0);
        if (named["elem"] is JsonArray elements)
            named["elem"] = new JsonArray([.. elements.Select(e => e!.ToJsonString()).Where(e => !IsCanary(e)).Order(StringComparer.Ordinal).Select(e => (JsonNode)JsonValue.Create(e)!)]);
        foreach ((_, JsonNode? value) in named)
            if (value is not null) Normalize(value);
    }

    private static bool IsCanary(string element) => element.Contains("10.65.0.62", StringComparison.Ordinal) || element.Contains("10.65.0.63", StringComparison.Ordinal) || element.Contains("canary", StringComparison.Ordinal);
}
