using System.Diagnostics;
using System.Globalization;
using System.Text;
using Canal.Datastore;
using Canal.Linux.Nftables;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Benchmarks;

/// <summary>A host to measure on: this process's network namespace with interfaces of workloads, etcd with a cluster loaded, and the native canal-felix.</summary>
internal sealed class DaemonHost : IAsyncDisposable
{
    /// <summary>Further interfaces, for endpoints that appear while it is measured.</summary>
    private const int ExtraInterfaces = 100;

    private const int PutsPerTransaction = 100;

    private readonly string folder = Directory.CreateTempSubdirectory("canal-bench-").FullName;
    private readonly NetlinkNftables nftables = NetlinkNftables.Open();
    private readonly EtcdProcess etcd;
    private readonly EtcdChannel channel;
    private readonly EtcdStore store;
    private Process? agent;

    private DaemonHost(EtcdProcess etcd)
    {
        this.etcd = etcd;
        channel = new EtcdChannel(new EtcdOptions { Endpoints = [etcd.Endpoint] }, TimeProvider.System);
        store = new EtcdStore(channel);
    }

    /// <summary>Makes the interfaces that every cluster's endpoints are on.</summary>
    public static void MakeInterfaces()
    {
        IEnumerable<string> names = [.. Enumerable.Range(0, DaemonData.MostLocal).Select(DaemonData.InterfaceOf), .. Enumerable.Range(0, ExtraInterfaces).Select(DaemonData.ExtraInterfaceOf)];
        Command.IpBatch(names.SelectMany(n => (string[])[$"link add {n} type veth peer name p{n[4..]}", $"link set {n} up", $"link set p{n[4..]} up"]));
    }

    /// <summary>Starts etcd and writes the cluster to it.</summary>
    public static async Task<DaemonHost> StartAsync(DaemonData data)
    {
        DaemonHost host = new(await EtcdProcess.StartAsync(new EtcdProcessOptions { Arguments = ["--quota-backend-bytes", "4294967296"] }));
        host.Configure();
        await host.LoadAsync(data);
        return host;
    }

    /// <summary>Starts the agent; returns the moment before.</summary>
    public long StartAgent()
    {
        string[] command = ["-c", "exec \"$@\" >>\"$0\" 2>&1", LogFile, Binary.Find("canal-felix"), "--config-dir", folder];
        ProcessStartInfo start = new("sh", command);
        start.Environment["RUNTIME_DIRECTORY"] = start.Environment["STATE_DIRECTORY"] = folder;
        start.Environment.Remove("NOTIFY_SOCKET");
        start.Environment.Remove("JOURNAL_STREAM");
        long before = Stopwatch.GetTimestamp();
        agent = Process.Start(start)!;
        return before;
    }

    /// <summary>kill -9.</summary>
    public void KillAgent()
    {
        agent!.Kill();
        agent.WaitForExit();
    }

    /// <summary>CPU time of the agent so far, all threads.</summary>
    public TimeSpan AgentCpu
    {
        get
        {
            agent!.Refresh();
            return agent.TotalProcessorTime;
        }
    }

    /// <summary>A line of /proc/PID/status, in MiB: VmRSS, or VmHWM, the most it ever was.</summary>
    public double AgentMemory(string what)
    {
        string line = File.ReadLines($"/proc/{agent!.Id}/status").First(l => l.StartsWith(what + ":", StringComparison.Ordinal));
        return double.Parse(line.AsSpan(what.Length + 1, line.Length - what.Length - 4).Trim(), CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>The kernel's count of commits in the namespace.</summary>
    public uint Generation => nftables.Generation();

    /// <summary>What the agent has programmed.</summary>
    public NftTable? ReadTable() => nftables.Read("canal");

    /// <summary>The host is as one on which no agent ever ran: neither the table nor what was kept of it for a boot, which would be put back at once.</summary>
    public void Forget()
    {
        File.Delete(Path.Combine(folder, "last-known-good"));
        DeleteTable();
    }

    public void DeleteTable()
    {
        NftTransaction transaction = new("canal");
        transaction.DeleteTable();
        nftables.Commit(transaction);
    }

    /// <summary>Waits until the agent has committed for the first time since a generation; returns when.</summary>
    public long AwaitCommit(uint since)
    {
        while (Generation == since)
        {
            if (agent!.HasExited) throw new InvalidOperationException($"canal-felix exited with {agent.ExitCode}: {File.ReadAllText(LogFile)}");
            Thread.Sleep(1);
        }
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Puts one key; returns the moment before.</summary>
    public long Put((string Key, string Json) item)
    {
        long before = Stopwatch.GetTimestamp();
        store.CommitAsync(new EtcdTransaction().Put(item.Key, Encoding.UTF8.GetBytes(item.Json)), CancellationToken.None).GetAwaiter().GetResult();
        return before;
    }

    /// <summary>Has etcdctl print everything the agent reads.</summary>
    public void ReadAllByEtcdctl() => Command.Shell($"ETCDCTL_API=3 etcdctl --endpoints {etcd.Endpoint} get --prefix /calico/resources/v3/projectcalico.org/ >/dev/null");

    public async ValueTask DisposeAsync()
    {
        if (agent is { HasExited: false }) KillAgent();
        agent?.Dispose();
        nftables.Dispose();
        await channel.DisposeAsync();
        await etcd.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private string LogFile => Path.Combine(folder, "felix.log");

    private void Configure()
    {
        File.WriteAllText(Path.Combine(folder, "canal.toml"), $"node_name = \"{CalculatorData.LocalNode}\"\n[etcd]\nendpoints = [\"{etcd.Endpoint}\"]\n");
        File.WriteAllText(Path.Combine(folder, "felix.toml"), $"endpoint_status_path_prefix = \"{folder}/status\"\n");
    }

    private async Task LoadAsync(DaemonData data)
    {
        foreach ((string Key, string Json)[] items in data.Everything().Chunk(PutsPerTransaction))
        {
            EtcdTransaction transaction = new();
            foreach ((string key, string json) in items) transaction.Put(key, Encoding.UTF8.GetBytes(json));
            await store.CommitAsync(transaction, CancellationToken.None);
        }
    }
}
