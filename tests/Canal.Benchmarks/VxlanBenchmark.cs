using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Canal.Testing;
using Canal.Testing.Rig;

namespace Canal.Benchmarks;

/// <summary>
/// TCP between two hosts through the device of flannel's backend vxlan as canal-flannel-bridge makes it, against one that <c>ip</c>(8) makes over the same veth,
/// in turns. The kernel does the carrying: what differs can only be a setting of the devices, and those are compared too. Needs root, etcd and
/// <c>make build</c> (or CANAL_BIN_DIR).
/// </summary>
internal sealed class VxlanBenchmark : IDisposable
{
    private const int Rounds = 400;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(0.1);

    private readonly string prefix = $"canal-{Environment.ProcessId}";
    private readonly string folder = Directory.CreateTempSubdirectory("canal-bench-").FullName;
    private readonly List<Process> agents = [];
    private readonly Netns[] hosts;

    private VxlanBenchmark()
    {
        Command.Shell($"for h in 1 2; do ip netns add {prefix}-$h; done; ip -n {prefix}-1 link add e0 type veth peer name e0 netns {prefix}-2; for h in 1 2; do ip -n {prefix}-$h link set lo up; ip -n {prefix}-$h link set e0 up; ip -n {prefix}-$h addr add 192.168.50.$h/24 dev e0; done");
        hosts = [new Netns($"{prefix}-1"), new Netns($"{prefix}-2")];
    }

    public static void Run(TextWriter output)
    {
        using VxlanBenchmark benchmark = new();
        benchmark.MeasureAsync(output).GetAwaiter().GetResult();
    }

    private async Task MeasureAsync(TextWriter output)
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { Address = "192.168.50.1", NetworkNamespace = hosts[0].Name });
        await etcd.CtlAsync("put", "/coreos.com/network/config", """{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        for (int host = 1; host <= 2; host++) MakeByHand(host);
        for (int host = 1; host <= 2; host++) StartAgent(host, etcd.Endpoint);
        string[] ours = [await WorkloadAsync(1), await WorkloadAsync(2)];
        await Poll.Until(() => ValueTask.FromResult(Ping(ours) && Ping(["10.9.1.7", "10.9.2.7"])), TimeSpan.FromSeconds(60), () => "the hosts do not reach each other");
        output.WriteLine($"  settings of the devices: {(Settings("flannel.1") == Settings("hand.2") ? "equal" : $"\n    {Settings("flannel.1")}\n    {Settings("hand.2")}")}");
        List<double> wrapped = [], byHand = [], ratios = [];
        for (int i = -2; i < Rounds; i++)
        {
            double hand = i % 2 == 0 ? Throughput("10.9.1.7", "10.9.2.7") : 0, own = Throughput(ours[0], ours[1]);
            if (hand == 0) hand = Throughput("10.9.1.7", "10.9.2.7");
            if (i < 0) continue;
            wrapped.Add(own);
            byHand.Add(hand);
            ratios.Add(own / hand);
        }
        output.WriteLine($"  {Rounds} rounds in turns, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}: {Median(wrapped):F2} Gbit/s, by hand {Median(byHand):F2}; of each round the ratio {Median(ratios):F3} (p25 {Quantile(ratios, 0.25):F3}, p75 {Quantile(ratios, 0.75):F3}; target 0.98)");
    }

    /// <summary>As flannel makes its device, by the commands that an operator would give.</summary>
    private void MakeByHand(int host)
    {
        int other = 3 - host;
        hosts[host - 1].Shell($"""
            ip link add hand.2 address 0e:00:00:00:00:0{host} type vxlan id 2 dev e0 local 192.168.50.{host} dstport 8472 nolearning
            ip addr add 10.9.{host}.0/32 dev hand.2
            ip addr add 10.9.{host}.7/32 dev lo
            ip link set hand.2 up
            ip neigh add 10.9.{other}.0 lladdr 0e:00:00:00:00:0{other} dev hand.2 nud permanent
            bridge fdb add 0e:00:00:00:00:0{other} dev hand.2 dst 192.168.50.{other} self permanent
            ip route add 10.9.{other}.0/24 via 10.9.{other}.0 dev hand.2 onlink
            """);
    }

    private void StartAgent(int host, string endpoint)
    {
        string own = Directory.CreateDirectory(Path.Combine(folder, $"{host}")).FullName;
        File.WriteAllText(Path.Combine(own, "canal.toml"), $"node_name = \"h{host}\"\n[etcd]\nendpoints = [\"{endpoint}\"]\n");
        File.WriteAllText(Path.Combine(own, "flannel-bridge.toml"), $"interfaces = [\"e0\"]\nsubnet_file = \"{own}/subnet.env\"\nforward_rules = false\n");
        ProcessStartInfo start = new("sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1", Path.Combine(own, "log"), Binary.Find("canal-flannel-bridge"), "--config-dir", own]);
        start.Environment["RUNTIME_DIRECTORY"] = start.Environment["STATE_DIRECTORY"] = own;
        start.Environment.Remove("NOTIFY_SOCKET");
        start.Environment.Remove("JOURNAL_STREAM");
        agents.Add(hosts[host - 1].Run(() => Process.Start(start)!));
    }

    /// <summary>An address of the host's subnet, as a workload has one.</summary>
    private async Task<string> WorkloadAsync(int host)
    {
        string file = Path.Combine(folder, $"{host}", "subnet.env");
        await Poll.Until(() => ValueTask.FromResult(File.Exists(file)), TimeSpan.FromSeconds(60), () => File.ReadAllText(Path.Combine(folder, $"{host}", "log")));
        string address = Regex.Match(File.ReadAllText(file), @"FLANNEL_SUBNET=([0-9.]+\.)1/").Groups[1].Value + "7";
        hosts[host - 1].Shell($"ip addr add {address}/32 dev lo");
        return address;
    }

    private bool Ping(string[] workloads)
    {
        try
        {
            hosts[0].Shell($"ping -c 1 -W 1 -I {workloads[0]} {workloads[1]}");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>What the kernel says of a device, without what tells it from others.</summary>
    private string Settings(string device)
    {
        string text = hosts[0].Shell($"ip -d link show {device}; ethtool -k {device} 2>/dev/null || true");
        return Regex.Replace(Regex.Replace(text, @"([0-9a-f]{2}:){5}[0-9a-f]{2}|^[0-9]+: |vxlan id [0-9]+|flannel\.1|hand\.2", ""), @"\s+", " ");
    }

    /// <summary>One connection of one way for a while; Gbit/s as received.</summary>
    private double Throughput(string from, string to)
    {
        using Socket listener = hosts[1].Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse(to), 0));
        listener.Listen();
        using Socket sender = hosts[0].Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        sender.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        sender.Connect(listener.LocalEndPoint!);
        using Socket receiver = listener.Accept();
        Thread sending = new(() => Send(sender));
        sending.Start();
        byte[] buffer = new byte[256 * 1024];
        long bytes = 0, start = Stopwatch.GetTimestamp();
        while (receiver.Receive(buffer) is int read and > 0) bytes += read;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        sending.Join();
        return bytes * 8 / seconds / 1e9;
    }

    private static void Send(Socket socket)
    {
        byte[] buffer = new byte[256 * 1024];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Round;) socket.Send(buffer);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static double Median(List<double> values) => Quantile(values, 0.5);

    private static double Quantile(List<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)(share * (sorted.Length - 1))];
    }

    public void Dispose()
    {
        foreach (Process agent in agents)
        {
            agent.Kill();
            agent.WaitForExit();
            agent.Dispose();
        }
        foreach (Netns host in hosts) host.Dispose();
        Command.Shell($"for h in 1 2; do ip netns del {prefix}-$h; done");
        Directory.Delete(folder, recursive: true);
    }
}
