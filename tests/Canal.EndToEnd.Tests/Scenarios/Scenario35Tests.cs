using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario35Tests
{
    private static readonly Resource DenyW0 = Calico.GlobalNetworkPolicy("guard-w0").Selecting("name == 'w0'").In(Rule.Deny);

    [Fact]
    public async Task Nothing_is_programmed_before_the_datastore_is_ready()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(DenyW0);
        await rig.StartAgents();
        await rig.Round("w1→w0 ✗", "w1→w2 ✓");
        rig.Agent().Kill();
        await rig.Put(Calico.ClusterInformation(ready: false));
        await rig.Delete(DenyW0);

        using KernelWatch watch = new(rig["h1"].Netns);
        rig.Agent().Start();
        await Poll.Until(async () => await rig.Agent().Health("/liveness") is 200 or 204 && await rig.Agent().Health("/readiness") is 200 or 204,
            TimeSpan.FromSeconds(30), () => $"not live and ready while waiting for the datastore; {rig.Agent().Story}");
        await rig.UnsettledRound("w1→w0 ✗", "w1→w2 ✓");
        Assert.Empty(watch.Stop());

        await rig.Put(Calico.ClusterInformation(ready: true));
        await rig.Round("w1→w0 ✓", "w1→w2 ✓");
    }

    [Fact]
    public async Task The_first_programming_happens_once_when_the_datastore_becomes_ready_and_leaves_no_endpoint_open()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.AddSilentWorkloads(20);
        await PutGuardAmongMany(rig);
        await rig.Put(Calico.ClusterInformation(ready: false));
        using KernelWatch watch = new(rig["h1"].Netns);
        rig.Agent().Start();
        await Poll.Until(async () => await rig.Agent().Health("/readiness") is 200 or 204, TimeSpan.FromSeconds(30), () => $"not ready; {rig.Agent().Story}");
        using Flow forbidden = Flow.OneWay(rig["w1"], rig["w0"]), permitted = Flow.OneWay(rig["w1"], rig["w2"]);

        await rig.Put(Calico.ClusterInformation(ready: true));
        await Poll.Until(() => permitted.Received > 100, "permitted traffic does not flow");
        await rig.UnsettledRound("w1→w0 ✗", "w1→w2 ✓");
        forbidden.Stop();
        Assert.Equal(0, forbidden.Received);
        // The sets, and then all that looks them up.
        string[] seen = [.. watch.Stop()];
        Assert.Equal(2, seen.Count(change => change == "nftables NEWGEN"));
        Assert.DoesNotContain(seen.TakeWhile(change => change != "nftables NEWGEN"), change => change is "nftables NEWCHAIN" or "nftables NEWRULE");
    }

    [Fact]
    public async Task During_the_first_start_no_guarded_endpoint_is_open_for_a_moment()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.AddSilentWorkloads(20);
        await PutGuardAmongMany(rig);
        using Flow forbidden = Flow.OneWay(rig["w1"], rig["w0"]), forbidden6 = Flow.OneWay(rig["w1"], rig["w0"], System.Net.Sockets.AddressFamily.InterNetworkV6);
        using Flow permitted = Flow.OneWay(rig["w1"], rig["w2"]);
        await rig.StartAgents();
        await Poll.Until(() => permitted.Received > 100, "permitted traffic does not flow");
        await rig.Round("w1→w0 ✗", "w1→w2 ✓");
        forbidden.Stop();
        forbidden6.Stop();
        Assert.Equal(0, forbidden.Received);
        Assert.Equal(0, forbidden6.Received);
    }

    [Theory]
    [InlineData("kill -9")]
    [InlineData("SIGTERM")]
    public async Task A_restart_loses_no_packet_and_lets_none_slip(string how)
    {
        await using NetworkRig rig = await NetworkRig.OneHost(3);
        await rig.AddSilentWorkloads(47);
        await rig.Put(DenyW0, Calico.GlobalNetworkPolicy("sel").Selecting("name == 'w2'").In(Rule.Allow.Src("name == 'w1'")));
        await rig.StartAgents();
        await rig.Round("w1→w0 ✗", "w1→w2 ✓", "w0→w2 ✗");
        using Flow established = Flow.Echoed(rig["w1"], rig["w2"]), permitted = Flow.OneWay(rig["w1"], rig["w2"]), forbidden = Flow.OneWay(rig["w1"], rig["w0"]);
        await Poll.Until(() => established.Received > 100 && permitted.Received > 100, "the flows do not start");
        if (how == "SIGTERM")
            Assert.Equal(0, await rig.Agent().Terminate());
        else
            rig.Agent().Kill();
        int atDeath = permitted.Sent;
        await Poll.Until(() => permitted.Sent > atDeath + 200, "the sender stopped");
        rig.Agent().Start();
        await rig.Settle();
        int settled = permitted.Sent;
        await Poll.Until(() => permitted.Sent > settled + 500, "the sender stopped");
        Assert.Empty(established.Stop());
        Assert.Empty(permitted.Stop());
        forbidden.Stop();
        Assert.Equal(0, forbidden.Received);
        await rig.Round("w1→w0 ✗", "w1→w2 ✓", "w0→w2 ✗");
    }

    [Fact]
    public async Task A_second_start_with_identical_state_writes_nothing_to_the_kernel()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.AddSilentWorkloads(10);
        await rig.Put(DenyW0, Calico.GlobalNetworkPolicy("sel").Order(5).Selecting("has(name)").In(Rule.Allow.Tcp.Src("name in {'w1', 'w2'}").DstPorts(8055, "http"), Rule.Log, Rule.Deny.SrcNets("192.0.2.0/24", "10.0.0.0/8")));
        await rig.StartAgents();
        await rig.Round("w1→w2 ✓", "x→w2 ✗");
        rig.Agent().Kill();

        using KernelWatch watch = new(rig["h1"].Netns);
        rig.Agent().Start();
        await Poll.Until(async () => await rig.Agent().Health("/readiness") is 200 or 204, TimeSpan.FromSeconds(30), () => $"not ready; {rig.Agent().Story}");
        await Task.Delay(500);
        Assert.Empty(watch.Stop());
        await rig.Round("w1→w2 ✓", "x→w2 ✗");
    }

    [Fact]
    public async Task What_was_deleted_while_the_agent_was_down_is_cleaned_up_at_start()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        Resource stale = Calico.GlobalNetworkPolicy("stale-policy").Selecting("name == 'w2'").In(Rule.Allow.Src("name == 'w1'").SrcNets("192.0.2.77/32", "10.65.0.0/24"));
        await rig.Put(stale);
        await rig.StartAgents();
        await rig.Round("w1→w2 ✓", "w0→w2 ✗");
        RigNode host = rig["h1"];
        string file = Path.Combine(rig.Agent().StatusFolder, "cni default%2Fw1 eth0");
        Assert.True(File.Exists(file), $"{file} is missing");
        Assert.Contains("stale-policy", host.Shell("nft list table inet canal"), StringComparison.Ordinal);
        rig.Agent().Kill();
        await rig.Delete(stale, rig.Endpoint("w1"));

        rig.Agent().Start();
        await rig.Round("w0↔w2 ✓", "x→w2 ✓");
        string ruleset = host.Shell("nft list table inet canal");
        Assert.DoesNotContain("stale-policy", ruleset, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.77", ruleset, StringComparison.Ordinal);
        Assert.DoesNotContain("caliw1", ruleset, StringComparison.Ordinal);
        Assert.Equal("", Routes.Of(host, "10.65.0.11"));
        Assert.Equal("", Routes.Of(host, "fd00:65::11"));
        Assert.False(File.Exists(file), $"{file} is still there");
    }

    private static async Task PutGuardAmongMany(NetworkRig rig)
    {
        await rig.Put([.. Enumerable.Range(0, 50).Select(i => Calico.GlobalNetworkPolicy($"filler-{i}").Order(i).Selecting("all()").In(Rule.Pass.Src($"name == 'many{i}'"))), DenyW0.Order(100)]);
        await rig.Put(Calico.GlobalNetworkPolicy("rest").Order(200).Selecting("all()").In(Rule.Allow));
    }
}
