using System.Text.Json.Nodes;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario38Tests
{
    private const string Key = "route_refresh_interval";

    private static Resource At(string level, string value) => Calico.FelixConfiguration(level).Spec("routeRefreshInterval", value);

    [Fact]
    public async Task Each_level_beats_those_below_it_without_a_restart_and_show_config_says_which()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.StartAgents();
        int pid = rig.Agent().Pid;
        await Shows(rig, "1m30s", "default");
        await rig.Put(NetworkRig.Configuration.Spec("routeRefreshInterval", "80s"));
        await Shows(rig, "1m20s", "FelixConfiguration default");
        await rig.Put(At("rack", "70s").Spec("nodeSelector", "rack == 'a'"));
        await rig.Settle();
        await Shows(rig, "1m20s", "FelixConfiguration default");
        await rig.Put(Calico.Node("h1").Labels(("rack", "a")));
        await Shows(rig, "1m10s", "FelixConfiguration rack");
        await rig.Put(At("node.h1", "60s"));
        await Shows(rig, "1m", "FelixConfiguration node.h1");
        rig.Agent().Configure($"{Key} = \"50s\"");
        await rig.Agent().Run("--reload");
        await Shows(rig, "50s", "felix.toml:1");
        await rig.Put(At("node.h1", "65s"));
        await rig.Settle();
        await Shows(rig, "50s", "felix.toml:1");
        Assert.Equal(pid, rig.Agent().Pid);

        Assert.Equal(0, await rig.Agent().Terminate());
        rig.Agent().Environment["CANAL_FELIX__ROUTE_REFRESH_INTERVAL"] = "40s";
        rig.Agent().Start();
        await rig.Settle();
        await Shows(rig, "40s", "environment CANAL_FELIX__ROUTE_REFRESH_INTERVAL");
        Assert.Equal(0, await rig.Agent().Terminate());
        Assert.Contains("no agent answers", await rig.Agent().Run("--show-config"), StringComparison.Ordinal);
        await Shows(rig, "40s", "environment CANAL_FELIX__ROUTE_REFRESH_INTERVAL");
    }

    [Fact]
    public async Task A_change_is_in_force_without_a_restart_and_a_wrong_value_changes_nothing()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.Put(NetworkRig.Configuration.Spec("defaultEndpointToHostAction", "Drop"));
        await rig.StartAgents();
        int pid = rig.Agent().Pid;
        await rig.Round("w0→h1 ✗", "w0↔w1 ✓");
        await rig.Put(NetworkRig.Configuration.Spec("defaultEndpointToHostAction", "Return"));
        await rig.Round("w0→h1 ✓", "w0↔w1 ✓");
        await rig.Put(Calico.FelixConfiguration("node.h1").Spec("defaultEndpointToHostAction", "Perhaps"));
        await rig.Settle();
        await rig.Round("w0→h1 ✓", "w0↔w1 ✓");
        Assert.Single(rig.Agent().Log, line => line.Contains("Perhaps", StringComparison.Ordinal) && line.Contains("all that etcd said before stays in force", StringComparison.Ordinal));
        await rig.Put(Calico.FelixConfiguration("node.h1").Spec("defaultEndpointToHostAction", "Drop"));
        await rig.Round("w0→h1 ✗", "w0↔w1 ✓");
        await rig.Delete(Calico.FelixConfiguration("node.h1"));
        await rig.Round("w0→h1 ✓", "w0↔w1 ✓");
        Assert.Equal((pid, 200), (rig.Agent().Pid, await rig.Agent().Health("/readiness")));
    }

    [Fact]
    public async Task Metrics_by_TLS_and_a_log_file_come_and_go_with_what_etcd_says()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        using TestCertificates ours = new(), others = new();
        (string certFile, string keyFile) = ours.Issue("server", "10.100.0.1");
        string log = Path.Combine(rig.Agent().StateFolder, "felix.log");
        Resource served = NetworkRig.Configuration.Spec("prometheusMetricsEnabled", true).Spec("prometheusMetricsHost", "10.100.0.1").Spec("prometheusMetricsCertFile", certFile)
            .Spec("prometheusMetricsKeyFile", keyFile).Spec("prometheusMetricsCAFile", ours.CaFile).Spec("logFilePath", log).Spec("logSeverityFile", "Warning");
        await rig.Put(served);
        await rig.StartAgents();
        string Ask(string options) => rig["x"].Shell($"curl -s --max-time 5 --cacert {ours.CaFile} {options} https://10.100.0.1:9091/metrics || true");
        (string client, string key) = ours.Issue("client");
        (string stranger, string strangersKey) = others.Issue("stranger");
        await Poll.Until(() => Ask($"--cert {client} --key {key}").Contains("\nfelix_active_local_endpoints ", StringComparison.Ordinal), "a client with a certificate is not served");
        Assert.Equal("", Ask(""));
        Assert.Equal("", Ask($"--cert {stranger} --key {strangersKey}"));
        Assert.Equal("", rig["x"].Shell("curl -s --max-time 5 http://10.100.0.1:9091/metrics || true"));
        await rig.Put(served.Spec("prometheusMetricsClientAuth", "NoClientCert").Spec("prometheusMetricsCertFile", "/nonexistent"));
        await Poll.Until(() => rig.Agent().Log.Any(line => line.Contains("serving metrics failed", StringComparison.Ordinal) && line.Contains("/nonexistent", StringComparison.Ordinal)), "the missing certificate is not told");
        await rig.Put(served.Spec("prometheusMetricsClientAuth", "NoClientCert"));
        await Poll.Until(() => Ask("").Contains("\nfelix_active_local_endpoints ", StringComparison.Ordinal), "a client is not served without a certificate");
        string[] lines = await File.ReadAllLinesAsync(log);
        Assert.NotEmpty(lines);
        Assert.DoesNotContain(lines, line => line.Contains("Z INFO ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_nobodys_business_changes_nothing()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.StartAgents();
        int lines = rig.Agent().Log.Count(IsOfConfiguration);
        foreach (int version in Enumerable.Range(0, 5))
            await rig.Put(Calico.ClusterInformation(ready: true).Spec("calicoVersion", $"v9.{version}"), NetworkRig.Configuration.Spec("healthTimeoutOverrides", new JsonArray()));
        await rig.Settle();
        Assert.Equal(lines, rig.Agent().Log.Count(IsOfConfiguration));
        rig.Agent().AssertRunning();
    }

    private static bool IsOfConfiguration(string line) => line.Contains("configuration:", StringComparison.Ordinal);

    private static Task Shows(NetworkRig rig, string value, string origin)
    {
        string shown = "";
        return Poll.Until(async () =>
        {
            shown = (await rig.Agent().Run("--show-config")).Split('\n').Single(line => line.StartsWith(Key + " = ", StringComparison.Ordinal));
            return shown.Contains($" = {value}  # ", StringComparison.Ordinal) && shown.EndsWith(origin, StringComparison.Ordinal);
        }, TimeSpan.FromSeconds(30), () => $"expected {value} from {origin}, shown is: {shown}");
    }
}
