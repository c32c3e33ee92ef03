using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Ctl;
using Canal.Felix.Configuration;
using Canal.Kernel.Tests.Nftables;
using Canal.Testing;

namespace Canal.Kernel.Tests.Policy;

/// <summary>What the kernel does with real packets is what the evaluator says of them, and canalctl's trace, on random small clusters that change under way.</summary>
public sealed class PacketsEqualEvaluatorTests(ITestOutputHelper output)
{
    private const int Clusters = 4;
    private const int Steps = 4;
    private const int PacketsPerStep = 80;
    private const int Sentinel = int.MaxValue;
    private const string Traced = "traced";

    /// <summary>To the host, and from it: what was sent before the sentinel has gone as far as that when it has gone so often.</summary>
    private const int Hops = 3;

    /// <summary>Long enough for any machine; only a missing packet waits so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Half as many where programs are run for each step.</summary>
    public static TheoryData<PacketFilter, int> Seeds
    {
        get
        {
            TheoryData<PacketFilter, int> seeds = [];
            foreach (PacketFilter filter in Enum.GetValues<PacketFilter>())
                for (int i = 0; i < (filter == PacketFilter.Nftables ? 10 : 5); i++) seeds.Add(filter, i * Clusters);
            return seeds;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Packets_pass_where_the_evaluator_says_so(PacketFilter filter, int first)
    {
        if (Environment.GetEnvironmentVariable("CANAL_SEED") is string text) first += int.Parse(text);
        int passed = 0;
        Dictionary<string, int> deciders = [];
        for (int seed = first; seed < first + Clusters; seed++) passed += Run(filter, seed, deciders);
        int all = Clusters * Steps * PacketsPerStep;
        output.WriteLine($"seeds {first} to {first + Clusters - 1}: {passed} of {all} packets passed");
        Assert.InRange(passed, all / 20, all * 19 / 20);
        output.WriteLine(string.Join(", ", deciders.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key} {d.Value}")));
        // Host endpoints must have had their say: before DNAT, on the way through, and at the end.
        Assert.True(deciders.GetValueOrDefault(Traced) > all / 20, "hardly a packet was up to workloads alone");
        foreach (string decider in (string[])["PreDnat", "Forward", "Normal"]) Assert.True(deciders.GetValueOrDefault(decider) > 0, $"no host endpoint decided at the stage {decider}");
    }

    private static int Run(PacketFilter filter, int seed, Dictionary<string, int> deciders)
    {
        int passed = 0;
        PolicyHost.Run(RandomCluster.Interfaces, host =>
        {
            using HostListener listener = new();
            RandomCluster cluster = new(new Random(seed));
            FelixParameters parameters = cluster.AnyParameters();
            if (seed % 2 == 1) MarkEverything(~OwnMarks(filter, parameters.Marks));
            host.Apply(cluster.Begin(name => host.Ports[name].OutsideMac), parameters);
            for (int step = 0; step < Steps; step++)
            {
                if (step > 0) host.Apply(cluster.Step(name => host.Ports[name].OutsideMac), parameters);
                passed += Check(host, listener, cluster, parameters, deciders, $"seed {seed}, step {step}");
            }
            if (seed % 2 == 1) Assert.Contains("counter packets 0 ", NftSandbox.Nft("list chain inet others lost"), StringComparison.Ordinal);
        }, filter);
        return passed;
    }

    /// <summary>
    /// Another program uses the packet mark, every bit of it: no policy may be passed for that, and of the bits that are not ours none may get lost on the way
    /// through the host.
    /// </summary>
    private static void MarkEverything(uint others) => NftSandbox.Nft("-f -", $$"""
        table inet others {
            chain marking { type filter hook prerouting priority -310; meta mark set 0xffffffff; }
            chain lost { type filter hook forward priority 10; meta mark & 0x{{others:x}} != 0x{{others:x}} counter; }
        }
        """);

    /// <summary>The bits that a packet may have lost.</summary>
    private static uint OwnMarks(PacketFilter filter, MarkBits marks) => marks.Accept | marks.Pass | marks.Late | (filter == PacketFilter.Nftables ? 0 : marks.Decided);

    /// <summary>Returns how many passed.</summary>
    private static int Check(PolicyHost host, HostListener listener, RandomCluster cluster, FelixParameters parameters, Dictionary<string, int> deciders, string where)
    {
        PolicyEvaluator evaluator = new(cluster.Resources);
        Trial[] trials = [.. Enumerable.Range(0, PacketsPerStep).Select(_ => cluster.AnyTrial())];
        int passing = trials.Count(t => t.Passes(evaluator, host.Hosts, parameters, out _));
        int?[] arrivals = Deliver(host, listener, trials, trials.Count(t => !t.ToHost && t.Passes(evaluator, host.Hosts, parameters, out _)));
        for (int i = 0; i < trials.Length; i++)
        {
            int? wanted = trials[i].Passes(evaluator, host.Hosts, parameters, out string why) ? Destination(host, trials[i]) : null;
            foreach (PolicyStage stage in Enum.GetValues<PolicyStage>())
                if (why.Contains($" {stage} ", StringComparison.Ordinal) && !why.EndsWith(": left", StringComparison.Ordinal)) deciders[$"{stage}"] = deciders.GetValueOrDefault($"{stage}") + 1;
            if (arrivals[i] != wanted)
                Assert.Fail($"{where}: {trials[i].Packet} arrived on {arrivals[i]?.ToString() ?? "no link"}, expected {wanted?.ToString() ?? "none"}: {why}\n{parameters}\n{host.Held}");
            if (!trials[i].IsUpToWorkloads(evaluator, host.Hosts, parameters)) continue;
            deciders[Traced] = deciders.GetValueOrDefault(Traced) + 1;
            PacketPath path = PacketPath.Follow(evaluator, EndOf(trials[i].From, trials[i].Packet.Source), EndOf(trials[i].To, trials[i].Packet.Destination), trials[i].Packet);
            Assert.True(path.Allowed == arrivals[i] is not null, $"{where}: {trials[i].Packet} is traced as {(path.Allowed ? "allowed" : "denied")}: {why}");
        }
        return passing;
    }

    private static PacketEnd EndOf(WorkloadEndpoint? endpoint, IpAddress address) => new([address], endpoint);

    /// <summary>
    /// Sends all, and returns on which link each arrived; 0 is the host itself. Everything is sent by one thread on one CPU, whose queue the kernel takes in
    /// order: when the sentinel, which passes no host, has gone through that queue after the last hop of the others, all has arrived that passes.
    /// </summary>
    private static int?[] Deliver(PolicyHost host, HostListener listener, Trial[] trials, int passing)
    {
        int?[] arrivals = new int?[trials.Length];
        for (int i = 0; i < trials.Length; i++) Send(host, trials[i], i);
        SendSentinel(host);
        int hops = 0;
        byte[] frame = new byte[2048];
        int seen = 0;
        bool last = false;
        while (!last || seen < passing)
        {
            if (!host.Outside.TryReceive(Patience, frame, out int length, out int link)) break;
            int number = Frame.NumberIn(frame.AsSpan(0, length));
            if (number == Sentinel)
            {
                last = ++hops == Hops;
                if (!last) SendSentinel(host);
            }
            if (number < 0 || number >= trials.Length) continue;
            seen++;
            arrivals[number] = link;
        }
        Assert.True(last, "the sentinel did not come back");
        foreach (int number in listener.Take()) arrivals[number] = 0;
        return arrivals;
    }

    private static void SendSentinel(PolicyHost host) =>
        host.Outside.Send(host.Sideways, Frame.Of(ResourceBuilder.Udp("198.51.100.1", "198.51.100.2", 9), Sentinel, new MacAddress(0x020000000001), new MacAddress(0x020000000002)));

    private static void Send(PolicyHost host, Trial trial, int number)
    {
        PolicyHost.Port port = PortOf(host, trial.From);
        host.Outside.Send(port.OutsideLink, Frame.Of(trial.Packet, number, port.OutsideMac, port.Mac));
    }

    private static int Destination(PolicyHost host, Trial trial) => trial.ToHost ? 0 : PortOf(host, trial.To).OutsideLink;

    private static PolicyHost.Port PortOf(PolicyHost host, WorkloadEndpoint? workload) => host.Ports[workload?.Spec.InterfaceName ?? PolicyHost.External];
}
