using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Kernel.Tests.Nftables;
using Canal.Testing;

namespace Canal.Kernel.Tests.Policy;

/// <summary>What the kernel does with real packets is what the evaluator says of them, on random small clusters that change under way.</summary>
public sealed class PacketsEqualEvaluatorTests(ITestOutputHelper output)
{
    private const int Clusters = 4;
    private const int Steps = 4;
    private const int PacketsPerStep = 80;
    private const int Sentinel = int.MaxValue;

    /// <summary>Long enough for any machine; only a missing packet waits so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 10).Select(i => i * Clusters)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Packets_pass_where_the_evaluator_says_so(int first)
    {
        if (Environment.GetEnvironmentVariable("CANAL_SEED") is string text) first += int.Parse(text);
        int passed = 0;
        for (int seed = first; seed < first + Clusters; seed++) passed += Run(seed);
        int all = Clusters * Steps * PacketsPerStep;
        output.WriteLine($"seeds {first} to {first + Clusters - 1}: {passed} of {all} packets passed");
        Assert.InRange(passed, all / 20, all * 19 / 20);
    }

    private static int Run(int seed)
    {
        int passed = 0;
        PolicyHost.Run(RandomCluster.Interfaces, host =>
        {
            using HostListener listener = new();
            RandomCluster cluster = new(new Random(seed));
            FelixParameters parameters = cluster.AnyParameters();
            if (seed % 2 == 1) MarkEverything();
            host.Apply(cluster.Begin(name => host.Ports[name].OutsideMac), parameters);
            for (int step = 0; step < Steps; step++)
            {
                if (step > 0) host.Apply(cluster.Step(name => host.Ports[name].OutsideMac), parameters);
                passed += Check(host, listener, cluster, parameters, $"seed {seed}, step {step}");
            }
            if (seed % 2 == 1) Assert.Contains("counter packets 0 ", NftSandbox.Nft("list chain inet others lost"), StringComparison.Ordinal);
        });
        return passed;
    }

    /// <summary>
    /// Another program uses the packet mark, every bit of it: no policy may be passed for that, and of the bits that are not ours none may get lost on the way
    /// through the host.
    /// </summary>
    private static void MarkEverything() => NftSandbox.Nft("-f -", """
        table inet others {
            chain marking { type filter hook prerouting priority -310; meta mark set 0xffffffff; }
            chain lost { type filter hook forward priority 10; meta mark & 0xfffdffff != 0xfffdffff counter; }
        }
        """);

    /// <summary>Returns how many passed.</summary>
    private static int Check(PolicyHost host, HostListener listener, RandomCluster cluster, FelixParameters parameters, string where)
    {
        PolicyEvaluator evaluator = new(cluster.Resources);
        Trial[] trials = [.. Enumerable.Range(0, PacketsPerStep).Select(_ => cluster.AnyTrial())];
        int passing = trials.Count(t => t.Passes(evaluator, parameters, out _));
        int?[] arrivals = Deliver(host, listener, trials, trials.Count(t => !t.ToHost && t.Passes(evaluator, parameters, out _)));
        for (int i = 0; i < trials.Length; i++)
        {
            int? wanted = trials[i].Passes(evaluator, parameters, out string why) ? Destination(host, trials[i]) : null;
            if (arrivals[i] != wanted)
                Assert.Fail($"{where}: {trials[i].Packet} arrived on {arrivals[i]?.ToString() ?? "no link"}, expected {wanted?.ToString() ?? "none"}: {why}\n{parameters}\n{PolicyHost.List()}");
        }
        return passing;
    }

    /// <summary>
    /// Sends all, and returns on which link each arrived; 0 is the host itself. Everything is sent by one thread on one CPU, where the kernel forwards it in
    /// order: when the sentinel, a packet between outside hosts that nothing polices, is back, so is all that passes.
    /// </summary>
    private static int?[] Deliver(PolicyHost host, HostListener listener, Trial[] trials, int passing)
    {
        int?[] arrivals = new int?[trials.Length];
        for (int i = 0; i < trials.Length; i++) Send(host, trials[i], i);
        Send(host, new Trial(ResourceBuilder.Udp("198.51.100.1", "198.51.100.2", 9), null, null), Sentinel);
        byte[] frame = new byte[2048];
        int seen = 0;
        bool last = false;
        while (!last || seen < passing)
        {
            if (!host.Outside.TryReceive(Patience, frame, out int length, out int link)) break;
            int number = Frame.NumberIn(frame.AsSpan(0, length));
            if (number == Sentinel) last = true;
            if (number < 0 || number >= trials.Length) continue;
            seen++;
            arrivals[number] = link;
        }
        Assert.True(last, "the sentinel did not come back");
        foreach (int number in listener.Take()) arrivals[number] = 0;
        return arrivals;
    }

    private static void Send(PolicyHost host, Trial trial, int number)
    {
        PolicyHost.Port port = PortOf(host, trial.From);
        host.Outside.Send(port.OutsideLink, Frame.Of(trial.Packet, number, port.OutsideMac, port.Mac));
    }

    private static int Destination(PolicyHost host, Trial trial) => trial.ToHost ? 0 : PortOf(host, trial.To).OutsideLink;

    private static PolicyHost.Port PortOf(PolicyHost host, WorkloadEndpoint? workload) => host.Ports[workload?.Spec.InterfaceName ?? PolicyHost.External];
}
