using System.Globalization;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class MetricsTests
{
    [Fact]
    public async Task Numbers_are_served_under_felixs_names_and_follow_what_happens()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        Assert.Equal("", rig["h1"].Shell("curl -s http://127.0.0.1:9091/metrics || true"));

        // Switched on from etcd, while it runs.
        await rig.Put(NetworkRig.Configuration.Spec("prometheusMetricsEnabled", true),
            Calico.NetworkPolicy("default", "guard").Selecting("name == 'w0'").In());
        await rig.Round("x→w0 ✗", "w1→x ✓");
        Dictionary<string, double> numbers = await Poll(rig, n => n.GetValueOrDefault("felix_active_local_policies") == 1 && n.GetValueOrDefault("felix_nflog_logs_received{groupNum=\"170\"}") > 0);
        Assert.InRange(numbers["felix_active_local_endpoints"], 2, 3); // the rig's canary may be one
        Assert.Equal(1, numbers["felix_cluster_num_policies"]);
        Assert.Equal(1, numbers["felix_cluster_num_hosts"]);
        Assert.Equal(numbers["felix_active_local_endpoints"], numbers["felix_cluster_num_workload_endpoints"]);
        Assert.Equal(3, numbers["felix_resync_state"]);
        Assert.Equal(1, numbers["felix_host{host=\"h1\"}"]);
        Assert.True(numbers["felix_int_dataplane_apply_time_seconds_count"] >= 2);
        Assert.True(numbers["process_resident_memory_bytes"] > 1 << 20);

        await rig.Delete(Calico.NetworkPolicy("default", "guard"));
        // A scrape that failed has no number at all, which is not zero.
        await Poll(rig, n => n.GetValueOrDefault("felix_active_local_policies", -1) == 0 && n.GetValueOrDefault("felix_cluster_num_policies", -1) == 0);

        await rig.Put(NetworkRig.Configuration.Spec("prometheusMetricsEnabled", false));
        await Testing.Rig.Poll.Until(() => rig["h1"].Shell("curl -s http://127.0.0.1:9091/metrics || true").Length == 0, "metrics are still served");
    }

    [Fact]
    public async Task Every_name_of_felixs_is_of_its_type()
    {
        string file = Conformance.Require("calico/metrics.json");
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Put(NetworkRig.Configuration.Spec("prometheusMetricsEnabled", true));
        await rig.StartAgents();
        await Poll(rig, n => n.Count > 0);
        using System.Text.Json.JsonDocument known = System.Text.Json.JsonDocument.Parse(File.ReadAllText(file));
        Dictionary<string, string> types = known.RootElement.EnumerateArray().ToDictionary(m => m.GetProperty("name").GetString()!, m => m.GetProperty("type").GetString()!);
        string[] told = [.. Text(rig).Split('\n').Where(l => l.StartsWith("# TYPE felix_", StringComparison.Ordinal))];
        Assert.NotEmpty(told);
        Assert.All(told, line => Assert.Equal(types[line.Split(' ')[2]], line.Split(' ')[3]));
    }

    private static string Text(NetworkRig rig) => rig["h1"].Shell("curl -s http://127.0.0.1:9091/metrics || true");

    private static async Task<Dictionary<string, double>> Poll(NetworkRig rig, Func<Dictionary<string, double>, bool> condition)
    {
        Dictionary<string, double> numbers = [];
        await Testing.Rig.Poll.Until(() => condition(numbers = Text(rig).Split('\n').Where(l => l.Length > 0 && l[0] != '#')
            .ToDictionary(l => l[..l.LastIndexOf(' ')], l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture))), "the numbers do not come");
        return numbers;
    }
}
