using Canal.Core.Resources;
using Canal.Felix.Configuration;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>
/// The whole table of a small cluster, as the nft of the distribution prints it: sets of addresses, prefixes and named ports with their members, the dispatch
/// maps, tiers, a staged policy, a host endpoint. Whoever changes what is programmed sees here what an operator will see.
/// </summary>
public sealed class TableListingTests
{
    private static readonly Resource[] Cluster =
    [
        NewTier("first", order: 1),
        Open(),
        Workload("w0", "10.0.0.1, fd00::1", "app=web", "open", ports: "http=8080/TCP"),
        Workload("w1", "10.0.0.2", "app=db", "open"),
        Workload("w2", "10.0.1.3, fd00::3", "app=web", "open", ports: "http=8081/TCP", node: "h2"),
        GlobalNetworks("partners", "192.0.2.0/24, 192.0.2.128/25, 2001:db8::/32", "partner=yes"),
        GlobalPolicy("guard", "app == 'db'", [Deny(Entity(selector: "partner == 'yes'")), Pass()], tier: "first"),
        NamespacePolicy("default", "db", "app == 'db'", [Allow(Entity(selector: "app == 'web'"), Entity(ports: "5432,6000:6010"), "TCP"), Log()], order: 10),
        GlobalPolicy("out", "app == 'web'", egress: [Allow(to: Entity(selector: "app == 'web'", ports: "http"), protocol: "TCP"), Deny(to: Entity(nets: "10.0.0.0/8,172.16.0.0/12")), Allow()]),
        Staged(GlobalPolicy("tried", "app == 'web'", [Deny(Entity(nets: "198.51.100.7/32"))])),
        Host("h1-eth0", "192.168.250.1", profiles: "open"),
    ];

    [Fact]
    public void Nft_prints_the_whole_table_as_it_is_meant()
    {
        using StreamReader golden = new(typeof(TableListingTests).Assembly.GetManifestResourceStream("table.nft")!);
        string expected = golden.ReadToEnd();
        PolicyHost.Run(["caliw0", "caliw1"], host =>
        {
            host.Apply(Cluster.Select(resource => (resource.Key, (Resource?)resource)), new FelixParameters { DropGroup = 170 });
            Assert.Equal(expected, Nftables.NftSandbox.Nft("-s list table inet canal"));
        });
    }
}
