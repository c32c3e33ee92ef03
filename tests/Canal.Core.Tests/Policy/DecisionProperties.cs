using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Policy;

/// <summary>The evaluator, from resources alone, and the calculator's output, rule by rule and set by set, decide every packet alike and for one reason.</summary>
public sealed class DecisionProperties
{
    private const int Clusters = 200;
    private const int Packets = 8;

    // Each run is the same; CANAL_SEED makes another.
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("CANAL_SEED"), out int seed) ? seed : 1;

    [Fact]
    public void The_evaluator_and_the_calculators_output_agree_on_random_packets()
    {
        Dictionary<string, int> kinds = [];
        for (int i = 0; i < Clusters; i++)
        {
            RandomResources random = new(new Random(unchecked(Seed + i)));
            Resource[] cluster = AnyCluster(random);
            Check(unchecked(Seed + i), cluster, [.. Enumerable.Range(0, Packets).Select(_ => random.AnyPacket())], kinds);
        }
        // The property means little unless packets hit rules of all sorts.
        int all = kinds.Values.Sum();
        foreach (string kind in (string[])["allowed by a policy", "denied by a policy", "allowed by a profile", "end of a tier", "nothing decided"])
            Assert.True(kinds.GetValueOrDefault(kind) > all / 100, $"CANAL_SEED={Seed}: {kind} {kinds.GetValueOrDefault(kind)} of {all}");
    }

    private static void Check(int seed, Resource[] cluster, Packet[] packets, Dictionary<string, int> kinds)
    {
        PolicyEvaluator evaluator = new(cluster);
        CalculatedDecision calculated = new(ResourceBuilder.ThisNode, cluster);
        foreach (ResourceKey endpoint in calculated.Endpoints)
        {
            foreach (Packet packet in packets)
            {
                foreach (Direction direction in (Direction[])[Direction.Ingress, Direction.Egress])
                {
                    Decision expected = evaluator.Decide(endpoint, direction, packet), actual = calculated.Decide(endpoint, direction, packet);
                    Assert.True(expected == actual,
                        $"CANAL_SEED={seed}: {endpoint} {direction} {packet}\nevaluator: {expected}\ncalculator: {actual}\n{string.Join('\n', cluster.Select(r => r.ToString()))}");
                    Assert.True(expected == calculated.DecideFlow(endpoint, direction, packet),
                        $"CANAL_SEED={seed}: {endpoint} {direction} {packet}\nevaluator: {expected}\n{string.Join('\n', cluster.Select(r => r.ToString()))}");
                    string kind = KindOf(expected);
                    kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
                }
            }
        }
    }

    [Fact]
    public void They_agree_at_every_stage_of_host_endpoints()
    {
        Dictionary<string, int> kinds = [];
        for (int i = 0; i < Clusters; i++)
        {
            RandomResources random = new(new Random(unchecked(Seed + i)));
            Dictionary<ResourceKey, Resource> cluster = AnyCluster(random).ToDictionary(r => r.Key);
            for (int more = 0; more < 8; more++)
            {
                Resource resource = more < 3 ? random.AnyHost() : random.AnyPolicy();
                if (resource is GlobalNetworkPolicy policy) resource = policy.But(random.AnyHostSpec);
                cluster[resource.Key] = resource;
            }
            CheckHosts(unchecked(Seed + i), [.. cluster.Values], [.. Enumerable.Range(0, Packets).Select(_ => random.AnyPacket())], kinds);
        }
        foreach (PolicyStage stage in Enum.GetValues<PolicyStage>())
            foreach (string kind in (string[])["allowed", "denied"])
                Assert.True(kinds.GetValueOrDefault($"{stage} {kind}") > 0, $"CANAL_SEED={Seed}: {stage} {kind} {kinds.GetValueOrDefault($"{stage} {kind}")} times");
    }

    private static void CheckHosts(int seed, Resource[] cluster, Packet[] packets, Dictionary<string, int> kinds)
    {
        PolicyEvaluator evaluator = new(cluster);
        CalculatedDecision calculated = new(ResourceBuilder.ThisNode, cluster);
        foreach (ResourceKey endpoint in calculated.HostEndpoints)
            foreach (Packet packet in packets)
                foreach (PolicyStage stage in Enum.GetValues<PolicyStage>())
                    foreach (Direction direction in (Direction[])[Direction.Ingress, Direction.Egress])
                    {
                        Decision? expected = evaluator.Decide(endpoint, stage, direction, packet), actual = calculated.Decide(endpoint, stage, direction, packet);
                        Assert.True(expected == actual,
                            $"CANAL_SEED={seed}: {endpoint} {stage} {direction} {packet}\nevaluator: {expected}\ncalculator: {actual}\n{string.Join('\n', cluster.Select(r => r.ToString()))}");
                        string kind = $"{stage} {(expected is null ? "left" : expected.Allowed ? "allowed" : "denied")}";
                        kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
                    }
    }

    private static Resource[] AnyCluster(RandomResources random)
    {
        Dictionary<ResourceKey, Resource> cluster = [];
        void Add(Resource resource) => cluster[resource.Key] = resource;
        for (int i = 0; i < 4; i++) Add(random.AnyWorkload());
        for (int i = 0; i < 22; i++) Add(random.Any());
        return [.. cluster.Values];
    }

    private static string KindOf(Decision decision) => decision switch
    {
        { Decider: null, Tier.Length: > 0 } => "end of a tier",
        { Decider: null } => "nothing decided",
        { Tier.Length: > 0 } => decision.Allowed ? "allowed by a policy" : "denied by a policy",
        _ => decision.Allowed ? "allowed by a profile" : "denied by a profile",
    };
}
