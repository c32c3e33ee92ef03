using System.Diagnostics;
using Canal.BirdConfigRenderer.Bird;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Testing.Rig;

namespace Canal.Benchmarks;

/// <summary>
/// A cluster of 1001 nodes changes by one: planned, written, checked, put in place, and read by the running BIRD, which has the thousand sessions of the
/// others. Beside it what BIRD's own programs need for the last part, the same file checked and read. BIRD does not log to syslog here: where none listens,
/// the lines of a thousand sessions make a reload take 0.7 s. Needs root and bird2.
/// </summary>
internal static class BgpBenchmark
{
    private const int Peers = 1000, Rounds = 7;
    private const string Node = "node-0";

    public static void Run(TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("canal-bench-").FullName, name = $"canal-{Environment.ProcessId}-bgp";
        Command.Shell($"ip netns add {name}; ip -n {name} link set lo up; ip -n {name} link add eth0 type veth peer name other; ip -n {name} link set other up; ip -n {name} link set eth0 up; ip -n {name} addr add 10.0.0.1/16 dev eth0");
        try
        {
            MeasureAsync(output, folder, name).GetAwaiter().GetResult();
        }
        finally
        {
            Command.Shell($"ip netns del {name}");
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(TextWriter output, string folder, string name)
    {
        string path = Path.Combine(folder, "bird.conf"), socket = Path.Combine(folder, "bird.ctl");
        BirdFiles files = new([new BirdDaemon(BirdDialect.Bird2, new BirdProgram("bird", path, socket), path, socket, "no-such-group")]);
        // The last node comes and goes: every round is a change, of one session among a thousand.
        BgpInputs with = Cluster(Peers + 1), without = Cluster(Peers);
        await PutAsync(files, with);
        using Process bird = Process.Start(new ProcessStartInfo("sh", ["-c", $"exec ip netns exec {name} bird -f -c {path} -s {socket} 2>/dev/null"]))!;
        try
        {
            await Poll.Until(async () => await AnswersAsync(socket), TimeSpan.FromSeconds(30), () => "BIRD did not start");
            List<double> ours = [], reference = [];
            for (int i = 0; i < Rounds; i++)
            {
                ours.Add(await MillisecondsAsync(async () => await PutAsync(files, i % 2 == 0 ? without : with)));
                reference.Add(await MillisecondsAsync(() => Task.FromResult(Command.Run("bird", ["-p", "-c", path]) + Command.Run("birdc", ["-s", socket, "configure"]))));
            }
            output.WriteLine($"  {Peers} sessions, one comes or goes, {Rounds} rounds, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, ms median (least to most)");
            output.WriteLine($"  planned, written, checked, in place, read by BIRD: {Line(ours)} (target 200)");
            output.WriteLine($"  bird -p and birdc configure of the same file: {Line(reference)}; ratio {Median(ours) / Median(reference):F2}");
        }
        finally
        {
            bird.Kill(entireProcessTree: true);
            await bird.WaitForExitAsync();
        }
    }

    private static async Task PutAsync(BirdFiles files, BgpInputs inputs)
    {
        if (await files.PutAsync(files.Write(BirdPlanner.Plan(inputs).Configuration, []), CancellationToken.None) is { } refusal) throw new InvalidOperationException(refusal);
    }

    private static async Task<bool> AnswersAsync(string socket)
    {
        try
        {
            return (await BirdView.ReadAsync(socket, CancellationToken.None)).Sessions.Count == Peers;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<double> MillisecondsAsync(Func<Task> work)
    {
        long start = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static BgpInputs Cluster(int nodes) => new()
    {
        NodeName = Node,
        Nodes = Enumerable.Range(0, nodes).Select(Host).ToDictionary(n => n.Key.Name),
        Affinities = new Dictionary<Cidr, AffinityState> { [Cidr.Parse("192.168.1.0/26")] = AffinityState.Confirmed },
    };

    private static Node Host(int number) => new()
    {
        Key = new ResourceKey(ResourceKind.Node, null, $"node-{number}"),
        Metadata = new Metadata { Name = $"node-{number}" },
        Bgp = new NodeBgp { Ipv4Address = new InterfaceAddress(IpAddress.Parse($"10.0.{number / 250}.{number % 250 + 1}"), 16) },
    };

    private static string Line(List<double> times) => $"{Median(times):F0} ({times.Min():F0} to {times.Max():F0})";

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
