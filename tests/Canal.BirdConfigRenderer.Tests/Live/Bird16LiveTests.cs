using System.Text.Json.Nodes;
using Canal.BirdConfigRenderer.Bird;

namespace Canal.BirdConfigRenderer.Tests.Live;

/// <summary>Real renderers that find BIRD 1.6, whose processes speak BGP with each other and with BIRD 2.</summary>
public sealed class Bird16LiveTests
{
    [Fact]
    public async Task With_Bird_2_in_one_mesh_of_both_families()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1, hasBird16: true), b = cluster.AddHost("b", 2, hasBird16: true), c = cluster.AddHost("c", 3);
        await cluster.Put("caliconodestatuses", "of-a", """{"node":"a","classes":["Agent","BGP","Routes"],"updatePeriodSeconds":1}""");
        await Settle(cluster, a, b, c);
        foreach (BgpHost host in (BgpHost[])[a, b, c])
            foreach (BgpHost other in (BgpHost[])[a, b, c])
                if (host != other)
                {
                    await cluster.Until(() => host.Routes().Contains($"{other.Block} via {other.Address} dev eth0 proto bird metric 1024", StringComparison.Ordinal), $"{host.Name} has no route to {other.Block}");
                    await cluster.Until(() => host.Routes("-6").Contains($"{other.BlockV6} via fd00::{other.Number} dev eth0 proto bird metric 1024", StringComparison.Ordinal), $"{host.Name} has no route to {other.BlockV6}");
                }
        Assert.Contains("bird (IPv4): 1.6.", a.Ask("--status"), StringComparison.Ordinal);
        Assert.Contains("bird (IPv6): 1.6.", a.Ask("--status"), StringComparison.Ordinal);
        Assert.Contains("ready: yes\n", a.Ask("--status"), StringComparison.Ordinal);
        await ReportsToEtcd(cluster);
    }

    [Fact]
    public async Task A_change_that_is_about_something_else_resets_no_session()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1, hasBird16: true), b = cluster.AddHost("b", 2, hasBird16: true);
        await Settle(cluster, a, b);
        SortedDictionary<string, string> before = await LiveTests.Since(a, b);
        Assert.Equal(4, before.Count);

        await cluster.Put("nodes", "c", """{"bgp":{"ipv4Address":"10.0.0.3/24","ipv6Address":"fd00::3/64"}}""");
        await cluster.Put("ippools", "more", """{"cidr":"10.77.0.0/16","disableBGPExport":true}""");
        await cluster.Put("bgpfilters", "f", """{"exportV4":[{"action":"Reject","cidr":"10.78.0.0/16","matchOperator":"In"}],"importV6":[{"action":"Reject","cidr":"2001:db8::/32","matchOperator":"In"}]}""");
        await cluster.Put("bgppeers", "rack", """{"peerIP":"10.0.0.200","asNumber":65000,"filters":["f"]}""");
        await cluster.Put("bgpconfigurations", "default", """{"logSeverityScreen":"Debug","ipv4NormalRoutePriority":2000,"ignoredInterfaces":["lan*"],"serviceClusterIPs":[{"cidr":"10.96.0.0/12"}]}""");
        foreach (BgpHost host in (BgpHost[])[a, b])
        {
            File.WriteAllText(Path.Combine(host.SnippetsFolder, "mine-ipv4.conf"), "protocol static mine { route 203.0.113.0/24 blackhole; }\n");
            File.WriteAllText(Path.Combine(host.SnippetsFolder, "mine-ipv6.conf"), "protocol static mine { route 2001:db8:7::/48 blackhole; }\n");
        }
        foreach (BgpHost host in (BgpHost[])[a, b])
        {
            await cluster.Until(() => host.Routes().Contains("blackhole 203.0.113.0/24", StringComparison.Ordinal) && host.Routes("-6").Contains("blackhole 2001:db8:7::/48", StringComparison.Ordinal), "the snippets are not in force");
            await cluster.Until(async () => (await host.Look())?.Sessions.Keys.Count() == 5, "the new sessions are not there");
        }
        await cluster.Until(() => a.Routes().Contains($"{b.Block} via {b.Address} dev eth0 proto bird metric 2000", StringComparison.Ordinal), "the new priority is not in force");
        SortedDictionary<string, string> after = await LiveTests.Since(a, b);
        Assert.Equal(before, before.Keys.ToDictionary(k => k, k => after[k]));
        await Refusal(cluster, a);
    }

    [Fact]
    public async Task Killed_or_restarted_neighbours_lose_nothing()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1, hasBird16: true), b = cluster.AddHost("b", 2, hasBird16: true), c = cluster.AddHost("c", 3);
        await Settle(cluster, a, b, c);
        await cluster.Until(() => a.Routes().Contains(b.Block, StringComparison.Ordinal) && c.Routes().Contains(b.Block, StringComparison.Ordinal), "the mesh did not come up");
        using PingStream ping = new(a, a.Workload, b.Workload), other = new(c, c.Workload, b.Workload);
        b.KillBird();
        await cluster.Until(async () => await b.Look() is null, "BIRD was not killed");
        await cluster.Until(() => LiveTests.Recovered(a, b, c), "the sessions did not come back after kill -9");
        Assert.Equal("", b.Ask("--restart-bird"));
        await cluster.Until(() => b.Log.Split("starting BIRD (IPv4)").Length == 4 && b.Log.Split("starting BIRD (IPv6)").Length == 4, "BIRD was not started again after a planned restart");
        await cluster.Until(() => LiveTests.Recovered(a, b, c), "the sessions did not come back after a planned restart");
        foreach (PingStream stream in (PingStream[])[ping, other])
        {
            (int sent, int received) = stream.End();
            Assert.True(sent > 50 && sent - received <= 1, $"{received} of {sent} packets\n{cluster.Story()}");
        }
    }

    [Fact]
    public async Task Passwords_filters_and_listening_on_one_address()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1, hasBird16: true), b = cluster.AddHost("b", 2, hasBird16: true), c = cluster.AddHost("c", 3);
        await cluster.Put("bgpconfigurations", "default", """{"nodeToNodeMeshEnabled":false,"bindMode":"NodeIP","listenPort":1790}""");
        await cluster.Put("bgpfilters", "f", """{"importV4":[{"action":"Reject","cidr":"192.168.3.0/24","matchOperator":"In"}],"exportV4":[{"action":"Accept","cidr":"192.168.0.0/16","matchOperator":"In","operations":[{"addCommunity":{"value":"64512:7"}}]}]}""");
        await cluster.Put("bgppeers", "all", """{"nodeSelector":"all()","peerSelector":"all()","filters":["f"],"password":{"secretKeyRef":{"name":"all","key":"md5"}}}""");
        foreach (BgpHost host in (BgpHost[])[a, b, c])
        {
            Directory.CreateDirectory(Path.Combine(host.SecretsFolder, "all"));
            File.WriteAllText(Path.Combine(host.SecretsFolder, "all", "md5"), host == c ? "another" : "first # password");
        }
        await Start(cluster, a, b, c);
        await cluster.Until(async () => await a.Established("Node_10_0_0_2_port_1790") && await a.Established("Node_fd00__2_port_1790"), "the sessions with the same password did not come up");
        Assert.False(await a.Established("Node_10_0_0_3_port_1790"), "a session with another password is up");
        File.WriteAllText(Path.Combine(c.SecretsFolder, "all", "md5"), "first # password");
        await cluster.Until(async () => await a.Established("Node_10_0_0_3_port_1790") && await a.Established("Node_fd00__3_port_1790"), "the session did not come up with the right password");

        await cluster.Until(() => a.Routes().Contains($"{b.Block} via {b.Address}", StringComparison.Ordinal) && a.Routes("-6").Contains(c.BlockV6, StringComparison.Ordinal), "the blocks were not learned");
        Assert.DoesNotContain(c.Block, a.Routes(), StringComparison.Ordinal);
        BirdReply route = await BirdSocket.AskOnceAsync(a.BirdSocketPath, TimeSpan.FromSeconds(10), CancellationToken.None, $"show route for {b.Block} all");
        Assert.Contains("BGP.community: (64512,7)", route.ToString(), StringComparison.Ordinal);
        string listening = a.Netns.Shell("ss -Hltn sport = :1790");
        Assert.Contains("10.0.0.1:1790", listening, StringComparison.Ordinal);
        Assert.Contains("[fd00::1]:1790", listening, StringComparison.Ordinal);
        Assert.DoesNotContain("0.0.0.0:1790", listening, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_process_for_IPv6_ends_when_the_host_has_Bird_2_instead()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1, hasBird16: true), b = cluster.AddHost("b", 2);
        await Settle(cluster, a, b);
        a.Kill();
        await BirdSocket.AskOnceAsync(a.BirdSocketPath, TimeSpan.FromSeconds(10), CancellationToken.None, "down");
        await cluster.Until(() => !File.Exists(a.BirdSocketPath), "BIRD did not end");
        a.HasBird2();
        a.Start();
        await cluster.Until(() => LiveTests.Recovered(a, b), "BIRD 2 did not take over");
        await cluster.Until(() => !File.Exists(a.Bird6SocketPath), "the process for IPv6 did not end");
        Assert.False(File.Exists(a.Bird6Config));
    }

    private static async Task Start(BgpCluster cluster, params BgpHost[] hosts)
    {
        await cluster.PutPools();
        foreach (BgpHost host in hosts)
        {
            await cluster.Announce(host);
            host.Start();
        }
    }

    private static async Task Settle(BgpCluster cluster, params BgpHost[] hosts)
    {
        await Start(cluster, hosts);
        await cluster.Until(() => LiveTests.Recovered(hosts), "the mesh did not settle");
    }

    /// <summary>What one process refuses changes the files of neither.</summary>
    private static async Task Refusal(BgpCluster cluster, BgpHost a)
    {
        string four = File.ReadAllText(a.BirdConfig), six = File.ReadAllText(a.Bird6Config);
        // An address of IPv4 is no word for the process of IPv6.
        File.WriteAllText(Path.Combine(a.SnippetsFolder, "other.conf"), "protocol static other { route 198.51.100.0/24 blackhole; }\n");
        await cluster.Until(() => a.Ask("--status").Contains("refused by BIRD: snippet other.conf: ", StringComparison.Ordinal), "a snippet of one family is not refused for both");
        Assert.Equal((four, six), (File.ReadAllText(a.BirdConfig), File.ReadAllText(a.Bird6Config)));
    }

    private static async Task ReportsToEtcd(BgpCluster cluster)
    {
        JsonNode? status = null;
        await cluster.Until(async () => (status = JsonNode.Parse(await cluster.Get("caliconodestatuses", "of-a"))!["status"])?["bgp"]?["numberEstablishedV4"]?.GetValue<int>() == 2
            && IsReady(status, "birdV4") && IsReady(status, "birdV6") && status["bgp"]!["numberEstablishedV6"]!.GetValue<int>() == 2 && Route(status, "routesV4", "192.168.2.0/26") is not null && Route(status, "routesV6", "fd00:192:3::/122") is not null, "CalicoNodeStatus is not kept");
        foreach (string agent in (string[])["birdV4", "birdV6"]) Assert.StartsWith("1.6.", status!["agent"]![agent]!["version"]!.GetValue<string>(), StringComparison.Ordinal);
        JsonNode four = Route(status!, "routesV4", "192.168.2.0/26")!, six = Route(status!, "routesV6", "fd00:192:3::/122")!;
        Assert.Equal(("10.0.0.2", "eth0", "FIB", "10.0.0.2"), (four["gateway"]!.GetValue<string>(), four["interface"]!.GetValue<string>(), four["type"]!.GetValue<string>(), four["learnedFrom"]!["peerIP"]!.GetValue<string>()));
        Assert.Equal(("fd00::3", "eth0", "FIB", "fd00::3"), (six["gateway"]!.GetValue<string>(), six["interface"]!.GetValue<string>(), six["type"]!.GetValue<string>(), six["learnedFrom"]!["peerIP"]!.GetValue<string>()));
    }

    /// <summary>Not before it has recovered: it starts as after a graceful restart.</summary>
    private static bool IsReady(JsonNode status, string agent) => status["agent"]?[agent]?["state"]?.GetValue<string>() == "Ready";

    private static JsonNode? Route(JsonNode status, string family, string destination) =>
        status["routes"]?[family]?.AsArray().FirstOrDefault(r => r!["destination"]?.GetValue<string>() == destination && r["learnedFrom"]?["peerIP"] is not null);
}
