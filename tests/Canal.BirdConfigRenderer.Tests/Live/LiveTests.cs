using System.Text.Json.Nodes;

namespace Canal.BirdConfigRenderer.Tests.Live;

/// <summary>Real renderers with real BIRDs that speak BGP with each other.</summary>
public sealed class LiveTests
{
    [Fact]
    public async Task A_full_mesh_exchanges_blocks_of_both_families_and_follows_an_address_that_changes()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost[] hosts = [cluster.AddHost("a", 1), cluster.AddHost("b", 2), cluster.AddHost("c", 3)];
        await cluster.PutPools();
        await cluster.Put("caliconodestatuses", "of-a", """{"node":"a","classes":["Agent","BGP","Routes"],"updatePeriodSeconds":1}""");
        foreach (BgpHost host in hosts)
        {
            await cluster.Announce(host);
            host.Start();
        }
        foreach (BgpHost host in hosts)
            foreach (BgpHost other in hosts)
                if (host != other)
                {
                    await cluster.Until(() => host.Routes().Contains($"{other.Block} via {other.Address} dev eth0 proto bird metric 1024", StringComparison.Ordinal), $"{host.Name} has no route to {other.Block}");
                    await cluster.Until(() => host.Routes("-6").Contains(other.BlockV6, StringComparison.Ordinal), $"{host.Name} has no route to {other.BlockV6}");
                }
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(hosts[0].BirdConfig));
        await ReportsToEtcd(cluster);

        hosts[1].Netns.Shell("ip addr add 10.0.0.22/24 dev eth0; ip addr del 10.0.0.2/24 dev eth0; ip addr add 10.0.0.22/24 dev eth0 2>/dev/null || true");
        await cluster.Put("nodes", "b", """{"bgp":{"ipv4Address":"10.0.0.22/24","ipv6Address":"fd00::2/64"}}""");
        await cluster.Until(() => hosts[0].Routes().Contains($"{hosts[1].Block} via 10.0.0.22 dev eth0", StringComparison.Ordinal), "a did not follow b's new address");
        await cluster.Until(() => hosts[0].Log.Contains("Mesh_10_0_0_22", StringComparison.Ordinal) && hosts[0].Log.Contains("is established", StringComparison.Ordinal), "the session's coming up was not told");
        Assert.True(await hosts[0].Established("Mesh_10_0_0_3"), "a session that did not change is down");
    }

    [Fact]
    public async Task A_host_without_a_Node_gets_one_and_is_in_the_mesh_and_one_that_is_deleted_comes_again()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1), b = cluster.AddHost("b", 2);
        await cluster.PutPools();
        a.Start();
        b.Start();
        await cluster.Until(async () => await a.Established("Mesh_10_0_0_2") && await b.Established("Mesh_10_0_0_1"), "the hosts are in nobody's mesh");
        Assert.Contains("\"ipv4Address\":\"10.0.0.1/24\"", await cluster.Get("nodes", "a"), StringComparison.Ordinal);
        await cluster.Delete("nodes", "a");
        await cluster.Until(async () => (await cluster.Get("nodes", "a")).Contains("10.0.0.1/24", StringComparison.Ordinal), "the deleted Node does not come again");
    }

    [Fact]
    public async Task From_mesh_to_route_reflector_no_packet_is_lost()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1), b = cluster.AddHost("b", 2), reflector = cluster.AddHost("r", 9);
        await cluster.PutPools();
        await cluster.Announce(a);
        await cluster.Announce(b);
        a.Start();
        b.Start();
        await cluster.Until(() => a.Routes().Contains(b.Block, StringComparison.Ordinal) && b.Routes().Contains(a.Block, StringComparison.Ordinal), "the mesh did not come up");

        using PingStream ping = new(a, a.Workload, b.Workload);
        await cluster.Announce(reflector, ""","routeReflectorClusterID":"10.0.0.9" """, "\"reflector\":\"yes\"");
        reflector.Start();
        await cluster.Put("bgppeers", "clients", """{"nodeSelector":"!has(reflector)","peerSelector":"has(reflector)"}""");
        await cluster.Until(async () => await a.Established("Node_10_0_0_9") && await b.Established("Node_10_0_0_9"), "the reflector's sessions did not come up");
        // The reflector's own block, and the other's.
        await cluster.Until(async () => (await a.Look())!.Sessions["Node_10_0_0_9"].Imported >= 2 && (await b.Look())!.Sessions["Node_10_0_0_9"].Imported >= 2, "the reflector does not reflect");
        await cluster.Put("bgpconfigurations", "default", """{"nodeToNodeMeshEnabled":false}""");
        await cluster.Until(async () => !(await a.Look())!.Sessions.Keys.Any(k => k.StartsWith("Mesh_", StringComparison.Ordinal)) && !(await b.Look())!.Sessions.Keys.Any(k => k.StartsWith("Mesh_", StringComparison.Ordinal)), "the mesh did not go");
        await Task.Delay(500);
        (int sent, int received) = ping.End();
        Assert.True(sent > 50 && sent - received <= 1, $"{received} of {sent} packets\n{cluster.Story()}");
        Assert.Contains($"{b.Block} via {b.Address}", a.Routes(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_that_is_about_something_else_resets_no_session()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1), b = cluster.AddHost("b", 2);
        await cluster.PutPools();
        await cluster.Announce(a);
        await cluster.Announce(b);
        a.Start();
        b.Start();
        await cluster.Until(() => Recovered(a, b), "the mesh did not come up");
        SortedDictionary<string, string> before = await Since(a, b);
        Assert.Equal(4, before.Count);

        await cluster.Put("nodes", "c", """{"bgp":{"ipv4Address":"10.0.0.3/24","ipv6Address":"fd00::3/64"}}""", "\"rack\":\"x\"");
        await cluster.Put("ippools", "more", """{"cidr":"10.77.0.0/16","disableBGPExport":true}""");
        await cluster.Put("bgpfilters", "f", """{"exportV4":[{"action":"Reject","cidr":"10.78.0.0/16","matchOperator":"In"}]}""");
        await cluster.Put("bgppeers", "rack", """{"peerIP":"10.0.0.200","asNumber":65000,"filters":["f"]}""");
        await cluster.Put("bgpconfigurations", "default", """{"logSeverityScreen":"Debug","ipv4NormalRoutePriority":2000,"ignoredInterfaces":["lan*"],"serviceClusterIPs":[{"cidr":"10.96.0.0/12"}],"communities":[{"name":"c","value":"64512:9"}],"prefixAdvertisements":[{"cidr":"192.168.0.0/16","communities":["c"]}]}""");
        foreach (BgpHost host in (BgpHost[])[a, b]) File.WriteAllText(Path.Combine(host.SnippetsFolder, "mine.conf"), "protocol static mine { ipv4; route 203.0.113.0/24 blackhole; }\n");
        foreach (BgpHost host in (BgpHost[])[a, b])
        {
            await cluster.Until(() => host.Routes().Contains("blackhole 203.0.113.0/24", StringComparison.Ordinal), "the snippet is not in force");
            await cluster.Until(async () => (await host.Look())?.Sessions.Keys.Count() == 5, "the new sessions are not there");
        }
        await cluster.Until(() => a.Routes().Contains($"{b.Block} via {b.Address} dev eth0 proto bird metric 2000", StringComparison.Ordinal), "the new priority is not in force");
        SortedDictionary<string, string> after = await Since(a, b);
        Assert.Equal(before, before.Keys.ToDictionary(k => k, k => after[k]));
    }

    /// <summary>When each session of the hosts came up.</summary>
    internal static async Task<SortedDictionary<string, string>> Since(params BgpHost[] hosts)
    {
        SortedDictionary<string, string> since = new(StringComparer.Ordinal);
        foreach (BgpHost host in hosts)
            foreach ((string name, Bird.SessionState session) in (await host.Look())!.Sessions) since.Add($"{host.Name} {name}", session.Since);
        return since;
    }

    [Fact]
    public async Task Bird_killed_is_started_again_and_neighbours_lose_nothing()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1), b = cluster.AddHost("b", 2), c = cluster.AddHost("c", 3);
        await cluster.PutPools();
        foreach (BgpHost host in (BgpHost[])[a, b, c])
        {
            await cluster.Announce(host);
            host.Start();
        }
        await cluster.Until(() => Recovered(a, b, c), "the mesh did not settle");
        await cluster.Until(() => a.Routes().Contains(b.Block, StringComparison.Ordinal) && b.Routes().Contains(c.Block, StringComparison.Ordinal), "the mesh did not come up");
        await cluster.Until(() => a.Log.Contains("Mesh_10_0_0_2 (node b) is established", StringComparison.Ordinal) && b.Log.Contains("Mesh_10_0_0_1 (node a) is established", StringComparison.Ordinal), "that the mesh came up is not told");
        using PingStream ping = new(a, a.Workload, b.Workload), other = new(b, b.Workload, c.Workload);

        b.KillBird();
        await cluster.Until(async () => await b.Look() is null, "BIRD was not killed");
        await cluster.Until(() => b.Log.Contains("BGP session Mesh_10_0_0_1 (node a) is down: BIRD does not run", StringComparison.Ordinal), "that the session ended with BIRD is not told");
        await cluster.Until(() => Recovered(a, b, c), "the sessions did not come back after kill -9");
        await cluster.Until(() => b.Log.Split("BGP session Mesh_10_0_0_1 (node a) is established").Length >= 3, "that the session came back is not told");
        await cluster.Until(() => a.Log.Contains("BGP session Mesh_10_0_0_2 (node b) is down: ", StringComparison.Ordinal), "the neighbour does not tell that the session ended");
        Assert.Equal("", b.Ask("--restart-bird"));
        await cluster.Until(() => b.Log.Split("starting BIRD").Length == 4, "BIRD was not started again after a planned restart");
        await cluster.Until(() => Recovered(a, b, c), "the sessions did not come back after a planned restart");

        // The renderer is not needed for BIRD to go on.
        b.Kill();
        await Task.Delay(300);
        Assert.True(await a.Established("Mesh_10_0_0_2"));
        foreach (PingStream stream in (PingStream[])[ping, other])
        {
            (int sent, int received) = stream.End();
            Assert.True(sent > 50 && sent - received <= 1, $"{received} of {sent} packets\n{cluster.Story()}");
        }
    }

    [Fact]
    public async Task A_top_of_rack_switch_with_filter_password_and_snippets()
    {
        await using BgpCluster cluster = await BgpCluster.Start();
        BgpHost a = cluster.AddHost("a", 1), b = cluster.AddHost("b", 2), rack = cluster.AddHost("tor", 100);
        await cluster.PutPools();
        await cluster.Put("bgpconfigurations", "default", """{"nodeToNodeMeshEnabled":false}""");
        await cluster.Announce(a);
        await cluster.Announce(b);
        string file = Path.Combine(a.SecretsFolder, "..", "tor.conf"), socket = Path.Combine(a.SecretsFolder, "..", "tor.ctl");
        File.WriteAllText(file, Rack("first # password"));
        using System.Diagnostics.Process bird = rack.Netns.Run(() => System.Diagnostics.Process.Start("bird", ["-f", "-c", file, "-s", socket]));
        await cluster.Put("bgpfilters", "no-99", """{"importV4":[{"action":"Reject","cidr":"10.99.0.0/16","matchOperator":"In"}],"exportV4":[{"action":"Accept","cidr":"192.168.0.0/16","matchOperator":"In","operations":[{"addCommunity":{"value":"64512:7"}}]}]}""");
        await cluster.Put("bgppeers", "tor", """{"peerIP":"10.0.0.100","asNumber":65000,"numAllowedLocalASNumbers":1,"filters":["no-99"],"password":{"secretKeyRef":{"name":"tor","key":"md5"}}}""");
        a.Start();
        b.Start();
        await cluster.Until(() => a.Ask("--status").Contains("held down: password tor/md5 is missing", StringComparison.Ordinal), "a session without its password is not held down");

        foreach (BgpHost host in (BgpHost[])[a, b])
        {
            Directory.CreateDirectory(Path.Combine(host.SecretsFolder, "tor"));
            File.WriteAllText(Path.Combine(host.SecretsFolder, "tor", "md5"), "first # password\n");
        }
        await cluster.Until(() => a.Routes().Contains("10.98.0.0/16 via 10.0.0.100", StringComparison.Ordinal), "the rack's route was not learned");
        Assert.DoesNotContain("10.99.0.0/16", a.Routes(), StringComparison.Ordinal);
        // Without a mesh the hosts know of each other from the switch, past their own number in the path.
        await cluster.Until(() => a.Routes().Contains($"{b.Block} via 10.0.0.", StringComparison.Ordinal) && b.Routes().Contains($"{a.Block} via 10.0.0.", StringComparison.Ordinal), "the hosts do not learn each other's blocks from the switch");
        using (Bird.BirdSocket control = await Bird.BirdSocket.ConnectAsync(socket, CancellationToken.None))
            Assert.Contains("BGP.community: (64512,7)", (await control.AskAsync("show route for 192.168.1.0/26 all", CancellationToken.None)).ToString(), StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(a.SecretsFolder, "tor", "md5"), "second");
        await cluster.Until(async () => !await a.Established("Global_10_0_0_100"), "a changed password did not end the session");
        File.WriteAllText(file, Rack("second"));
        using (Bird.BirdSocket control = await Bird.BirdSocket.ConnectAsync(socket, CancellationToken.None)) await control.AskAsync("configure", CancellationToken.None);
        await cluster.Until(async () => await a.Established("Global_10_0_0_100"), "the session did not come up with the new password");
        Assert.DoesNotContain("second", a.Log + a.Ask("--status"), StringComparison.Ordinal);

        await Refusals(cluster, a);
        bird.Kill();
        await bird.WaitForExitAsync();
    }

    /// <summary>All have all sessions and routes, and nothing of a restart is pending: a second one before that may lose what the first had kept (RFC 4724, 4.2).</summary>
    internal static async ValueTask<bool> Recovered(params BgpHost[] hosts)
    {
        foreach (BgpHost host in hosts)
        {
            if (await host.Look() is not { IsRecovering: false } view || view.Sessions.Count != 2 * (hosts.Length - 1)) return false;
            if (!view.Sessions.Values.All(s => s is { IsEstablished: true, Imported: 1 })) return false;
        }
        return true;
    }

    /// <summary>What is refused changes nothing and says why.</summary>
    private static async Task Refusals(BgpCluster cluster, BgpHost a)
    {
        string before = File.ReadAllText(a.BirdConfig);
        File.WriteAllText(Path.Combine(a.SnippetsFolder, "mine.conf"), "protocol nonsense { }\n");
        await cluster.Until(() => a.Ask("--status").Contains("refused by BIRD: ", StringComparison.Ordinal) && !a.Ask("--status").Contains("refused by BIRD: no", StringComparison.Ordinal), "a bad snippet is not refused");
        Assert.Equal(before, File.ReadAllText(a.BirdConfig));
        Assert.True(await a.Established("Global_10_0_0_100"));

        File.WriteAllText(Path.Combine(a.SnippetsFolder, "mine.conf"), "protocol static mine { ipv4; route 203.0.113.0/24 blackhole; }\n");
        await cluster.Until(() => a.Routes().Contains("blackhole 203.0.113.0/24", StringComparison.Ordinal), "a good snippet is not used");
        before = File.ReadAllText(a.BirdConfig);
        await cluster.Put("bgpfilters", "no-99", """{"importV4":[{"action":"Accept","interface":"x\"; } include \"/etc/passwd"}]}""");
        await cluster.Until(() => a.Log.Contains("BGPFilter no-99 is refused, the one before it stays in force", StringComparison.Ordinal), "the injection is not refused by name");
        Assert.Equal(before, File.ReadAllText(a.BirdConfig));
        Assert.True(await a.Established("Global_10_0_0_100"));
    }

    private static async Task ReportsToEtcd(BgpCluster cluster)
    {
        JsonNode? status = null;
        await cluster.Until(async () => (status = JsonNode.Parse(await cluster.Get("caliconodestatuses", "of-a"))!["status"])?["bgp"]?["numberEstablishedV4"]?.GetValue<int>() == 2
            && status["routes"]?["routesV4"]?.AsArray().Any(r => r!["destination"]?.GetValue<string>() == "192.168.2.0/26" && r["learnedFrom"]?["peerIP"]?.GetValue<string>() == "10.0.0.2") == true
            // Not before BIRD has recovered: it starts as after a graceful restart.
            && status["agent"]?["birdV4"]?["state"]?.GetValue<string>() == "Ready", "CalicoNodeStatus is not kept");
        Assert.Equal("NodeMesh", status!["bgp"]!["peersV4"]![0]!["type"]!.GetValue<string>());
        JsonNode route = status["routes"]!["routesV4"]!.AsArray().First(r => r!["destination"]!.GetValue<string>() == "192.168.2.0/26")!;
        Assert.Equal(("10.0.0.2", "eth0", "FIB"), (route["gateway"]!.GetValue<string>(), route["interface"]!.GetValue<string>(), route["type"]!.GetValue<string>()));
    }

    private static string Rack(string password) => $$"""
        log stderr all;
        router id 10.0.0.100;
        protocol device {}
        protocol static { ipv4; route 10.98.0.0/16 blackhole; route 10.99.0.0/16 blackhole; }
        template bgp node { local 10.0.0.100 as 65000; password "{{password}}"; multihop; connect retry time 1; error wait time 1, 2; ipv4 { import all; export all; }; }
        protocol bgp a from node { neighbor 10.0.0.1 as 64512; }
        protocol bgp b from node { neighbor 10.0.0.2 as 64512; }

        """;
}
