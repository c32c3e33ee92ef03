using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Overlay;

/// <summary>Changes, accumulated, equal routes computed from everything after every step of random sequences.</summary>
public sealed class ClusterNetworkProperties
{
    // Each run is the same; CANAL_SEED makes another.
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("CANAL_SEED"), out int seed) ? seed : 1;
    private static readonly EncapsulationMode[] Modes = [EncapsulationMode.Never, EncapsulationMode.Always, EncapsulationMode.CrossSubnet];

    [Fact]
    public void Accumulated_changes_equal_routes_from_scratch()
    {
        int routes = 0;
        for (int i = 0; i < 400; i++) routes += Run(unchecked(Seed + i));
        Assert.True(routes > 4000, $"only {routes} routes in all: the sequences test too little");
    }

    private static int Run(int seed)
    {
        Random random = new(seed);
        ClusterNetwork network = new(ThisNode);
        NaiveNetwork naive = new();
        SortedDictionary<string, string> told = new(StringComparer.Ordinal);
        int routes = 0;
        for (int step = 0; step < 60; step++)
        {
            Meddle(random, network, naive);
            if (random.Next(3) == 0) continue;
            foreach ((Cidr destination, ClusterRoute? route) in network.TakeChanges().Routes)
            {
                if (route is null) Assert.True(told.Remove(destination.ToString()), $"seed {seed} step {step}: {destination} was told gone, but never there");
                else told[destination.ToString()] = route.ToString();
            }
            SortedDictionary<string, string> expected = naive.Routes(ThisNode);
            Assert.True(expected.SequenceEqual(told), $"CANAL_SEED={seed} step {step}: expected {string.Join("; ", expected.Values)} but was {string.Join("; ", told.Values)}");
            routes += told.Count;
        }
        return routes;
    }

    private static void Meddle(Random random, ClusterNetwork network, NaiveNetwork naive)
    {
        bool gone = random.Next(4) == 0;
        switch (random.Next(10))
        {
            case 0:
                IpPool pool = Pool(random.Next(2) == 0 ? "10.65.0.0/24" : "10.65.0.0/25", Modes[random.Next(3)], Modes[random.Next(3)], name: $"p{random.Next(3)}");
                network.Apply(pool.Key, gone ? null : pool);
                if (gone) naive.Pools.Remove(pool.Key.Name);
                else naive.Pools[pool.Key.Name] = pool;
                break;
            case < 4:
                Node node = AnyNode(random);
                network.Apply(node.Key, gone ? null : node);
                if (gone) naive.Nodes.Remove(node.Key.Name);
                else naive.Nodes[node.Key.Name] = node;
                break;
            case < 8:
                IpamBlock block = AnyBlock(random);
                network.ApplyBlock(block.Cidr, gone ? null : block);
                if (gone) naive.Blocks.Remove(block.Cidr);
                else naive.Blocks[block.Cidr] = block;
                break;
            case 8:
                string name = $"cali{random.Next(3)}";
                Cidr address = Cidr.Parse($"10.65.0.{random.Next(32)}");
                network.SetLocal(name, gone ? default : [address]);
                if (gone) naive.Local.Remove(name);
                else naive.Local[name] = address;
                break;
            default:
                naive.Settings = new NetworkSettings
                {
                    ProgramClusterRoutes = (ClusterRoutes)random.Next(4),
                    VxlanEnabled = random.Next(3) == 0 ? false : null,
                    IpipEnabled = random.Next(4) == 0 ? false : null,
                };
                network.Configure(naive.Settings);
                break;
        }
    }

    private static Node AnyNode(Random random)
    {
        string host = random.Next(6) == 0 ? "" : $"192.0.{random.Next(2)}.{random.Next(1, 5)}/{random.Next(23, 25)}";
        string tunnel = random.Next(5) == 0 ? "" : $"10.65.0.{random.Next(4) * 8}";
        Node node = NodeAt($"h{random.Next(1, 5)}", host, tunnel, random.Next(2) == 0 ? "" : $"10.65.0.{random.Next(32)}");
        return node with { Ipv4VxlanTunnelMac = new MacAddress(0x020000000000UL + (ulong)node.Key.Name[1]) };
    }

    private static IpamBlock AnyBlock(Random random)
    {
        string? owner = random.Next(5) == 0 ? null : $"h{random.Next(1, 5)}";
        int size = random.Next(3) == 0 ? 32 : 29;
        string cidr = $"10.65.0.{random.Next(4) * 8}/{size}";
        (int, string)[] assigned = [.. Enumerable.Range(0, size == 32 ? 1 : 8).Where(_ => random.Next(3) == 0).Select(i => (i, $"h{random.Next(1, 5)}"))];
        return Block(cidr, owner, assigned);
    }
}
