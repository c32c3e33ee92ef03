using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Canal.Datastore;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Benchmarks;

/// <summary>
/// What a container's start waits for: ADD of <c>canal</c> with <c>canal-ipam</c>, real etcd and the wait for canal-felix, against <c>bridge</c> with
/// <c>host-local</c>, which knows neither cluster nor policy. Times run from before exec to the plugin's end. Needs root, etcd, Debian's
/// containernetworking-plugins and <c>make build</c> (or CANAL_BIN_DIR).
/// </summary>
internal sealed class CniBenchmark(string folder, string container)
{
    private const string InNamespace = "CANAL_BENCH_CNI_NAMESPACE";
    private const int Rounds = 100;

    /// <summary>This process is the one in the namespace.</summary>
    public static bool IsInside => Environment.GetEnvironmentVariable(InNamespace) is not null;

    public static void Run(TextWriter output)
    {
        if (Environment.GetEnvironmentVariable(InNamespace) is { } name) MeasureAsync(name, output).GetAwaiter().GetResult();
        else RunInNamespace();
    }

    // As DaemonBenchmark: the whole process runs once more inside. The container's namespace is made from outside, so that both see it.
    private static void RunInNamespace()
    {
        string name = $"canal-{Environment.ProcessId}-bench";
        Command.Shell($"ip netns add {name}; ip -n {name} link set lo up; ip netns add {name}-c; ip -n {name}-c link set lo up");
        try
        {
            ProcessStartInfo start = new("ip", ["netns", "exec", name, Path.Combine(AppContext.BaseDirectory, "Canal.Benchmarks"), "cni"]);
            start.Environment[InNamespace] = name;
            using Process inside = Process.Start(start)!;
            inside.WaitForExit();
            if (inside.ExitCode != 0) throw new InvalidOperationException($"the benchmark of the plugins ended with {inside.ExitCode}");
        }
        finally
        {
            Command.Shell($"ip netns del {name}; ip netns del {name}-c");
        }
    }

    private static async Task MeasureAsync(string name, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("canal-bench-").FullName;
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        await LoadAsync(etcd.Endpoint);
        using Process agent = StartAgent(folder, etcd.Endpoint);
        try
        {
            CniBenchmark benchmark = new(folder, $"/run/netns/{name}-c");
            foreach (string plugin in new[] { "canal", "canal-ipam" }) File.CreateSymbolicLink(Path.Combine(folder, plugin), Binary.Find("canal-cni"));
            benchmark.Measure(output);
        }
        finally
        {
            agent.Kill();
            agent.WaitForExit();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task LoadAsync(string endpoint)
    {
        await using EtcdChannel channel = new(new EtcdOptions { Endpoints = [endpoint] }, TimeProvider.System);
        EtcdTransaction transaction = new();
        foreach (Resource resource in new[] { Calico.ClusterInformation(ready: true), Calico.Tier("default").Order(1_000_000), Calico.IpPool("p", "10.65.0.0/16"), Calico.Node("h1") })
            transaction.Put(resource.Key, Encoding.UTF8.GetBytes(resource.Json));
        await new EtcdStore(channel).CommitAsync(transaction, CancellationToken.None);
    }

    private static Process StartAgent(string folder, string endpoint)
    {
        File.WriteAllText(Path.Combine(folder, "canal.toml"), $"node_name = \"h1\"\n[etcd]\nendpoints = [\"{endpoint}\"]\n");
        File.WriteAllText(Path.Combine(folder, "felix.toml"), $"endpoint_status_path_prefix = \"{folder}/status\"\n");
        ProcessStartInfo start = new("sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1", Path.Combine(folder, "felix.log"), Binary.Find("canal-felix"), "--config-dir", folder]);
        start.Environment["RUNTIME_DIRECTORY"] = start.Environment["STATE_DIRECTORY"] = folder;
        start.Environment.Remove("NOTIFY_SOCKET");
        start.Environment.Remove("JOURNAL_STREAM");
        return Process.Start(start)!;
    }

    private void Measure(TextWriter output)
    {
        string ours = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "net1",
            ["type"] = "canal",
            ["nodename"] = "h1",
            ["config_dir"] = folder,
            ["state_dir"] = folder,
            ["endpoint_status_dir"] = $"{folder}/status/endpoint-status",
            ["ipam_lock_file"] = $"{folder}/ipam.lock",
            ["ipam"] = new JsonObject { ["type"] = "canal-ipam" },
        }.ToJsonString();
        string reference = $$$"""{"cniVersion":"1.0.0","name":"ref","type":"bridge","bridge":"br-ref","isGateway":true,"ipam":{"type":"host-local","dataDir":"{{{folder}}}/local","ranges":[[{"subnet":"10.79.0.0/16"}]],"routes":[{"dst":"0.0.0.0/0"}]}}""";
        List<double> add = [], delete = [], referenceAdd = [], referenceDelete = [];
        for (int i = -5; i < Rounds; i++)
        {
            (double, double) one = Round(Path.Combine(folder, "canal"), ours, $"c{i + 5}"), other = Round($"{CniHost.ReferencePlugins}/bridge", reference, $"r{i + 5}");
            if (i < 0) continue;
            add.Add(one.Item1);
            delete.Add(one.Item2);
            referenceAdd.Add(other.Item1);
            referenceDelete.Add(other.Item2);
        }
        output.WriteLine($"  {Rounds} containers in turns, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, ms p50 / p99");
        Print(output, "ADD canal + canal-ipam, etcd, policy in the kernel", add);
        Print(output, "ADD bridge + host-local", referenceAdd);
        Print(output, "DEL canal", delete);
        Print(output, "DEL bridge", referenceDelete);
        output.WriteLine($"  ADD ratio {Quantile(add, 0.5) / Quantile(referenceAdd, 0.5):F2} (target 1.0), DEL ratio {Quantile(delete, 0.5) / Quantile(referenceDelete, 0.5):F2}");
    }

    private (double Add, double Delete) Round(string plugin, string config, string id) => (Call(plugin, "ADD", config, id), Call(plugin, "DEL", config, id));

    private double Call(string plugin, string command, string config, string id)
    {
        ProcessStartInfo start = new(plugin) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach ((string name, string value) in new[] { ("COMMAND", command), ("CONTAINERID", id), ("NETNS", container), ("IFNAME", "eth0"), ("PATH", CniHost.ReferencePlugins) })
            start.Environment[$"CNI_{name}"] = value;
        long before = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(config);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double time = Stopwatch.GetElapsedTime(before).TotalMilliseconds;
        return process.ExitCode == 0 ? time : throw new InvalidOperationException($"{plugin} {command}: {output}");
    }

    private static void Print(TextWriter output, string what, List<double> times) => output.WriteLine($"  {what,-52} {Quantile(times, 0.5),8:F1} / {Quantile(times, 0.99),8:F1}");

    private static double Quantile(List<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)(share * (sorted.Length - 1))];
    }
}
