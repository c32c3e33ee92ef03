using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;

namespace Canal.Kernel.Tests.Policy;

/// <summary>What the kernel does with real packets is what the evaluator says of them, on random small clusters that change under way.</summary>
public sealed class PacketsEqualEvaluatorTests(ITestOutputHelper output)
{
    private const int Steps = 4;
    private const int PacketsPerStep = 60;
    private const int Sentinel = int.MaxValue;

    /// <summary>Long enough for any machine; only a missing packet waits so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 12)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Packets_pass_where_the_evaluator_says_so(int number)
    {
        int seed = Environment.GetEnvironmentVariable("CANAL_SEED") is string text ? int.Parse(text) + number : number;
        output.WriteLine($"seed {seed}");
        int passed = 0;
        PolicyHost.Run(RandomCluster.Interfaces, host =>
        {
            RandomCluster cluster = new(new Random(seed));
            FelixParameters parameters = cluster.AnyParameters();
            host.Apply(cluster.Begin(name => host.Ports[name].OutsideMac), parameters);
            for (int step = 0; step < Steps; step++)
            {
                if (step > 0) host.Apply(cluster.Step(name => host.Ports[name].OutsideMac), parameters);
                passed += Check(host, cluster, $"seed {seed}, step {step}");
            }
        });
        output.WriteLine($"{passed} of {Steps * PacketsPerStep} packets passed");
    }

    /// <summary>Returns how many passed.</summary>
    private static int Check(PolicyHost host, RandomCluster cluster, string where)
    {
        PolicyEvaluator evaluator = new(cluster.Resources);
        Packet[] packets = [.. Enumerable.Range(0, PacketsPerStep).Select(_ => cluster.AnyPacket())];
        Verdict[] expected = [.. packets.Select(p => Expect(evaluator, cluster, p))];
        int?[] arrivals = Deliver(host, cluster, packets, expected.Count(e => e.Passes));
        for (int i = 0; i < packets.Length; i++)
        {
            int? wanted = expected[i].Passes ? PortTo(host, cluster, packets[i].Destination).OutsideLink : null;
            if (arrivals[i] == wanted) continue;
            Assert.Fail($"{where}: {packets[i]} arrived on {arrivals[i]?.ToString() ?? "no link"}, expected {wanted?.ToString() ?? "none"}: "
                + $"egress {expected[i].Egress?.ToString() ?? "-"}, ingress {expected[i].Ingress?.ToString() ?? "-"}\n{PolicyHost.List()}");
        }
        return expected.Count(e => e.Passes);
    }

    private static Verdict Expect(PolicyEvaluator evaluator, RandomCluster cluster, Packet packet) => new(
        cluster.LocalWith(packet.Source) is WorkloadEndpoint from ? evaluator.Decide(from.Key, Direction.Egress, packet) : null,
        cluster.LocalWith(packet.Destination) is WorkloadEndpoint to ? evaluator.Decide(to.Key, Direction.Ingress, packet) : null);

    /// <summary>
    /// Sends all, and returns on which link each arrived. Everything is sent by one thread on one CPU, where the kernel forwards it in order: when the sentinel,
    /// a packet between outside hosts that nothing polices, is back, so is all that passes.
    /// </summary>
    private static int?[] Deliver(PolicyHost host, RandomCluster cluster, Packet[] packets, int passing)
    {
        int?[] arrivals = new int?[packets.Length];
        for (int i = 0; i < packets.Length; i++) Send(host, cluster, packets[i], i);
        Send(host, cluster, Testing.ResourceBuilder.Udp("198.51.100.1", "198.51.100.2", 9), Sentinel);
        byte[] frame = new byte[2048];
        int seen = 0;
        bool last = false;
        while (!last || seen < passing)
        {
            if (!host.Outside.TryReceive(Patience, frame, out int length, out int link)) break;
            int number = Frame.NumberIn(frame.AsSpan(0, length));
            if (number == Sentinel) last = true;
            if (number < 0 || number >= packets.Length) continue;
            seen++;
            arrivals[number] = link;
        }
        Assert.True(last, "the sentinel did not come back");
        return arrivals;
    }

    private static void Send(PolicyHost host, RandomCluster cluster, Packet packet, int number)
    {
        PolicyHost.Port port = PortTo(host, cluster, packet.Source);
        host.Outside.Send(port.OutsideLink, Frame.Of(packet, number, port.OutsideMac, port.Mac));
    }

    private static PolicyHost.Port PortTo(PolicyHost host, RandomCluster cluster, Core.Addressing.IpAddress address) =>
        host.Ports[cluster.LocalWith(address)?.Spec.InterfaceName ?? PolicyHost.External];

    private sealed record Verdict(Decision? Egress, Decision? Ingress)
    {
        internal bool Passes => Egress is not { Allowed: false } && Ingress is not { Allowed: false };
    }
}
