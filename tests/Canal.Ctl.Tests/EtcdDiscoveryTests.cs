using System.Diagnostics;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Ctl.Tests;

/// <summary>etcd found by SRV records: canalctl's binary beside a real name server and a real etcd, in a network namespace with a resolv.conf of its own.</summary>
public sealed class EtcdDiscoveryTests : IAsyncLifetime
{
    private const string Address = "192.0.2.53";

    private readonly string name = $"canal-{Environment.ProcessId}-srv";
    private readonly TemporaryFolder folder = new();
    private string resolvConf = "";
    private EtcdProcess? etcd;
    private Process? server;

    public async ValueTask InitializeAsync()
    {
        // The resolver asks the name servers of interfaces that are up.
        Command.Shell($"ip netns add {name}; ip -n {name} link set lo up; ip -n {name} link add eth0 type veth peer name eth1; ip -n {name} link set eth1 up; ip -n {name} addr add {Address}/24 dev eth0; ip -n {name} link set eth0 up");
        resolvConf = folder.Write("resolv.conf", $"nameserver {Address}\n");
        etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { NetworkNamespace = name });
        server = Process.Start("ip", ["netns", "exec", name, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--user=root", "--no-hosts", "--no-resolv", "--log-facility=/dev/null",
            "--local=/test/", "--address=/here.test/127.0.0.1", "--address=/gone.test/127.0.0.2",
            // The member of the lower number is asked first, and is not there.
            "--srv-host=_etcd-client._tcp.plain.test,here.test,2379,20", "--srv-host=_etcd-client._tcp.plain.test,gone.test,2379,10",
            "--srv-host=_etcd-client-ssl._tcp.both.test,here.test,2379", "--srv-host=_etcd-client._tcp.both.test,here.test,2379"]);
        await Poll.Until(() => Command.Shell($"ip netns exec {name} ss -Hlun").Contains(":53 ", StringComparison.Ordinal), "dnsmasq does not listen");
    }

    public async ValueTask DisposeAsync()
    {
        server?.Kill();
        server?.Dispose();
        if (etcd is not null) await etcd.DisposeAsync();
        Command.Shell($"ip netns del {name}");
        folder.Dispose();
    }

    [Fact]
    public void Members_are_found_by_environment_and_by_file_and_tried_in_their_order()
    {
        Assert.Equal(0, Run("init", ("ETCD_DISCOVERY_SRV", "plain.test")).ExitCode);
        string file = folder.Write("calicoctl.cfg", "apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:\nspec:\n  datastoreType: etcdv3\n  etcdDiscoverySrv: plain.test\n");
        Assert.Contains("default", Run($"get tiers -c {file}").Output, StringComparison.Ordinal);
        // What is said nearer counts first, as with endpoints.
        Assert.Equal(0, Run($"get tiers -c {file}", ("ETCD_ENDPOINTS", "http://127.0.0.2:2379")).ExitCode);
        Assert.Equal(69, Run("get tiers --etcd http://127.0.0.2:2379", ("ETCD_DISCOVERY_SRV", "plain.test")).ExitCode);
    }

    [Fact]
    public void Where_there_are_records_for_tls_the_others_are_not_used()
    {
        (int code, _, string error) = Run("get tiers", ("ETCD_DISCOVERY_SRV", "both.test"));
        Assert.Equal(69, code);
        Assert.Contains("https://here.test:2379", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_found_is_told()
    {
        (int code, _, string error) = Run("get tiers", ("ETCD_DISCOVERY_SRV", "none.test"));
        Assert.Equal((78, "canalctl: none.test: has no SRV records of etcd: _etcd-client-ssl._tcp.none.test and _etcd-client._tcp.none.test are empty\n"), (code, error));
        Assert.Equal(78, Run("get tiers", ("ETCD_DISCOVERY_SRV", "plain.test"), ("ETCD_ENDPOINTS", "http://127.0.0.1:2379")).ExitCode);
        File.WriteAllText(resolvConf, "nameserver 192.0.2.54\n");
        (code, _, error) = Run("get tiers --timeout 200ms", ("ETCD_DISCOVERY_SRV", "plain.test"));
        Assert.Equal(69, code);
        Assert.Contains("SRV records of _etcd-client-ssl._tcp.plain.test", error, StringComparison.Ordinal);
    }

    private (int ExitCode, string Output, string Error) Run(string words, params (string Name, string Value)[] environment)
    {
        // ip netns exec runs in a mount namespace of its own.
        ProcessStartInfo start = new("ip", ["netns", "exec", name, "sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"", resolvConf, Path.Combine(AppContext.BaseDirectory, "canalctl"), .. words.Split(' ')])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CONFIGURATION_DIRECTORY"] = folder.Path;
        foreach ((string variable, string value) in environment) start.Environment[variable] = value;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
