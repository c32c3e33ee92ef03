using System.Diagnostics;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario37Tests
{
    private static readonly Resource Policy = Calico.GlobalNetworkPolicy("p").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'"));

    [Fact]
    public async Task While_etcd_is_down_enforcement_holds_interfaces_are_followed_and_the_agent_is_idle()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        rig.EtcdServer.Stop();
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗");
        // What keeps it busy keeps it so; a single look may meet a collection or the machine's own trouble.
        double load = 1;
        for (int look = 0; look < 6 && load >= 0.01; look++)
        {
            TimeSpan before = rig.Agent().CpuTime;
            long start = Stopwatch.GetTimestamp();
            await Task.Delay(5000);
            load = (rig.Agent().CpuTime - before) / Stopwatch.GetElapsedTime(start);
        }
        Assert.True(load < 0.01, $"the agent used {load:P1} of a core while etcd was down");

        rig["h1"].Shell("ip link set caliw1 down");
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.11") == "", "the route of w1 stays although caliw1 is down");
        rig["h1"].Shell("ip link set caliw1 up");
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗");
        rig.Agent().AssertRunning();

        await rig.EtcdServer.Start();
        await rig.Put(Policy.In(Rule.Allow.Src("name == 'w2'")));
        await rig.Round("w1→w0 ✗", "w2→w0 ✓");
        string[] Told() => [.. rig.Agent().Log.Where(line => line.Contains("watching etcd", StringComparison.Ordinal) || line.Contains("etcd is out of reach", StringComparison.Ordinal))];
        await Poll.Until(() => Told().Length >= 3, "the log does not tell of the outage and its end");
        Assert.Equal([true, false, true], Told().Select(line => line.Contains("watching", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task After_a_compaction_beyond_its_revision_the_agent_reads_everything_again()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        rig.CutOffEtcd("reject with tcp reset");
        rig.EtcdServer.Stop();
        await rig.EtcdServer.Start();
        await rig.Delete(Policy, rig.Endpoint("w2"));
        await rig.Put(Calico.GlobalNetworkPolicy("other").Selecting("name == 'w1'").In(Rule.Deny));
        await rig.Etcd.CompactAll();
        await rig.UnsettledRound("w1→w0 ✓", "x→w0 ✗");

        rig.ReconnectEtcd();
        await rig.Round("x→w0 ✓", "w1→w0 ✓", "w0→w1 ✗");
        Assert.Equal("", Routes.Of(rig["h1"], "10.65.0.12"));
    }

    [Fact]
    public async Task A_black_holed_connection_is_noticed_within_thirty_seconds()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        Assert.NotEqual(0, rig.BlackHoleEtcdConnections("h1"));
        await rig.Put(Policy.In(Rule.Allow.Src("name == 'w2'")));
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗");
        rig.RoundLimit = TimeSpan.FromSeconds(40);
        await rig.UnsettledRound("w1→w0 ✗", "w2→w0 ✓");
    }

    [Fact]
    public async Task A_corrupt_value_harms_its_own_key_only()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        await rig.Etcd.Put(Calico.GlobalNetworkPolicy("broken").Key, """{"kind":"GlobalNetworkPolicy","spec":{"selector":""");
        await rig.Etcd.Put(Calico.NetworkPolicy("default", "empty").Key, "");
        await rig.Etcd.Put(Calico.Profile("wrong-type").Key, """{"kind":"Profile","metadata":{"name":"wrong-type"},"spec":{"ingress":"everything"}}""");
        await rig.Put(Policy.In(Rule.Allow.Src("name == 'w2'")));
        await rig.Round("w1→w0 ✗", "w2→w0 ✓", "w0→x ✓");
        Assert.Contains(rig.Agent().Log, line => line.Contains("broken", StringComparison.Ordinal));

        await rig.Put(Calico.GlobalNetworkPolicy("broken").Order(1).Selecting("name == 'w0'").In(Rule.Deny));
        await rig.Round("w2→w0 ✗", "w1→w0 ✗", "w0→w2 ✓");
    }

    [Fact]
    public async Task A_corrupted_policy_counts_as_deleted_until_it_is_mended()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await Enforce(rig);
        await rig.Etcd.Put(Policy.Key, "{]");
        await rig.Round("w1→w0 ✓", "w2→w0 ✓");

        await rig.Put(Policy);
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
    }

    [Fact]
    public async Task The_alive_key_goes_with_its_lease_and_the_last_report_stays()
    {
        const string alive = "/calico/felix/v2/no-region/host/h1/status", last = "/calico/felix/v2/no-region/host/h1/last_reported_status";
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Put(NetworkRig.Configuration.Spec("endpointReportingEnabled", true).Spec("reportingInterval", "1s").Spec("reportingTTL", "3s"));
        await rig.StartAgents();
        await Poll.Until(async () => await rig.Etcd.Get(alive) is not null, TimeSpan.FromSeconds(30), () => $"no key {alive}");
        await Task.Delay(4000);
        await Poll.Until(async () => await rig.Etcd.Get(alive) is not null, TimeSpan.FromSeconds(30), () => $"{alive} is not renewed");

        rig.Agent().Kill();
        await Poll.Until(async () => await rig.Etcd.Get(alive) is null, TimeSpan.FromSeconds(30), () => $"{alive} outlives its lease of 3 s");
        Assert.NotNull(await rig.Etcd.Get(last));
    }

    [Fact]
    public async Task After_an_outage_reporting_resumes_by_itself_with_every_status()
    {
        const string alive = "/calico/felix/v2/no-region/host/h1/status", status = "/calico/felix/v2/no-region/host/h1/workload/cni/default%2fw0/endpoint/eth0";
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Put(NetworkRig.Configuration.Spec("endpointReportingEnabled", true).Spec("reportingInterval", "1s").Spec("reportingTTL", "3s"));
        await rig.StartAgents();
        await Poll.Until(async () => await rig.Etcd.Get(alive) is not null && await rig.Etcd.Get(status) is not null, TimeSpan.FromSeconds(30), () => "nothing is reported");

        rig.CutOffEtcd("reject with tcp reset");
        await Poll.Until(async () => await rig.Etcd.Get(alive) is null, TimeSpan.FromSeconds(30), () => $"{alive} outlives its lease of 3 s");
        Assert.True(await rig.Etcd.Delete(status));
        rig.ReconnectEtcd();
        await Poll.Until(async () => await rig.Etcd.Get(alive) is not null && await rig.Etcd.Get(status) is not null, TimeSpan.FromSeconds(30), () => "reporting does not resume");
        Assert.Single(rig.Agent().Log, line => line.Contains("reporting to etcd", StringComparison.Ordinal) && line.Contains("failed", StringComparison.Ordinal));
    }

    private static async Task Enforce(NetworkRig rig)
    {
        await rig.Put(Policy);
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w2→w0 ✗");
    }
}
