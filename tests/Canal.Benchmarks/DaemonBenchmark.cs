using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Canal.Core.Addressing;
using Canal.Testing.Rig;

namespace Canal.Benchmarks;

/// <summary>
/// The whole native daemon against real etcd and the real kernel, on one host with 200 workloads of a cluster of a size. Times run from exec, or from
/// before the put to etcd, to the kernel's commit. Needs root, etcd, nft and <c>make build</c> (or CANAL_BIN_DIR).
/// </summary>
internal sealed class DaemonBenchmark(DaemonHost host, DaemonData data, TextWriter output)
{
    private const string InNamespace = "CANAL_BENCH_NAMESPACE";
    private const int Changes = 50;
    private const int ColdStarts = 5;
    private const int Restarts = 5;
    private const int Rate = 200;
    private static readonly TimeSpan Churn = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    private readonly Random random = new(1);
    private int joined;
    private int allowed;
    private double cold;

    /// <summary>This process is the one in the namespace.</summary>
    public static bool IsInside => Environment.GetEnvironmentVariable(InNamespace) is not null;

    /// <summary>Measures clusters of three sizes, or of those that CANAL_BENCH_SIZES names, in a network namespace of its own.</summary>
    public static void Run(TextWriter output)
    {
        if (IsInside) MeasureAsync(output).GetAwaiter().GetResult();
        else RunInNamespace();
    }

    /// <summary>Threads that await move between namespaces with their thread, so the whole process runs once more inside.</summary>
    private static void RunInNamespace()
    {
        // Of the form that the end-to-end tests clear away when its process is gone.
        string name = $"canal-{Environment.ProcessId}-bench";
        Command.Shell($"ip netns add {name}; ip -n {name} link set lo up");
        try
        {
            ProcessStartInfo start = new("ip", ["netns", "exec", name, Path.Combine(AppContext.BaseDirectory, "Canal.Benchmarks"), "daemon"]);
            start.Environment[InNamespace] = name;
            using Process inside = Process.Start(start)!;
            inside.WaitForExit();
            if (inside.ExitCode != 0) throw new InvalidOperationException($"the benchmark of the daemon ended with {inside.ExitCode}");
        }
        finally
        {
            Command.Shell($"ip netns del {name}");
        }
    }

    private static async Task MeasureAsync(TextWriter output)
    {
        string sizes = Environment.GetEnvironmentVariable("CANAL_BENCH_SIZES") is { Length: > 0 } wanted ? wanted : "1000/100 10000/1000 100000/5000";
        output.WriteLine($"{Cpu()}, {Environment.ProcessorCount} cores, Linux {Environment.OSVersion.Version}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        DaemonHost.MakeInterfaces();
        foreach (string size in sizes.Split(' '))
        {
            int[] numbers = [.. size.Split('/').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
            await MeasureAsync(new DaemonData(numbers[0], numbers[1]), output);
        }
    }

    private static async Task MeasureAsync(DaemonData data, TextWriter output)
    {
        await using DaemonHost host = await DaemonHost.StartAsync(data);
        output.WriteLine($"canal-felix, {data.Endpoints} endpoints, {data.Local} of them here, {data.ActivePolicies} policies in force here; p50 / p99, target");
        DaemonBenchmark benchmark = new(host, data, output);
        benchmark.ColdStart();
        benchmark.IdleCpu();
        benchmark.SmallChanges();
        benchmark.LabelUpdates();
        benchmark.Restart();
        benchmark.Alternative();
    }

    private void ColdStart()
    {
        List<double> times = [], cpu = [], memory = [], most = [];
        for (int i = 0; i < ColdStarts; i++)
        {
            if (i > 0)
            {
                host.KillAgent();
                host.Forget();
            }
            uint generation = host.Generation;
            long start = host.StartAgent();
            times.Add(Milliseconds(start, host.AwaitCommit(generation)));
            cpu.Add(host.AgentCpu.TotalMilliseconds);
            Thread.Sleep(2000);
            memory.Add(host.AgentMemory("VmRSS"));
            most.Add(host.AgentMemory("VmHWM"));
        }
        CheckComplete();
        cold = Quantile(times, 0.5);
        Print("cold start, ms", times, data.Endpoints switch { <= 1000 => "200", <= 10_000 => "500", _ => "2500" });
        Print("  CPU of it, ms", cpu, "");
        Print("memory (RSS) after it, MiB", memory, data.Endpoints switch { <= 1000 => "40", <= 10_000 => "60", _ => "200" });
        Print("  at most, MiB", most, "");
    }

    /// <summary>A first commit that was not the whole would make the cold start look faster than it is.</summary>
    private void CheckComplete()
    {
        int chains = host.ReadTable()!.Chains.Keys.Count(name => name.StartsWith("policy-in/", StringComparison.Ordinal));
        if (chains != data.ActivePolicies + 1) throw new InvalidOperationException($"{chains} policies are programmed, not {data.ActivePolicies + 1}");
    }

    private void IdleCpu()
    {
        TimeSpan before = host.AgentCpu;
        Thread.Sleep(Idle);
        output.WriteLine($"  {"idle, % of a core",-44} {100 * (host.AgentCpu - before) / Idle,9:F2} {"",11} {"0",9}");
    }

    private void SmallChanges()
    {
        using CommitWatch watch = new();
        Print("one policy rule changed, ms", Repeat(() => ChangePolicy(watch)), "3 / 5");
        Print("a remote endpoint joins a set, ms", Repeat(() => Join(watch)), "1.5 / 3");
        int appeared = 0;
        Print("a local endpoint appears, ms", Repeat(() => Appear(watch, appeared++)), "3 / 10");
    }

    private List<double> Repeat(Func<double> change)
    {
        List<double> times = [];
        for (int i = 0; i < Changes; i++)
        {
            Thread.Sleep(random.Next(100, 300));
            times.Add(change());
        }
        return times;
    }

    private double ChangePolicy(CommitWatch watch)
    {
        IpAddress address = NextAllowed();
        watch.Drain();
        long start = host.Put(data.Sentinel(address.ToString()));
        return Milliseconds(start, watch.Find(Bytes(address), "the changed policy"));
    }

    private double Join(CommitWatch watch)
    {
        joined++;
        watch.Drain();
        long start = host.Put(data.Joining(joined));
        return Milliseconds(start, watch.Find(Bytes(DaemonData.JoiningAddress(joined)), "the joining endpoint"));
    }

    private double Appear(CommitWatch watch, int n)
    {
        watch.Drain();
        long start = host.Put(data.ExtraLocal(n));
        return Milliseconds(start, watch.Find(Encoding.ASCII.GetBytes(DaemonData.ExtraInterfaceOf(n)), "the local endpoint"));
    }

    /// <summary>Remote endpoints get other labels at a rate; endpoints that join a set meanwhile show how far behind the agent is.</summary>
    private void LabelUpdates()
    {
        using CommitWatch watch = new();
        using CancellationTokenSource enough = new(Churn);
        TimeSpan before = host.AgentCpu;
        long start = Stopwatch.GetTimestamp();
        Task<int> writer = Task.Run(() => WriteLabels(enough.Token));
        List<double> lag = [];
        while (!enough.IsCancellationRequested)
        {
            Thread.Sleep(random.Next(300, 700));
            lag.Add(Join(watch));
        }
        int written = writer.GetAwaiter().GetResult();
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        output.WriteLine($"  {$"{written / took.TotalSeconds:F0} label updates a second, % of a core",-44} {100 * (host.AgentCpu - before) / took,9:F1} {"",11} {"10",9}");
        Print("  lag meanwhile, ms", lag, "p99 10");
    }

    private int WriteLabels(CancellationToken enough)
    {
        Random which = new(2);
        long start = Stopwatch.GetTimestamp();
        int written = 0;
        for (; !enough.IsCancellationRequested; written++)
        {
            TimeSpan early = TimeSpan.FromSeconds(written / (double)Rate) - Stopwatch.GetElapsedTime(start);
            if (early > TimeSpan.Zero) Thread.Sleep(early);
            host.Put(data.Endpoint(which.Next(data.Local, data.Endpoints), which.Next(Math.Max(25, data.Endpoints / 40))));
        }
        return written;
    }

    private void Restart()
    {
        List<double> times = [];
        for (int i = 0; i < Restarts; i++)
        {
            host.KillAgent();
            IpAddress address = NextAllowed();
            host.Put(data.Sentinel(address.ToString()));
            using CommitWatch watch = new();
            long start = host.StartAgent();
            times.Add(Milliseconds(start, watch.Find(Bytes(address), "the policy changed while the agent was down")));
            Thread.Sleep(2000);
        }
        Print("kill -9, restart with one rule changed, ms", times, data.Endpoints <= 10_000 ? "500" : "");
    }

    /// <summary>What the same work costs with the tools at hand: etcdctl prints all that is read, nft loads the ruleset that came of it.</summary>
    private void Alternative()
    {
        host.KillAgent();
        string file = Path.GetTempFileName();
        Command.Shell($"nft list table inet canal >{file}");
        host.DeleteTable();
        double read = Time(host.ReadAllByEtcdctl), load = Time(() => Command.Shell($"nft -f {file}"));
        host.DeleteTable();
        File.Delete(file);
        output.WriteLine($"  etcdctl get {read:F0} ms + nft -f {load:F0} ms; cold start / those {cold / (read + load):F2} (target 1.50)");
    }

    private IpAddress NextAllowed() => IpAddress.FromV4((uint)((198 << 24) + (18 << 16) + 2 + allowed++));

    private static byte[] Bytes(IpAddress address)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, address.V4);
        return bytes;
    }

    private void Print(string what, List<double> values, string target) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-44} {Quantile(values, 0.5),9:F1} / {Quantile(values, 0.99),9:F1} {target,9}   n = {values.Count}"));

    /// <summary>Nearest rank: of few values the 99th percentile is the largest.</summary>
    private static double Quantile(List<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Max(0, (int)Math.Ceiling(part * sorted.Length) - 1)];
    }

    private static double Milliseconds(long start, long end) => Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static string Cpu() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor";
}
