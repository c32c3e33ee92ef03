using System.Text.Json.Nodes;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Cni;

/// <summary>The plugins as a runtime calls them: real namespaces, etcd and canal-felix.</summary>
public sealed class CniTests
{
    private const string Ipam = """ "ipam": { "type": "canal-ipam", "assign_ipv6": "true" } """;

    private static async Task<(NetworkRig Rig, CniHost Host)> StartAsync(bool agent = true)
    {
        NetworkRig rig = await NetworkRig.OneHost(0);
        if (agent) await rig.StartAgents();
        return (rig, new CniHost(rig));
    }

    private static string[] Addresses(JsonNode result) => [.. result["ips"]!.AsArray().Select(ip => ip!["address"]!.GetValue<string>().Split('/')[0])];

    /// <summary>One packet, there and back, in so many seconds: few will do to see that none gets through.</summary>
    private static bool Reaches(string netns, string address, int patience = 10)
    {
        try
        {
            CniHost.Inside(netns, $"ping -c1 -W{patience} {address}");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static async Task<string[]> LeftAsync(NetworkRig rig) =>
    [
        .. (await rig.Etcd.Keys("/calico/ipam/v2/handle/")).Concat(await rig.Etcd.Keys("/calico/resources/v3/projectcalico.org/workloadendpoints/"))
            .Where(key => !key.Contains("canary", StringComparison.Ordinal)),
    ];

    [Fact]
    public async Task A_container_gets_an_interface_under_policy_and_leaves_nothing()
    {
        (NetworkRig rig, CniHost host) = await StartAsync();
        await using (rig)
        using (host)
        {
            string one = host.AddContainer("c1"), two = host.AddContainer("c2");
            JsonObject config = host.Config($"""{Ipam}, "labels": """ + """{ "app": "web" }""");
            JsonNode first = await host.AddAsync(config, "c1", one), second = await host.AddAsync(config, "c2", two);
            Assert.Equal(2, Addresses(first).Length);
            // No waiting: when ADD returns, policy and routes are in the kernel.
            Assert.All(Addresses(second), address => Assert.True(Reaches(one, address), address));
            Assert.Equal("calic1", first["interfaces"]![0]!["name"]!.GetValue<string>());
            Assert.Contains("default via 169.254.1.1 dev eth0", CniHost.Inside(one, "ip route"), StringComparison.Ordinal);
            Assert.Contains("default via fe80::ecee:eeff:feee:eeee dev eth0", CniHost.Inside(one, "ip -6 route"), StringComparison.Ordinal);

            // The same again changes nothing.
            Assert.Equal(Addresses(first), Addresses(await host.AddAsync(config, "c1", one)));
            Assert.True(Reaches(two, Addresses(first)[0]));

            await rig.Put(Calico.GlobalNetworkPolicy("deny").Selecting("app == 'web'").In(Rule.Deny));
            await Poll.Until(() => !Reaches(one, Addresses(second)[0], 1), "the policy to be enforced");
            string three = host.AddContainer("c3");
            JsonNode third = await host.AddAsync(config, "c3", three);
            Assert.All(Addresses(third), address => Assert.False(Reaches(one, address, 1), address));

            JsonObject check = (JsonObject)config.DeepClone();
            check["prevResult"] = first.DeepClone();
            Assert.Equal(0, (await host.RunAsync("canal", "CHECK", check, "c1", one)).Code);
            CniHost.Inside(one, "ip addr flush dev eth0");
            Assert.Equal(102, (await host.RunAsync("canal", "CHECK", check, "c1", one)).Code);

            foreach ((string id, string netns) in new[] { ("c1", one), ("c2", two), ("c3", "") }) await host.DeleteAsync(config, id, netns);
            await host.DeleteAsync(config, "c1", one);
            Assert.Empty(await LeftAsync(rig));
            Assert.DoesNotContain("calic1", rig["h1"].Shell("ip link"), StringComparison.Ordinal);
            Assert.DoesNotContain("eth0", CniHost.Inside(two, "ip link"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Keys_and_values_are_those_of_calicos_plugin()
    {
        (NetworkRig rig, CniHost host) = await StartAsync();
        await using (rig)
        using (host)
        {
            string netns = host.AddContainer("k");
            JsonNode result = await host.AddAsync(host.Config(Ipam), "6b1f0c9a77d34", netns, args: "MAC=62:f0:93:f2:54:2a");
            Dictionary<string, JsonNode> captured = File.ReadLines(Conformance.Require("etcd/calico-cni-v3.32.0.jsonl")).Select(line => JsonNode.Parse(line)!)
                .ToDictionary(line => line["key"]!.GetValue<string>(), line => JsonNode.Parse(line["value"]!.GetValue<string>())!);
            const string Resources = "/calico/resources/v3/projectcalico.org/";

            JsonNode endpoint = JsonNode.Parse((await rig.Etcd.Get($"{Resources}workloadendpoints/default/h1-cni-6b1f0c9a77d34-eth0"))!)!;
            JsonNode wanted = captured[$"{Resources}workloadendpoints/default/host--a-cni-6b1f0c9a77d34-eth0"];
            Assert.Equal(Addresses(result).Select(a => a + (a.Contains(':', StringComparison.Ordinal) ? "/128" : "/32")), endpoint["spec"]!["ipNetworks"]!.AsArray().Select(net => net!.GetValue<string>()));
            AssertSame(wanted, endpoint, "metadata.name", "metadata.uid", "metadata.creationTimestamp", "spec.node", "spec.ipNetworks");
            AssertSame(captured[$"{Resources}profiles/net1"], JsonNode.Parse((await rig.Etcd.Get($"{Resources}profiles/net1"))!)!, "metadata.uid", "metadata.creationTimestamp");

            JsonNode handle = JsonNode.Parse((await rig.Etcd.Get("/calico/ipam/v2/handle/net1.6b1f0c9a77d34"))!)!;
            AssertSame(captured["/calico/ipam/v2/handle/net1.6b1f0c9a77d34"], handle, "block");
            foreach ((string cidr, JsonNode? count) in handle["block"]!.AsObject())
            {
                Assert.Equal(1, count!.GetValue<int>());
                string family = cidr.Contains(':', StringComparison.Ordinal) ? "ipv6" : "ipv4", name = cidr.Replace('/', '-');
                Assert.Equal("""{"state":"confirmed","deleted":false}""", await rig.Etcd.Get($"/calico/ipam/v2/host/h1/{family}/block/{name}"));
                JsonNode block = JsonNode.Parse((await rig.Etcd.Get($"/calico/ipam/v2/assignment/{family}/block/{name}"))!)!;
                JsonNode theirs = captured.Single(entry => entry.Key.StartsWith($"/calico/ipam/v2/assignment/{family}/", StringComparison.Ordinal)).Value;
                Assert.Equal(block["sequenceNumber"]!.GetValue<ulong>(), block["sequenceNumberForAllocation"]!["0"]!.GetValue<ulong>() + 1);
                AssertSame(theirs, block, "cidr", "affinity", "affinity_claim_time", "sequenceNumber", "sequenceNumberForAllocation", "attributes");
                AssertSame(theirs["attributes"]![0]!, block["attributes"]![0]!, "secondary.node", "secondary.timestamp");
            }
        }
    }

    [Fact]
    public async Task Without_the_agent_a_container_does_not_start_unless_told_otherwise()
    {
        (NetworkRig rig, CniHost host) = await StartAsync(agent: false);
        await using (rig)
        using (host)
        {
            string netns = host.AddContainer("c1");
            CniAnswer refused = await host.RunAsync("canal", "ADD", host.Config($"""{Ipam}, "policy_timeout": "300ms" """), "c1", netns);
            Assert.Equal((11, true), (refused.Code, refused.Message.Contains("canal-felix did not program calic1", StringComparison.Ordinal)));
            Assert.Empty(await LeftAsync(rig));
            Assert.DoesNotContain("calic1", rig["h1"].Shell("ip link"), StringComparison.Ordinal);

            JsonNode result = await host.AddAsync(host.Config($"""{Ipam}, "policy_timeout": "100ms", "policy_timeout_action": "open" """), "c1", netns);
            Assert.Contains($"{Addresses(result)[0]} dev calic1", rig["h1"].Shell("ip route"), StringComparison.Ordinal);
            Assert.True(Reaches(netns, "10.100.0.1"));
        }
    }

    [Fact]
    public async Task A_deletion_without_etcd_is_caught_up_later()
    {
        (NetworkRig rig, CniHost host) = await StartAsync();
        await using (rig)
        using (host)
        {
            string netns = host.AddContainer("c1");
            await host.AddAsync(host.Config(Ipam), "c1", netns);
            rig.EtcdServer.Stop();
            await host.DeleteAsync(host.Config(Ipam), "c1", netns);
            Assert.DoesNotContain("calic1", rig["h1"].Shell("ip link"), StringComparison.Ordinal);
            Assert.Single(Directory.GetFiles(host.PendingFolder));
            CniAnswer add = await host.RunAsync("canal", "ADD", host.Config(Ipam), "c2", netns);
            Assert.Equal(11, add.Code);
            Assert.Equal(50, (await host.RunAsync("canal", "STATUS", host.Config(Ipam, version: "1.1.0"), "", "")).Code);

            await rig.EtcdServer.Start();
            Assert.Equal(0, (await host.RunAsync("canal", "STATUS", host.Config(Ipam, version: "1.1.0"), "", "")).Code);
            await host.DeleteAsync(host.Config(Ipam), "never", "");
            Assert.Empty(await LeftAsync(rig));
            Assert.Empty(Directory.GetFiles(host.PendingFolder));
        }
    }

    [Fact]
    public async Task Garbage_of_this_network_goes_and_nothing_else()
    {
        (NetworkRig rig, CniHost host) = await StartAsync();
        await using (rig)
        using (host)
        {
            string netns = host.AddContainer("c1");
            await host.AddAsync(host.Config(Ipam), "stale", netns, "eth0");
            await host.AddAsync(host.Config(Ipam), "valid", netns, "eth1");
            await host.AddAsync(host.Config(Ipam, network: "net2"), "other", netns, "eth2");
            JsonObject config = host.Config(Ipam, version: "1.1.0");
            config["cni.dev/valid-attachments"] = JsonNode.Parse("""[{ "containerID": "valid", "ifname": "eth1" }]""");
            Assert.Equal(0, (await host.RunAsync("canal", "GC", config, "", "")).Code);
            Assert.Equal(
                ["/calico/ipam/v2/handle/net1.valid", "/calico/ipam/v2/handle/net2.other",
                    "/calico/resources/v3/projectcalico.org/workloadendpoints/default/h1-cni-other-eth2", "/calico/resources/v3/projectcalico.org/workloadendpoints/default/h1-cni-valid-eth1"],
                await LeftAsync(rig));
        }
    }

    [Fact]
    public async Task Other_address_plugins_are_asked_in_the_same_terms_and_others_chain_after()
    {
        (NetworkRig rig, CniHost host) = await StartAsync();
        await using (rig)
        using (host)
        {
            string one = host.AddContainer("c1"), two = host.AddContainer("c2");
            JsonObject config = host.Config($$""" "ipam": { "type": "host-local", "dataDir": "{{host.Folder}}/local", "ranges": [[{ "subnet": "10.77.0.0/24" }]], "routes": [{ "dst": "10.0.0.0/8" }] }, "include_default_routes": true """);
            JsonNode first = await host.AddAsync(config, "c1", one), second = await host.AddAsync(config, "c2", two);
            Assert.Equal(["10.77.0.2"], Addresses(first));
            Assert.True(Reaches(one, Addresses(second)[0]));
            Assert.Contains("10.0.0.0/8 via 169.254.1.1", CniHost.Inside(one, "ip route"), StringComparison.Ordinal);

            JsonObject tuning = host.Config(""" "sysctl": { "net.ipv4.conf.IFNAME.log_martians": "1" } """, type: "tuning");
            tuning["prevResult"] = first.DeepClone();
            CniAnswer after = await host.RunAsync("tuning", "ADD", tuning, "c1", one);
            Assert.True(after.ExitCode == 0, after.ToString());
            Assert.Equal(Addresses(first), Addresses(after.Json!));

            await host.DeleteAsync(config, "c1", one);
            await host.DeleteAsync(config, "c2", two);
            Assert.Empty(Directory.GetFiles(Path.Combine(host.Folder, "local", "net1"), "10.*"));
        }
    }

    [Fact]
    public async Task A_thousand_containers_from_four_processes_at_a_time_leave_no_leak_and_share_no_address()
    {
        const int Lanes = 4, Each = 250;
        (NetworkRig rig, CniHost host) = await StartAsync();
        await using (rig)
        using (host)
        {
            JsonObject config = host.Config(""" "ipam": { "type": "canal-ipam" }, "policy_timeout": "60s" """);
            string[] lanes = [.. Enumerable.Range(0, Lanes).Select(lane => host.AddContainer($"lane{lane}"))];
            string?[][] kept = await Task.WhenAll(lanes.Select((netns, lane) => LaneAsync(host, config, netns, lane, Each)));

            string[] addresses = [.. kept.SelectMany(lane => lane).OfType<string>()];
            Assert.Equal(addresses.Length, addresses.Distinct().Count());
            Assert.Equal(2 * addresses.Length, (await LeftAsync(rig)).Length);
            string routes = rig["h1"].Shell("ip route");
            Assert.All(addresses, address => Assert.Contains($"{address} dev cali", routes, StringComparison.Ordinal));

            await Task.WhenAll(lanes.Select(async (netns, lane) =>
            {
                for (int i = 0; i < Each; i++)
                    if (kept[lane][i] is not null) await host.DeleteAsync(config, $"l{lane}x{i}", netns, $"e{i}");
            }));
            Assert.Empty(await LeftAsync(rig));
            foreach (string key in await rig.Etcd.Keys("/calico/ipam/v2/assignment/"))
                Assert.Empty(JsonNode.Parse((await rig.Etcd.Get(key))!)!["attributes"]!.AsArray());
        }
    }

    // Every third container ends at once.
    private static async Task<string?[]> LaneAsync(CniHost host, JsonObject config, string netns, int lane, int count)
    {
        string?[] addresses = new string?[count];
        for (int i = 0; i < count; i++)
        {
            addresses[i] = Addresses(await host.AddAsync(config, $"l{lane}x{i}", netns, $"e{i}"))[0];
            if (i % 3 != 0) continue;
            await host.DeleteAsync(config, $"l{lane}x{i}", netns, $"e{i}");
            addresses[i] = null;
        }
        return addresses;
    }

    [Theory]
    [InlineData("bridge")]
    [InlineData("ptp")]
    public async Task What_another_plugin_has_made_comes_under_policy(string before)
    {
        (NetworkRig rig, CniHost host) = await StartAsync();
        await using (rig)
        using (host)
        {
            JsonObject config = host.Config($$""" "bridge": "br-chain", "isGateway": true, "ipam": { "type": "host-local", "dataDir": "{{host.Folder}}/local", "ranges": [[{ "subnet": "10.78.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } """, type: before);
            List<(string Netns, JsonNode Result)> made = [];
            foreach (string id in new[] { "c1", "c2" })
            {
                string netns = host.AddContainer(id);
                CniAnswer answer = await host.RunAsync(before, "ADD", config, id, netns);
                Assert.True(answer.ExitCode == 0, answer.ToString());
                JsonObject chained = host.Config(""" "labels": { "chained": "yes" } """);
                chained["prevResult"] = answer.Json;
                made.Add((netns, await host.AddAsync(chained, id, netns)));
            }
            Assert.Contains(made[0].Result["interfaces"]!.AsArray(), link => link!["name"]!.GetValue<string>() == "calic1");
            Assert.True(Reaches(made[0].Netns, Addresses(made[1].Result)[0]));
            await rig.Put(Calico.GlobalNetworkPolicy("deny").Selecting("chained == 'yes'").In(Rule.Deny));
            await Poll.Until(() => !Reaches(made[0].Netns, Addresses(made[1].Result)[0]), "the policy to be enforced");

            JsonObject delete = host.Config();
            delete["prevResult"] = made[0].Result.DeepClone();
            await host.DeleteAsync(delete, "c1", made[0].Netns);
            Assert.Equal(0, (await host.RunAsync(before, "DEL", config, "c1", made[0].Netns)).Code);
            Assert.DoesNotContain(await LeftAsync(rig), key => key.Contains("c1", StringComparison.Ordinal));
            Assert.DoesNotContain("calic1", rig["h1"].Shell("ip link"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Canal_ipam_serves_other_plugins_and_answers_errors_in_the_specifications_codes()
    {
        (NetworkRig rig, CniHost host) = await StartAsync(agent: false);
        await using (rig)
        using (host)
        {
            JsonObject config = host.Config(""" "ipam": { "type": "canal-ipam" } """, type: "bridge", version: "0.3.1");
            CniAnswer any = await host.RunAsync("canal-ipam", "ADD", config, "c1", "/none");
            Assert.Equal("4", any.Json!["ips"]![0]!["version"]!.GetValue<string>());
            CniAnswer same = await host.RunAsync("canal-ipam", "ADD", config, "c2", "/none", args: $"IP={Addresses(any.Json!)[0]}");
            Assert.Equal((100, true), (same.Code, same.Message.Contains("net1.c1", StringComparison.Ordinal)));
            Assert.Equal("10.65.3.7/32", (await host.RunAsync("canal-ipam", "ADD", config, "c2", "/none", args: "IP=10.65.3.7")).Json!["ips"]![0]!["address"]!.GetValue<string>());
            JsonObject pool = host.Config(""" "ipam": { "type": "canal-ipam", "ipv4_pools": ["nowhere"] } """);
            Assert.Equal(7, (await host.RunAsync("canal-ipam", "ADD", pool, "c3", "/none")).Code);
            Assert.Equal(0, (await host.RunAsync("canal-ipam", "DEL", config, "c1", "")).Code);
            Assert.Equal(0, (await host.RunAsync("canal-ipam", "DEL", config, "c2", "")).Code);
            Assert.Empty(await LeftAsync(rig));

            Assert.Equal(4, (await host.RunAsync("canal", "ADD", host.Config(Ipam), "c1", "")).Code);
            Assert.Equal(4, (await host.RunAsync("canal", "ADD", host.Config(Ipam), "c1", "/none", args: "UNKNOWN=1")).Code);
            Assert.Equal(4, (await host.RunAsync("canal", "WHAT", host.Config(Ipam), "c1", "/none")).Code);
            Assert.Equal(1, (await host.RunAsync("canal", "ADD", host.Config(Ipam, version: "9.9.9"), "c1", "/none")).Code);
            Assert.Equal(7, (await host.RunAsync("canal", "ADD", host.Config(""" "ipam": 1 """), "c1", "/none")).Code);
            Assert.Equal(7, (await host.RunAsync("canal", "ADD", host.Config(), "c1", "/none")).Code);
            Assert.Equal("1.1.0", (await host.RunAsync("canal", "VERSION", host.Config(version: "1.1.0"), "", "")).Json!["supportedVersions"]!.AsArray()[^1]!.GetValue<string>());
        }
    }

    private static void AssertSame(JsonNode wanted, JsonNode found, params string[] apart)
    {
        JsonNode left = wanted.DeepClone(), right = found.DeepClone();
        foreach (string path in apart)
        {
            string[] parts = path.Split('.');
            foreach (JsonNode side in new[] { left, right })
            {
                JsonObject at = parts.Length == 1 ? side.AsObject() : side[parts[0]]!.AsObject();
                Assert.True(at.Remove(parts[^1]), $"{path} is missing");
            }
        }
        Assert.True(JsonNode.DeepEquals(left, right), $"{left.ToJsonString()}\n{right.ToJsonString()}");
    }
}
